import { assert } from "@sluice/model";
import type { ByteRange } from "@sluice/object-store";

/** A stretch of an object that is fetched at once, with several parts in it that are wanted. */
export class ReadAheadWindow {
  readonly range: ByteRange;
  /** To be called when it is given up. */
  readonly onGone: (window: ReadAheadWindow) => void;
  /** The owner's clock, in milliseconds. */
  usedAtMs = 0;
  readonly #bytes: Promise<Uint8Array>;
  #partsLeft: number;
  #isThere = false;

  constructor(
    range: ByteRange,
    bytes: Promise<Uint8Array>,
    partCount: number,
    onGone: (window: ReadAheadWindow) => void,
  ) {
    this.range = range;
    this.onGone = onGone;
    this.#bytes = bytes;
    this.#partsLeft = partCount;
  }

  /** Resolves when the bytes are there; rejects with why they are not. */
  async whenThere(): Promise<void> {
    await this.#bytes;
    this.#isThere = true;
  }

  /** False while the bytes are on their way. */
  get isThere(): boolean {
    return this.#isThere;
  }

  /** Parts that were not read yet. */
  get partsLeft(): number {
    return this.#partsLeft;
  }

  /** A view of the part's bytes, which counts as read. */
  async part({ offset, length }: ByteRange): Promise<Uint8Array> {
    const start = offset - this.range.offset;
    const bytes = await this.#bytes;
    assert(start >= 0 && start + length <= bytes.length, "a part lies within its window");
    this.#partsLeft -= 1;
    return bytes.subarray(start, start + length);
  }
}
