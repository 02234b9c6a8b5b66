import { firstWhere } from "@sluice/model";
import type { ByteRange } from "@sluice/object-store";
import type { ReadAheadWindow } from "./read-ahead-window.ts";

/** Bytes between two wanted parts that are cheaper to fetch along than to ask twice. */
export const gapBytesMax = 256 * 1024;

/** Parts next to each other, and the range that holds them. */
export interface Stretch {
  readonly from: number;
  readonly count: number;
  readonly range: ByteRange;
}

/** The parts of one object that one query wants, and what became of each. */
export class WantedParts {
  readonly #parts: readonly ByteRange[];
  readonly #isRead: Uint8Array;
  readonly #windows: (ReadAheadWindow | undefined)[];
  /** None before it is open. */
  #firstOpen = 0;

  /** @param parts ascending, apart from each other. */
  constructor(parts: readonly ByteRange[]) {
    this.#parts = parts;
    this.#isRead = new Uint8Array(parts.length);
    this.#windows = Array.from({ length: parts.length });
  }

  /** -1 for a range that is not one of the parts. */
  indexOf({ offset, length }: ByteRange): number {
    const index = firstWhere(0, this.#parts.length, (i) => this.#parts[i]!.offset >= offset);
    const found = this.#parts[index];
    return found?.offset === offset && found.length === length ? index : -1;
  }

  windowAt(index: number): ReadAheadWindow | undefined {
    return this.#windows[index];
  }

  setWindow({ from, count }: Stretch, window: ReadAheadWindow | undefined): void {
    this.#windows.fill(window, from, from + count);
    if (window === undefined) {
      // Mostly all of it was read, and what was read is not open again.
      const unread = this.#isRead.subarray(from, from + count).indexOf(0);
      this.#firstOpen = unread === -1 ? this.#firstOpen : Math.min(this.#firstOpen, from + unread);
    }
  }

  setRead(index: number): void {
    if (index >= 0) {
      this.#isRead[index] = 1;
    }
  }

  /** The first part that is neither read nor in a window. */
  firstOpen(): number | undefined {
    while (this.#firstOpen < this.#parts.length && !this.#isOpen(this.#firstOpen)) {
      this.#firstOpen += 1;
    }
    return this.#firstOpen < this.#parts.length ? this.#firstOpen : undefined;
  }

  /** The open parts around an open one, in up to `bytesMax`: first those that follow, then those before. */
  around(index: number, bytesMax: number): Stretch {
    let from = index;
    let to = index;
    while (this.#canJoin(to, to + 1) && this.#span(from, to + 1) <= bytesMax) {
      to += 1;
    }
    while (this.#canJoin(from - 1, from) && this.#span(from - 1, to) <= bytesMax) {
      from -= 1;
    }
    const range = { offset: this.#parts[from]!.offset, length: this.#span(from, to) };
    return { from, count: to - from + 1, range };
  }

  isOpen(index: number): boolean {
    return index >= 0 && this.#isOpen(index);
  }

  #canJoin(first: number, second: number): boolean {
    if (first < 0 || second >= this.#parts.length || !this.#isOpen(first) || !this.#isOpen(second)) {
      return false;
    }
    const { offset, length } = this.#parts[first]!;
    return this.#parts[second]!.offset - offset - length <= gapBytesMax;
  }

  #isOpen(index: number): boolean {
    return this.#isRead[index] === 0 && this.#windows[index] === undefined;
  }

  /** Bytes from the beginning of one part to the end of another. */
  #span(from: number, to: number): number {
    const { offset, length } = this.#parts[to]!;
    return offset + length - this.#parts[from]!.offset;
  }
}
