import { noLabels, type Labels } from "@sluice/model";
import { encodeMetadata } from "./encode-metadata.ts";
import { plainSnappyCodec, type SnappyCodec } from "./snappy.ts";
import { contentSize, fieldSize, int64Size, varintSize, writeHeader, writeInt64, writeVarint } from "./wire-writer.ts";

/** How many bytes of emptied buffers an encoder keeps for its next request. */
const spareBytesMax = 4_194_304;
const initialCapacity = 4096;

const textEncoder = new TextEncoder();

/**
 * Builds push requests entry by entry: each stream's entries are encoded as they come into one growing buffer, so that
 * at the end only the streams' headers are missing. The bytes are those of protobufjs and of Go: fields in ascending
 * order, zero values left out.
 *
 * Reusable: {@link finish} empties it.
 */
export class PushEncoder {
  readonly #snappy: SnappyCodec;
  readonly #streams = new Map<string, StreamBuffer>();
  readonly #spare: Uint8Array[] = [];
  #spareBytes = 0;
  #sizeBytes = 0;
  #entryCount = 0;
  #lastMetadata: Labels = noLabels;
  #lastMetadataBytes: Uint8Array = new Uint8Array(0);

  constructor(snappy: SnappyCodec = plainSnappyCodec) {
    this.#snappy = snappy;
  }

  /** The exact size of the request so far, before compression. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /**
   * Adds one entry; the line is copied out of `source[start, end)`.
   *
   * @param labels the stream's labels as text, `{a="b", c="d"}`; entries of equal text go to one stream.
   * @param seconds since the epoch, may be negative.
   * @param nanos in [0, 1e9).
   */
  addEntry(
    labels: string,
    seconds: number,
    nanos: number,
    source: Uint8Array,
    start: number,
    end: number,
    metadata: Labels = noLabels,
  ): void {
    let stream = this.#streams.get(labels);
    if (stream === undefined) {
      stream = new StreamBuffer(labels, this.#takeSpare());
      this.#streams.set(labels, stream);
    } else {
      this.#sizeBytes -= fieldSize(stream.sizeBytes);
    }
    stream.append(seconds, nanos, source, start, end, this.#metadataBytes(metadata));
    this.#sizeBytes += fieldSize(stream.sizeBytes);
    this.#entryCount += 1;
  }

  /** The request as one snappy block, the body of a push; the encoder is empty afterwards. */
  finish(): Uint8Array {
    const request = new Uint8Array(this.#sizeBytes);
    let offset = 0;
    for (const stream of this.#streams.values()) {
      offset = writeHeader(request, offset, 0x0a, stream.sizeBytes);
      offset = stream.writeTo(request, offset);
      this.#keepSpare(stream.entries);
    }
    this.#streams.clear();
    this.#sizeBytes = 0;
    this.#entryCount = 0;
    return this.#snappy.compress(request);
  }

  /** The metadata fields of an entry. Senders reuse one set for many lines, so the last one is kept. */
  #metadataBytes(metadata: Labels): Uint8Array {
    if (metadata !== this.#lastMetadata) {
      this.#lastMetadataBytes = encodeMetadata(metadata);
      this.#lastMetadata = metadata;
    }
    return this.#lastMetadataBytes;
  }

  #takeSpare(): Uint8Array {
    const spare = this.#spare.pop();
    this.#spareBytes -= spare?.length ?? 0;
    return spare ?? Buffer.allocUnsafeSlow(initialCapacity);
  }

  #keepSpare(bytes: Uint8Array): void {
    if (this.#spareBytes + bytes.length <= spareBytesMax) {
      this.#spare.push(bytes);
      this.#spareBytes += bytes.length;
    }
  }
}

/** One stream of the request: its labels and its entries, encoded as fields of the stream's message. */
class StreamBuffer {
  readonly #labels: Uint8Array;
  readonly #labelsSize: number;
  #entries: Uint8Array;
  #length = 0;

  constructor(labels: string, buffer: Uint8Array) {
    this.#labels = textEncoder.encode(labels);
    this.#labelsSize = contentSize(this.#labels.length);
    this.#entries = buffer;
  }

  /** The size of the stream's message, without its own header. */
  get sizeBytes(): number {
    return this.#labelsSize + this.#length;
  }

  /** The buffer, to be reused once the stream was written. */
  get entries(): Uint8Array {
    return this.#entries;
  }

  append(seconds: number, nanos: number, source: Uint8Array, start: number, end: number, metadata: Uint8Array): void {
    const lineLength = end - start;
    const timeSize = (seconds === 0 ? 0 : 1 + int64Size(seconds)) + (nanos === 0 ? 0 : 1 + varintSize(nanos));
    const entrySize = 2 + timeSize + contentSize(lineLength) + metadata.length;
    const bytes = this.#reserve(fieldSize(entrySize));
    let offset = writeHeader(bytes, this.#length, 0x12, entrySize);
    offset = writeHeader(bytes, offset, 0x0a, timeSize);
    if (seconds !== 0) {
      bytes[offset++] = 0x08;
      offset = writeInt64(bytes, offset, seconds);
    }
    if (nanos !== 0) {
      bytes[offset++] = 0x10;
      offset = writeVarint(bytes, offset, nanos);
    }
    if (lineLength > 0) {
      offset = writeHeader(bytes, offset, 0x12, lineLength);
      bytes.set(source.subarray(start, end), offset);
      offset += lineLength;
    }
    if (metadata.length > 0) {
      bytes.set(metadata, offset);
      offset += metadata.length;
    }
    this.#length = offset;
  }

  /** Writes the stream's message; answers with the offset behind it. */
  writeTo(target: Uint8Array, start: number): number {
    let offset = start;
    if (this.#labels.length > 0) {
      offset = writeHeader(target, offset, 0x0a, this.#labels.length);
      target.set(this.#labels, offset);
      offset += this.#labels.length;
    }
    target.set(this.#entries.subarray(0, this.#length), offset);
    return offset + this.#length;
  }

  #reserve(count: number): Uint8Array {
    const needed = this.#length + count;
    if (needed > this.#entries.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(this.#entries.length * 2, needed));
      grown.set(this.#entries.subarray(0, this.#length));
      this.#entries = grown;
    }
    return this.#entries;
  }
}
