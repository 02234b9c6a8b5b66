import { decodeSnappy } from "./snappy-decode.ts";

/** A push, decompressed and read; `columns` is undefined when there is something odd in it. */
export interface ReadPush {
  readonly bytes: Uint8Array;
  readonly columns: PushColumns | undefined;
}

/** All entries of a push, stream by stream, as columns; offsets are those of {@link ReadPush.bytes}. */
export interface PushColumns {
  readonly streams: readonly StreamColumns[];
  /** Nanoseconds after the time of the stream's first entry; |delta| is below 2^53. */
  readonly deltaNs: Float64Array;
  readonly lineStarts: Uint32Array;
  readonly lineEnds: Uint32Array;
  /** 1 + the place of an entry's structured metadata in {@link sets}, 0 for none; undefined when no entry has any. */
  readonly places: Uint32Array | undefined;
  /**
   * Two words a set: where the entry's fields with it begin and end. Sets of a stream have different bytes; streams share
   * none. What lies between these offsets has not been looked at.
   */
  readonly sets: Uint32Array;
}

export interface StreamColumns {
  /** Where the text of the labels lies. */
  readonly labelsStart: number;
  readonly labelsEnd: number;
  /** Where the stream's entries end in the columns, and the next one's begin. */
  readonly entriesEnd: number;
  /** Where its sets end, and the next one's begin. */
  readonly setsEnd: number;
  /** The time of its first entry since the epoch; zero when it has none. */
  readonly baseSeconds: number;
  readonly baseNanos: number;
}

const secondsEnd = 2 ** 35;
const deltaMax = 2 ** 53 - 1;
const streamBytesMin = 24;
const entryBytesMin = 16;

/** How many streams, and entries, a message of so many bytes has room for; one with more is left to others. */
export function streamsMaxOf(length: number): number {
  return Math.floor(length / streamBytesMin) + 1;
}

export function entriesMaxOf(length: number): number {
  return Math.floor(length / entryBytesMin) + 1;
}

/**
 * Decompresses a snappy block and reads the logproto.PushRequest in it, if it is as clients send it. Left to others,
 * who know what to say about them or how to read them, are messages that are damaged or hold unknown fields, entries
 * without a time, before 1970 or more than 104 days from their stream's first one, and ones with so many streams or
 * entries that hardly anything is in them; the kernel leaves one, too, whose metadata is made to collide. The plain TypeScript twin of the kernel.
 *
 * @returns undefined when the block is damaged, or declares more than `lengthMax` bytes.
 */
export function readPush(block: Uint8Array, lengthMax: number): ReadPush | undefined {
  const bytes = decodeSnappy(block, lengthMax);
  return bytes && { bytes, columns: new PushReader(bytes).read() };
}

