import { crc32 } from "node:zlib";
import {
  assert,
  ByteReader,
  ByteWriter,
  compareLabels,
  printLabels,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import type { BlockEntry, EncodedBlock } from "./block.ts";
import { inlineBlockEncoder, type BlockEncoder } from "./block-encoder.ts";
import type { StreamBatch } from "./head.ts";
import { readBlockTable, writeBlockTable } from "./block-table.ts";
import { corrupt, readCount, readLabels, writeLabels } from "./metadata-column.ts";

/** What is known about a segment without reading its blocks. */
export interface SegmentFooter {
  readonly tenant: string;
  /** UTC day, counted from the epoch. */
  readonly day: number;
  readonly streams: readonly Labels[];
  /** Sorted by stream, then time. */
  readonly blocks: readonly BlockEntry[];
}

export interface BuiltSegment {
  /** The object's bytes, in order. */
  readonly parts: readonly Uint8Array[];
  readonly footer: SegmentFooter;
  readonly sizeBytes: number;
  /** Bytes from the object's end that {@link readFooter} needs. */
  readonly footerBytes: number;
}

const encoder = new TextEncoder();
const headMagic = encoder.encode("SLUICESG");
const tailMagic = encoder.encode("sluicesg");
const version = 1;
/** Footer length, footer CRC-32, magic. */
const trailerBytes = 4 + 4 + tailMagic.length;

/** Sections of the footer; a reader skips those that it does not know. 3 is kept for skip filters. */
const section = { streams: 1, blocks: 2 } as const;

/**
 * Builds a segment: one immutable object with blocks of many streams of one tenant and day. As many blocks as the encoder
 * likes are encoded at a time.
 *
 * @param content.streams batches for one block each; in any order of streams, the same stream several times.
 */
export async function buildSegment(
  content: {
    readonly tenant: string;
    readonly day: number;
    readonly streams: Iterable<StreamBatch>;
  },
  encoder: BlockEncoder = inlineBlockEncoder(),
): Promise<BuiltSegment> {
  const writer = new SegmentWriter(content);
  let labels: Labels | undefined;
  for await (const { stream, block } of encodeInOrder(byStream(content.streams), encoder)) {
    if (stream.labels !== labels) {
      labels = stream.labels;
      writer.startStream(labels);
    }
    writer.addBlock(block);
  }
  return writer.finish();
}

/** Writes a segment block by block, for whoever does not have them all at once. */
export class SegmentWriter {
  readonly #tenant: string;
  readonly #day: number;
  readonly #parts: Uint8Array[] = [headMagic];
  readonly #streams: Labels[] = [];
  readonly #blocks: BlockEntry[] = [];
  #offset = headMagic.length;

  constructor({ tenant, day }: Pick<SegmentFooter, "tenant" | "day">) {
    this.#tenant = tenant;
    this.#day = day;
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  /** The blocks that follow are this stream's. Streams come in the order of their labels, each once. */
  startStream(labels: Labels): void {
    const last = this.#streams.at(-1);
    assert(last === undefined || compareLabels(last, labels) < 0, "streams of a segment ascend by their labels");
    this.#streams.push(labels);
  }

  /** Adds the stream's next block, later than the one before. */
  addBlock({ bytes, ...encoded }: EncodedBlock): void {
    const { minNs, maxNs, count, rawBytes, encoding, columns } = encoded;
    const stream = this.#streams.length - 1;
    this.#blocks.push({ stream, minNs, maxNs, count, rawBytes, offset: this.#offset, encoding, columns });
    this.#parts.push(bytes);
    this.#offset += bytes.length;
  }

  finish(): BuiltSegment {
    const footer = { tenant: this.#tenant, day: this.#day, streams: this.#streams, blocks: this.#blocks };
    const tail = encodeFooter(footer);
    this.#parts.push(tail);
    return { parts: this.#parts, footer, sizeBytes: this.#offset + tail.length, footerBytes: tail.length };
  }
}

/**
 * Reads a segment's footer.
 *
 * @param tail at least the segment's last `footerBytes` bytes; the whole segment will do.
 * @param what names the segment in errors.
 * @throws {ServiceError} `corrupt`
 */
export function readFooter(tail: Uint8Array, what: string): SegmentFooter {
  const footerName = `the footer of ${what}`;
  if (tail.length < trailerBytes) {
    throw corrupt(footerName, "the object is too short");
  }
  const trailer = new ByteReader(tail.subarray(tail.length - trailerBytes), footerName);
  const length = trailer.u32();
  const checksum = trailer.u32();
  if (!trailer.bytes(tailMagic.length).every((byte, i) => byte === tailMagic[i])) {
    throw corrupt(footerName, "this is not the end of a segment");
  }
  const start = tail.length - trailerBytes - length;
  if (start < 0) {
    throw corrupt(footerName, `it is ${length} bytes long, ${tail.length - trailerBytes} are there`);
  }
  const body = tail.subarray(start, start + length);
  if (crc32(body) !== checksum) {
    throw corrupt(footerName, "its checksum does not match");
  }
  return decodeFooter(body, footerName);
}

/** The batches by stream, the streams in the order of their labels, those of a stream as they came. */
function byStream(content: Iterable<StreamBatch>): StreamBatch[] {
  const found = new Map<string, { readonly labels: Labels; readonly batches: EntryBatch[] }>();
  for (const { labels, batch } of content) {
    const text = printLabels(labels);
    const known = found.get(text);
    if (known === undefined) {
      found.set(text, { labels, batches: [batch] });
    } else {
      known.batches.push(batch);
    }
  }
  return [...found.values()]
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .flatMap(({ labels, batches }) => batches.map((batch) => ({ labels, batch })));
}

/** Encodes with as many calls under way as the encoder likes; the blocks come in the order of their batches. */
async function* encodeInOrder(
  batches: readonly StreamBatch[],
  encoder: BlockEncoder,
): AsyncGenerator<{ readonly stream: StreamBatch; readonly block: EncodedBlock }, void, undefined> {
  const underWay: Promise<EncodedBlock>[] = [];
  let next = 0;
  for (const stream of batches) {
    while (next < batches.length && underWay.length < encoder.concurrency) {
      const encoding = encoder.encode(batches[next]!.batch);
      // One that fails while another is waited for is reported when its turn comes.
      encoding.catch(() => {});
      underWay.push(encoding);
      next += 1;
    }
    yield { stream, block: await underWay.shift()! };
  }
}

function encodeFooter({ tenant, day, streams, blocks }: SegmentFooter): Uint8Array {
  const out = new ByteWriter(4096);
  out.u8(version);
  out.text(tenant);
  out.signedVarint(day);
  writeSection(out, section.streams, (body) => {
    body.varint(streams.length);
    for (const labels of streams) {
      writeLabels(body, labels);
    }
  });
  writeSection(out, section.blocks, (body) => writeBlockTable(body, blocks));
  const length = out.length;
  const checksum = crc32(out.view());
  out.u32(length);
  out.u32(checksum);
  out.bytes(tailMagic);
  return out.finish();
}

function writeSection(out: ByteWriter, id: number, write: (body: ByteWriter) => void): void {
  const body = new ByteWriter(4096);
  write(body);
  out.varint(id);
  out.varint(body.length);
  out.bytes(body.view());
}

function decodeFooter(body: Uint8Array, what: string): SegmentFooter {
  const reader = new ByteReader(body, what);
  const found = reader.u8();
  if (found !== version) {
    throw reader.corrupt(`its version is ${found}, this reader knows ${version}`);
  }
  const tenant = reader.text();
  const day = reader.signedVarint();
  let streams: readonly Labels[] = [];
  let blocks: readonly BlockEntry[] = [];
  while (reader.remaining > 0) {
    const id = reader.varint();
    const content = new ByteReader(reader.bytes(reader.varint()), what);
    if (id === section.streams) {
      streams = Array.from({ length: readCount(content, content.remaining) }, () => readLabels(content));
    } else if (id === section.blocks) {
      blocks = readBlockTable(content);
    }
  }
  if (blocks.some((block) => block.stream >= streams.length)) {
    throw corrupt(what, "a block belongs to a stream that is not there");
  }
  return { tenant, day, streams, blocks };
}
