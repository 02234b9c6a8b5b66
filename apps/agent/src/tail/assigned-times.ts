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
  #ranges: TimeRange[] = [];

  get ranges(): readonly TimeRange[] {
    return this.#ranges;
  }

  /** Puts a range from the manifest back; of two that overlap the one restored later counts. */
  restore(range: TimeRange): void {
    this.#ranges = this.#ranges.filter((other) => other.end <= range.start || other.start >= range.end);
    this.#insert(range);
  }

  /**
   * The range that the line at `offset` belongs to: an old one when the line was read before, else a new one, which
   * begins at this line and holds for the lines up to `end`.
   */
  at(offset: number, end: number, source: TimeSource): TimeRange {
    let next = end;
    // From the back: new lines come behind all that was read before.
    for (let i = this.#ranges.length - 1; i >= 0; i--) {
      const range = this.#ranges[i]!;
      if (range.end <= offset) {
        break;
      }
      if (range.start <= offset) {
        return range;
      }
      next = Math.min(next, range.start);
    }
    const range = { start: offset, end: next, ...source.take(next - offset), isDurable: false };
    this.#insert(range);
    return range;
  }

  /** Lets go of the ranges before `offset`. */
  forgetBefore(offset: number): void {
    if (this.#ranges.length > 0 && this.#ranges[0]!.end <= offset) {
      this.#ranges = this.#ranges.filter((range) => range.end > offset);
    }
  }

  #insert(range: TimeRange): void {
    let at = this.#ranges.length;
    while (at > 0 && this.#ranges[at - 1]!.start > range.start) {
      at -= 1;
    }
    this.#ranges.splice(at, 0, range);
  }
}