/** Every method that can meet something odd answers with -1 or false. */
class PushReader {
  readonly #bytes: Uint8Array;
  readonly #entriesMax: number;
  readonly #deltaNs: number[] = [];
  readonly #lineStarts: number[] = [];
  readonly #lineEnds: number[] = [];
  readonly #entryPlaces: number[] = [];
  readonly #sets: number[] = [];
  /** By the bytes of a set of the stream in work, its place. */
  readonly #places = new Map<string, number>();
  #offset = 0;
  #seconds = 0;
  #nanos = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#entriesMax = entriesMaxOf(bytes.length);
  }

  read(): PushColumns | undefined {
    const streams: StreamColumns[] = [];
    const { length } = this.#bytes;
    while (this.#offset < length) {
      const end = this.#fieldEnd(0x0a, length);
      const stream = end === -1 || streams.length === streamsMaxOf(length) ? undefined : this.#readStream(end);
      if (stream === undefined) {
        return undefined;
      }
      streams.push(stream);
    }
    return {
      streams,
      deltaNs: Float64Array.from(this.#deltaNs),
      lineStarts: Uint32Array.from(this.#lineStarts),
      lineEnds: Uint32Array.from(this.#lineEnds),
      places: this.#sets.length === 0 ? undefined : Uint32Array.from(this.#entryPlaces),
      sets: Uint32Array.from(this.#sets),
    };
  }

  #readStream(end: number): StreamColumns | undefined {
    const entriesStart = this.#deltaNs.length;
    this.#places.clear();
    let labelsStart = 0;
    let labelsEnd = 0;
    let baseSeconds = 0;
    let baseNanos = 0;
    while (this.#offset < end) {
      const tag = this.#bytes[this.#offset]!;
      const fieldEnd = this.#fieldEnd(tag, end);
      if (fieldEnd === -1 || (tag !== 0x0a && tag !== 0x12)) {
        return undefined;
      }
      if (tag === 0x0a) {
        labelsStart = this.#offset;
        labelsEnd = fieldEnd;
        this.#offset = fieldEnd;
        continue;
      }
      if (this.#deltaNs.length === this.#entriesMax || !this.#readEntry(fieldEnd)) {
        return undefined;
      }
      if (this.#deltaNs.length === entriesStart) {
        baseSeconds = this.#seconds;
        baseNanos = this.#nanos;
      }
      const delta = (this.#seconds - baseSeconds) * 1e9 + (this.#nanos - baseNanos);
      if (delta > deltaMax || delta < -deltaMax) {
        return undefined;
      }
      this.#deltaNs.push(delta);
    }
    const entriesEnd = this.#deltaNs.length;
    return { labelsStart, labelsEnd, entriesEnd, setsEnd: this.#sets.length / 2, baseSeconds, baseNanos };
  }

  #readEntry(end: number): boolean {
    let hasTime = false;
    let lineStart = 0;
    let lineEnd = 0;
    let metadataStart = -1;
    let metadataEnd = -1;
    while (this.#offset < end) {
      const fieldStart = this.#offset;
      const tag = this.#bytes[fieldStart]!;
      const fieldEnd = this.#fieldEnd(tag, end);
      if (fieldEnd === -1) {
        return false;
      }
      if (tag === 0x12) {
        lineStart = this.#offset;
        lineEnd = fieldEnd;
      } else if (tag === 0x0a) {
        hasTime = this.#readTime(fieldEnd);
        if (!hasTime) {
          return false;
        }
      } else if (tag === 0x1a) {
        metadataStart = metadataStart === -1 ? fieldStart : metadataStart;
        metadataEnd = fieldEnd;
      } else {
        return false;
      }
      this.#offset = fieldEnd;
    }
    this.#lineStarts.push(lineStart);
    this.#lineEnds.push(lineEnd);
    this.#entryPlaces.push(metadataStart === -1 ? 0 : this.#placeOf(metadataStart, metadataEnd));
    return hasTime;
  }

  #placeOf(start: number, end: number): number {
    let bytes = "";
    for (let at = start; at < end; at++) {
      bytes += String.fromCharCode(this.#bytes[at]!);
    }
    let place = this.#places.get(bytes);
    if (place === undefined) {
      this.#sets.push(start, end);
      place = this.#sets.length / 2;
      this.#places.set(bytes, place);
    }
    return place;
  }

  #readTime(end: number): boolean {
    this.#seconds = 0;
    this.#nanos = 0;
    while (this.#offset < end) {
      const tag = this.#bytes[this.#offset]!;
      this.#offset += 1;
      if (tag === 0x08) {
        this.#seconds = this.#varint();
      } else if (tag === 0x10) {
        this.#nanos = this.#varint();
      } else {
        return false;
      }
    }
    return this.#offset === end && this.#seconds < secondsEnd && this.#nanos < 1e9;
  }

  /** Reads the tag, which must be this one, and the length of a field; answers with its end. */
  #fieldEnd(tag: number, end: number): number {
    if (this.#bytes[this.#offset] !== tag) {
      return -1;
    }
    this.#offset += 1;
    const length = this.#varint();
    return this.#offset <= end && length <= end - this.#offset ? this.#offset + length : -1;
  }

  /** A varint of five bytes at most; infinite when it is longer. Does not know where the message ends. */
  #varint(): number {
    let value = 0;
    let factor = 1;
    do {
      const byte = this.#bytes[this.#offset] ?? 0;
      this.#offset += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        return value;
      }
      factor *= 128;
    } while (factor < secondsEnd);
    return Number.POSITIVE_INFINITY;
  }
}
