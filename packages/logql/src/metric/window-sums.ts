import type { Labels } from "@sluice/model";
import type { SampleSink } from "./sample-sink.ts";
import { newSeries, type Series } from "./series.ts";
import { Slots } from "./slots.ts";
import type { Steps } from "./steps.ts";

/** Where the samples of one series are counted: as changes from each step to the next. */
interface Window {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
}

/**
 * Adds up whole numbers per series and window: for `count_over_time`, `rate`, `bytes_over_time` and `bytes_rate`. A
 * sample costs the same however many windows it lies in, and is forgotten at once: whole numbers can be added in any
 * order, and taken away again.
 */
export class WindowSums implements SampleSink {
  readonly #steps: Steps;
  readonly #divisor: number;
  readonly #slots: Slots;
  readonly #windows: Window[] = [];

  /** @param divisor what the sums are divided by at the end. */
  constructor(steps: Steps, divisor: number) {
    this.#steps = steps;
    this.#divisor = divisor;
    this.#slots = new Slots(steps.count, 2 * (steps.count + 1));
  }

  slot(labels: Labels): number {
    return this.#slots.slot(labels, (slot) => {
      const cells = this.#steps.count + 1;
      this.#windows[slot] = { counts: new Float64Array(cells), sums: new Float64Array(cells) };
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
    sums[first]! += sum;
    sums[last + 1]! -= sum;
  }

  finish(): readonly Series[] {
    return this.#slots.labels.map((labels, slot) => this.#sumUp(labels, this.#windows[slot]!));
  }

  #sumUp(labels: Labels, { counts, sums }: Window): Series {
    const series = newSeries(labels, this.#steps.count);
    let count = 0;
    let sum = 0;
    for (let k = 0; k < this.#steps.count; k++) {
      count += counts[k]!;
      sum += sums[k]!;
      if (count > 0) {
        series.present[k] = 1;
        series.values[k] = sum / this.#divisor;
      }
    }
    return series;
  }
}
