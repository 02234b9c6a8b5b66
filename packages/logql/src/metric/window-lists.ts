import { firstWhere, type Labels } from "@sluice/model";
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
  readonly first: number;
  values: Float64Array;
  /** The last window that each lies in. */
  lasts: Int32Array;
  count: number;
  /** The greatest of `lasts`: it does not fall from one list to the next. */
  last: number;
}

interface Kept {
  readonly series: Series;
  /** Ascending by first window; those before `head` are done. */
  lists: List[];
  head: number;
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
      this.#kept[slot] = { series: newSeries(labels, this.#steps.count), lists: [], head: 0 };
    });
  }

  /** Windows that end before it get no samples any more. */
  beginBlock(minNs: number): void {
    // One less, since far times are rounded.
    const ended = Math.ceil((minNs - this.#rangeNs) / this.#stepNs) - 1;
    this.#finishBefore(Math.min(ended, this.#steps.count));
  }

  add(slot: number, _timeNs: number, first: number, last: number, value: number): void {
    const list = this.#listOf(this.#kept[slot]!, first);
    if (list.count === list.values.length) {
      this.#grow(list);
    }
    list.values[list.count] = value;
    list.lasts[list.count] = last;
    list.count += 1;
    list.last = Math.max(list.last, last);
  }

  finishSome(): boolean {
    this.#finishBefore(Math.min(this.#window + 1, this.#steps.count));
    return this.#window < this.#steps.count;
  }

  finish(): readonly Series[] {
    this.#finishBefore(this.#steps.count);
    this.#slots.finish();
    return this.#kept.map(({ series }) => series);
  }

  /** The list for a first window. Most samples belong to the latest one. */
  #listOf({ lists, head }: Kept, first: number): List {
    const latest = lists.at(-1);
    if (latest !== undefined && latest.first === first) {
      return latest;
    }
    const isLatest = latest === undefined || latest.first < first;
    const at = isLatest ? lists.length : firstWhere(head, lists.length, (i) => lists[i]!.first >= first);
    const found = lists[at];
    if (found !== undefined && found.first === first) {
      return found;
    }
    this.#slots.reserve(2 * capacityAtStart);
    const values = new Float64Array(capacityAtStart);
    const list: List = { first, values, lasts: new Int32Array(capacityAtStart), count: 0, last: 0 };
    lists.splice(at, 0, list);
    return list;
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
      for (const kept of this.#kept) {
        const values = this.#valuesOf(kept, this.#window);
        if (values.length > 0) {
          kept.series.values[this.#window] = this.#compute(values);
          kept.series.present[this.#window] = 1;
        }
      }
    }
  }

  /** Gathers the values of window `k` and lets go of lists that no later window needs. */
  #valuesOf(kept: Kept, k: number): Float64Array {
    const { lists } = kept;
    let count = 0;
    for (let i = kept.head; i < lists.length && lists[i]!.first <= k; i++) {
      const list = lists[i]!;
      this.#reserve(count + list.count);
      for (let j = 0; j < list.count; j++) {
        if (list.lasts[j]! >= k) {
          this.#scratch[count++] = list.values[j]!;
        }
      }
    }
    while (kept.head < lists.length && lists[kept.head]!.last <= k) {
      this.#slots.release(2 * lists[kept.head]!.values.length);
      kept.head += 1;
    }
    if (kept.head > lists.length / 2) {
      kept.lists = lists.slice(kept.head);
      kept.head = 0;
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
