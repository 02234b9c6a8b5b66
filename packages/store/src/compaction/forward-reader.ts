import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";

/** Reads a segment's data from its beginning to its end, a window at a time: few requests, little memory. */
export class ForwardReader {
  readonly #reader: SegmentReader;
  readonly #segment: Segment;
  readonly #windowBytes: number;
  #window: Uint8Array = new Uint8Array();
  #windowOffset = 0;

  constructor(reader: SegmentReader, segment: Segment, windowBytes: number) {
    this.#reader = reader;
    this.#segment = segment;
    this.#windowBytes = windowBytes;
  }

  /** @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    const isInWindow = offset >= this.#windowOffset && offset + length <= this.#windowOffset + this.#window.length;
    if (!isInWindow) {
      const { key, sizeBytes, footerBytes } = this.#segment;
      const dataEnd = sizeBytes - footerBytes;
      const wanted = Math.max(length, Math.min(this.#windowBytes, dataEnd - offset));
      this.#window = await this.#reader.range(key, { offset, length: wanted });
      this.#windowOffset = offset;
    }
    const start = offset - this.#windowOffset;
    return this.#window.subarray(start, start + length);
  }
}
