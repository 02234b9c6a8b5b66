import type { Clock } from "@sluice/model";

/**
 * The times of lines that carry none of their own: the line at byte `offset` of the file has the time
 * `seconds.nanos + (offset - start)` nanoseconds, for all lines that begin in `[start, end)`. So lines keep their
 * order, no two have the same time, and whoever knows the range gives each line the same time again.
 */
export interface TimeRange {
  readonly start: number;
  readonly end: number;
  readonly seconds: number;
  readonly nanos: number;
  /** Whether the manifest holds it: only then may an entry with such a time be sent. Set by `Positions`. */
  isDurable: boolean;
}

const nanosPerSecond = 1_000_000_000;

/** The nanoseconds of a line's time, counted from the range's whole second; 10^9 and more run into the next one. */
export function nanosAt(range: TimeRange, offset: number): number {
  return range.nanos + (offset - range.start);
}

/** Gives out stretches of time: each begins now, or where the one before ends. One for the whole agent. */
export class TimeSource {
  readonly #clock: Clock;
  #seconds = 0;
  #nanos = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param lengthNs how long the stretch is; no other one has a time in it. */
  take(lengthNs: number): { readonly seconds: number; readonly nanos: number } {
    const nowMs = Math.floor(this.#clock.nowMs());
    const nowSeconds = Math.floor(nowMs / 1000);
    const nowNanos = (nowMs - nowSeconds * 1000) * 1_000_000;
    if (nowSeconds > this.#seconds || (nowSeconds === this.#seconds && nowNanos > this.#nanos)) {
      this.#seconds = nowSeconds;
      this.#nanos = nowNanos;
    }
    const taken = { seconds: this.#seconds, nanos: this.#nanos };
    const end = this.#nanos + lengthNs;
    this.#seconds += Math.floor(end / nanosPerSecond);
    this.#nanos = end % nanosPerSecond;
    return taken;
  }
}

/** The time ranges of one file that are still needed: assigned, and not yet acknowledged by every client. */
export class AssignedTimes {
  readonly #ranges: TimeRange[] = [];

  get ranges(): readonly TimeRange[] {
    return this.#ranges;
  }

  /** Puts a range from the manifest back; of two that overlap the one restored later counts. */
  restore(range: TimeRange): void {
    const first = this.#firstEndingAfter(range.start);
    let count = 0;
    while (first + count < this.#ranges.length && this.#ranges[first + count]!.start < range.end) {
      count += 1;
    }
    this.#ranges.splice(first, count, range);
  }

  /**
   * The range that the line at `offset` belongs to: an old one when the line was read before, else a new one, which
   * begins at this line and holds for the lines up to `end`.
   */
  at(offset: number, end: number, source: TimeSource): TimeRange {
    const index = this.#firstEndingAfter(offset);
    const found = this.#ranges[index];
    if (found !== undefined && found.start <= offset) {
      return found;
    }
    const newEnd = Math.min(end, found?.start ?? end);
    const range = { start: offset, end: newEnd, ...source.take(newEnd - offset), isDurable: false };
    this.#ranges.splice(index, 0, range);
    return range;
  }

  /** Lets go of the ranges before `offset`. */
  forgetBefore(offset: number): void {
    this.#ranges.splice(0, this.#firstEndingAfter(offset));
  }

  /** The index of the first range that ends behind `offset`; they are ascending and do not overlap. */
  #firstEndingAfter(offset: number): number {
    let low = 0;
    let high = this.#ranges.length;
    // New lines come behind all that was read before.
    if (high > 0 && this.#ranges[high - 1]!.end <= offset) {
      return high;
    }
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ranges[middle]!.end <= offset) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
