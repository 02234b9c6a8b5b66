import type { Labels } from "@sluice/model";
import type { MemoryBudget } from "./memory-budget.ts";
import type { SampleSink } from "./sample-sink.ts";
import { newSeries, type Series } from "./series.ts";
import { Slots } from "./slots.ts";
import type { Steps } from "./steps.ts";

/** Computes a value from those of a window, of which there is at least one, in any order; it may reorder them. */
export type ValuesFunction = (values: Float64Array) => number;

const capacityAtStart = 8;

/** The samples of one series whose first window is the same. */
interface List {
  values: Float64Array;
  /** The last window that each lies in. */
  lasts: Int32Array;
  count: number;
}

interface Kept {
  readonly series: Series;
  /** By the first window. */
  readonly lists: Map<number, List>;
}

/**
 * Keeps the values of samples for as long as a window needs them, in whatever order they come: for aggregations that
 * need all values of a window, but not their order.
 */
export class WindowLists implements SampleSink {
  readonly #compute: ValuesFunction;
  readonly #steps: Steps;
  readonly #rangeNs: number;
  readonly #stepNs: number;
  readonly #slots: Slots;
  readonly #kept: Kept[] = [];
  /** Windows before this one are done. */
  #window = 0;
  #scratch = new Float64Array(capacityAtStart);

  constructor(compute: ValuesFunction, rangeNs: number, steps: Steps, budget: MemoryBudget) {
    this.#compute = compute;
    this.#steps = steps;
    this.#rangeNs = rangeNs;
    this.#stepNs = Number(steps.stepNs);
    this.#slots = new Slots(steps.count, steps.count, budget);
  }

  slot(labels: Labels): number {
    return this.#slots.slot(labels, (slot) => {
      this.#kept[slot] = { series: newSeries(labels, this.#steps.count), lists: new Map() };
    });
  }

  /** Windows that end before it get no samples any more. */
  beginBlock(minNs: number): void {
    // One less, since far times are rounded.
    const ended = Math.ceil((minNs - this.#rangeNs) / this.#stepNs) - 1;
    this.#finishBefore(Math.min(ended, this.#steps.count));
  }

  add(slot: number, _timeNs: number, first: number, last: number, value: number): void {
    const { lists } = this.#kept[slot]!;
    let list = lists.get(first);
    if (list === undefined) {
      list = { values: new Float64Array(capacityAtStart), lasts: new Int32Array(capacityAtStart), count: 0 };
      this.#slots.reserve(2 * capacityAtStart);
      lists.set(first, list);
    }
    if (list.count === list.values.length) {
      this.#grow(list);
    }
    list.values[list.count] = value;
    list.lasts[list.count] = last;
    list.count += 1;
  }

  finish(): readonly Series[] {
    this.#finishBefore(this.#steps.count);
    this.#slots.finish();
    return this.#kept.map(({ series }) => series);
  }

  #grow(list: List): void {
    const capacity = list.values.length * 2;
    this.#slots.reserve(capacity);
    const { values, lasts } = list;
    list.values = new Float64Array(capacity);
    list.values.set(values);
    list.lasts = new Int32Array(capacity);
    list.lasts.set(lasts);
  }

  #finishBefore(end: number): void {
    for (; this.#window < end; this.#window++) {
      for (const { series, lists } of this.#kept) {
        const values = this.#valuesOf(lists, this.#window);
        if (values.length > 0) {
          series.values[this.#window] = this.#compute(values);
          series.present[this.#window] = 1;
        }
      }
    }
  }

  /** Gathers the values of window `k` and lets go of lists that no later window needs. */
  #valuesOf(lists: Map<number, List>, k: number): Float64Array {
    let count = 0;
    for (const [first, list] of lists) {
      if (first > k) {
        continue;
      }
      this.#reserve(count + list.count);
      let isNeeded = false;
      for (let i = 0; i < list.count; i++) {
        const last = list.lasts[i]!;
        if (last >= k) {
          this.#scratch[count++] = list.values[i]!;
        }
        isNeeded ||= last > k;
      }
      if (!isNeeded) {
        lists.delete(first);
        this.#slots.release(2 * list.values.length);
      }
    }
    return this.#scratch.subarray(0, count);
  }

  #reserve(count: number): void {
    if (this.#scratch.length < count) {
      const grown = new Float64Array(Math.max(count, 2 * this.#scratch.length));
      grown.set(this.#scratch);
      this.#scratch = grown;
    }
  }
}
