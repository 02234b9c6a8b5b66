import type { Labels } from "@sluice/model";
import type { MemoryBudget } from "./memory-budget.ts";
import type { SampleSink } from "./sample-sink.ts";
import { newSeries, type Series } from "./series.ts";
import { Slots } from "./slots.ts";
import type { Steps } from "./steps.ts";

/** Where the samples of one series are counted: as changes from each step to the next. */
interface Window {
  readonly counts: Float64Array;
  /** undefined when every sample counts 1. */
  readonly sums: Float64Array | undefined;
}

export interface SumsOptions {
  /** What the sums are divided by at the end. */
  readonly divisor: number;
  /** Every sample has the value 1. */
  readonly isCount: boolean;
}

/**
 * Adds up whole numbers per series and window: for `count_over_time`, `rate`, `bytes_over_time` and `bytes_rate`. A
 * sample costs the same however many windows it lies in, and is forgotten at once: whole numbers can be added in any
 * order, and taken away again.
 */
export class WindowSums implements SampleSink {
  readonly #steps: Steps;
  readonly #options: SumsOptions;
  readonly #slots: Slots;
  readonly #windows: Window[] = [];

  constructor(steps: Steps, options: SumsOptions, budget: MemoryBudget) {
    this.#steps = steps;
    this.#options = options;
    this.#slots = new Slots(steps.count, (options.isCount ? 1 : 2) * (steps.count + 1), budget);
  }

  slot(labels: Labels): number {
    return this.#slots.slot(labels, (slot) => {
      const cells = this.#steps.count + 1;
      const sums = this.#options.isCount ? undefined : new Float64Array(cells);
      this.#windows[slot] = { counts: new Float64Array(cells), sums };
    });
  }

  /** Order does not matter. */
  beginBlock(): void {}

  add(slot: number, _timeNs: number, first: number, last: number, value: number): void {
    this.addMany(slot, first, last, 1, value);
  }

  /** Takes `count` samples with the sum of their values. */
  addMany(slot: number, first: number, last: number, count: number, sum: number): void {
    const { counts, sums } = this.#windows[slot]!;
    counts[first]! += count;
    counts[last + 1]! -= count;
    if (sums !== undefined) {
      sums[first]! += sum;
      sums[last + 1]! -= sum;
    }
  }

  finish(): readonly Series[] {
    this.#slots.finish();
    return this.#slots.labels.map((labels, slot) => this.#sumUp(labels, this.#windows[slot]!));
  }

  #sumUp(labels: Labels, { counts, sums }: Window): Series {
    const series = newSeries(labels, this.#steps.count);
    let count = 0;
    let sum = 0;
    for (let k = 0; k < this.#steps.count; k++) {
      count += counts[k]!;
      sum += sums?.[k] ?? 0;
      if (count > 0) {
        series.present[k] = 1;
        series.values[k] = (sums === undefined ? count : sum) / this.#options.divisor;
      }
    }
    return series;
  }
}
