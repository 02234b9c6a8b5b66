import type { Labels } from "@sluice/model";
import type { MemoryBudget } from "./memory-budget.ts";
import type { SampleSink } from "./sample-sink.ts";
import { newSeries, type Series } from "./series.ts";
import { Slots } from "./slots.ts";
import type { Steps } from "./steps.ts";

/**
 * An aggregation that needs a few numbers per window and not the samples. Which number follows from which, and in what
 * order, is as in Loki, so that rounding gives the same digits.
 */
export interface Fold {
  /** How many numbers it keeps per window, beside how many samples there were. */
  readonly columns: 1 | 2;
  /** Takes the `count`-th sample (from 1) of window `k`. */
  add(columns: readonly Float64Array[], k: number, count: number, value: number): void;
  /** The aggregation's value for a window of `count` samples. */
  value(columns: readonly Float64Array[], k: number, count: number): number;
}

const firstColumn: Fold["value"] = ([values], k) => values![k]!;

export const sumFold: Fold = {
  columns: 1,
  add([sums], k, _count, value) {
    sums![k]! += value;
  },
  value: firstColumn,
};

/** A sum over the seconds of the window. */
export function rateFold(seconds: number): Fold {
  return { ...sumFold, value: ([sums], k) => sums![k]! / seconds };
}

/** A running mean. An infinite one stays, unless NaN or the opposite infinity comes. */
export const averageFold: Fold = {
  columns: 1,
  add([means], k, count, value) {
    const mean = means![k]!;
    const isInfinite = mean === Number.POSITIVE_INFINITY || mean === Number.NEGATIVE_INFINITY;
    if (!isInfinite || Number.isNaN(value) || value === -mean) {
      means![k] = mean + (value / count - mean / count);
    }
  },
  value: firstColumn,
};

/** Of values that are no numbers any other takes the place. */
export const minFold: Fold = {
  columns: 1,
  add([minima], k, count, value) {
    if (count === 1 || value < minima![k]! || Number.isNaN(minima![k]!)) {
      minima![k] = value;
    }
  },
  value: firstColumn,
};

export const maxFold: Fold = {
  columns: 1,
  add([maxima], k, count, value) {
    if (count === 1 || value > maxima![k]! || Number.isNaN(maxima![k]!)) {
      maxima![k] = value;
    }
  },
  value: firstColumn,
};

/** Welford's algorithm, for the whole population. */
export const varianceFold: Fold = {
  columns: 2,
  add([means, squares], k, count, value) {
    const delta = value - means![k]!;
    means![k]! += delta / count;
    squares![k]! += delta * (value - means![k]!);
  },
  value: ([, squares], k, count) => squares![k]! / count,
};

export const deviationFold: Fold = {
  ...varianceFold,
  value: (columns, k, count) => Math.sqrt(varianceFold.value(columns, k, count)),
};

export const firstFold: Fold = {
  columns: 1,
  add([values], k, count, value) {
    if (count === 1) {
      values![k] = value;
    }
  },
  value: firstColumn,
};

export const lastFold: Fold = {
  columns: 1,
  add([values], k, _count, value) {
    values![k] = value;
  },
  value: firstColumn,
};

interface Windows {
  readonly counts: Float64Array;
  readonly columns: readonly Float64Array[];
}

/** Folds samples, which must come in the order of time, into the windows that they lie in, and forgets them. */
export class WindowFolds implements SampleSink {
  readonly #fold: Fold;
  readonly #steps: Steps;
  readonly #slots: Slots;
  readonly #windows: Windows[] = [];

  constructor(fold: Fold, steps: Steps, budget: MemoryBudget) {
    this.#fold = fold;
    this.#steps = steps;
    this.#slots = new Slots(steps.count, (fold.columns + 1) * steps.count, budget);
  }

  slot(labels: Labels): number {
    return this.#slots.slot(labels, (slot) => {
      const { count } = this.#steps;
      const columns = Array.from({ length: this.#fold.columns }, () => new Float64Array(count));
      this.#windows[slot] = { counts: new Float64Array(count), columns };
    });
  }

  beginBlock(): void {}

  add(slot: number, _timeNs: number, first: number, last: number, value: number): void {
    const { counts, columns } = this.#windows[slot]!;
    for (let k = first; k <= last; k++) {
      counts[k]! += 1;
      this.#fold.add(columns, k, counts[k]!, value);
    }
  }

  finish(): readonly Series[] {
    this.#slots.finish();
    return this.#slots.labels.map((labels, slot) => {
      const { counts, columns } = this.#windows[slot]!;
      const series = newSeries(labels, this.#steps.count);
      for (let k = 0; k < this.#steps.count; k++) {
        if (counts[k]! > 0) {
          series.present[k] = 1;
          series.values[k] = this.#fold.value(columns, k, counts[k]!);
        }
      }
      return series;
    });
  }
}
