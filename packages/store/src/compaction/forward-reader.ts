import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";

/** Reads a part of a segment from its beginning to its end, a window at a time: few requests, little memory. */
export class ForwardReader {
  readonly #reader: SegmentReader;
  readonly #key: string;
  readonly #end: number;
  readonly #windowBytes: number;
  #window: Uint8Array = new Uint8Array();
  #windowOffset = 0;

  /** @param end where the part ends in the segment. */
  constructor(reader: SegmentReader, { key }: Segment, end: number, windowBytes: number) {
    this.#reader = reader;
    this.#key = key;
    this.#end = end;
    // A share of some memory need not be a whole number, a range has to be.
    this.#windowBytes = Math.floor(windowBytes);
  }

  /** @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    if (length === 0) {
      // A range has a byte at least; the skip filter of a block without tokens has none.
      return new Uint8Array();
    }
    const isInWindow = offset >= this.#windowOffset && offset + length <= this.#windowOffset + this.#window.length;
    if (!isInWindow) {
      const wanted = Math.max(length, Math.min(this.#windowBytes, this.#end - offset));
      this.#window = await this.#reader.range(this.#key, { offset, length: wanted });
      this.#windowOffset = offset;
    }
    const start = offset - this.#windowOffset;
    return this.#window.subarray(start, start + length);
  }
}
