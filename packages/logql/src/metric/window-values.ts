import type { Labels } from "@sluice/model";
import type { MemoryBudget } from "./memory-budget.ts";
import type { SampleSink } from "./sample-sink.ts";
import { newSeries, type Series } from "./series.ts";
import { Slots } from "./slots.ts";
import type { Steps } from "./steps.ts";

/** The samples of one window of one series, ascending in time; views that are valid only during the call. */
export interface WindowSamples {
  readonly values: Float64Array;
  /** ns after the begin of the first window. */
  readonly timesNs: Float64Array;
}

/** Computes the value of window `k` from its samples, of which there is at least one. */
export type WindowFunction = (samples: WindowSamples, k: number) => number;

const capacityAtStart = 16;

/** The samples of one series that windows still need: those from `head` up to `tail`. */
interface Kept {
  readonly series: Series;
  values: Float64Array;
  timesNs: Float64Array;
  /** The last window that each lies in. */
  lasts: Int32Array;
  head: number;
  tail: number;
  /** Windows before this one are done; none of the kept samples comes after its end. */
  window: number;
}

/** Windows that are finished before others may run. */
const windowsAtOnce = 16;

/**
 * Keeps the samples, which must come in the order of time, for as long as a window needs them: for aggregations that a
 * few numbers per window are not enough for.
 */
export class WindowValues implements SampleSink {
  readonly #compute: WindowFunction;
  readonly #steps: Steps;
  readonly #slots: Slots;
  /** How many series {@link finishSome} is done with. */
  #finished = 0;
  readonly #kept: Kept[] = [];

  constructor(compute: WindowFunction, steps: Steps, budget: MemoryBudget) {
    this.#compute = compute;
    this.#steps = steps;
    this.#slots = new Slots(steps.count, steps.count + 3 * capacityAtStart, budget);
  }

  slot(labels: Labels): number {
    return this.#slots.slot(labels, (slot) => {
      this.#kept[slot] = {
        series: newSeries(labels, this.#steps.count),
        values: new Float64Array(capacityAtStart),
        timesNs: new Float64Array(capacityAtStart),
        lasts: new Int32Array(capacityAtStart),
        head: 0,
        tail: 0,
        window: 0,
      };
    });
  }

  beginBlock(): void {}

  add(slot: number, timeNs: number, first: number, last: number, value: number): void {
    const kept = this.#kept[slot]!;
    this.#finishBefore(kept, first);
    if (kept.tail === kept.values.length) {
      this.#makeRoom(kept);
    }
    kept.values[kept.tail] = value;
    kept.timesNs[kept.tail] = timeNs;
    kept.lasts[kept.tail] = last;
    kept.tail += 1;
  }

  finishSome(): boolean {
    const kept = this.#kept[this.#finished];
    if (kept === undefined) {
      return false;
    }
    this.#finishBefore(kept, Math.min(kept.window + windowsAtOnce, this.#steps.count));
    this.#finished += kept.window === this.#steps.count ? 1 : 0;
    return true;
  }

  finish(): readonly Series[] {
    for (const kept of this.#kept) {
      this.#finishBefore(kept, this.#steps.count);
    }
    this.#slots.finish();
    return this.#kept.map(({ series }) => series);
  }

  /** Computes the windows before `end`, to which no sample can be added any more. */
  #finishBefore(kept: Kept, end: number): void {
    for (; kept.window < end; kept.window++) {
      const k = kept.window;
      while (kept.head < kept.tail && kept.lasts[kept.head]! < k) {
        kept.head += 1;
      }
      if (kept.head === kept.tail) {
        kept.head = 0;
        kept.tail = 0;
        kept.window = end;
        return;
      }
      const values = kept.values.subarray(kept.head, kept.tail);
      const timesNs = kept.timesNs.subarray(kept.head, kept.tail);
      kept.series.values[k] = this.#compute({ values, timesNs }, k);
      kept.series.present[k] = 1;
    }
  }

  /** Moves the samples to the start when most of the room is behind them, and takes more when it is not. */
  #makeRoom(kept: Kept): void {
    const { values, timesNs, lasts, head, tail } = kept;
    if (head > values.length / 2) {
      values.copyWithin(0, head, tail);
      timesNs.copyWithin(0, head, tail);
      lasts.copyWithin(0, head, tail);
    } else {
      const capacity = values.length * 2;
      this.#slots.reserve(3 * (capacity - values.length));
      kept.values = grown(values, new Float64Array(capacity), head);
      kept.timesNs = grown(timesNs, new Float64Array(capacity), head);
      kept.lasts = grown(lasts, new Int32Array(capacity), head);
    }
    kept.tail = tail - head;
    kept.head = 0;
  }
}

function grown<T extends Float64Array | Int32Array>(old: T, target: T, from: number): T {
  target.set(old.subarray(from));
  return target;
}
