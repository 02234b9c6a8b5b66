import type { SampleSink } from "./sample-sink.ts";

const capacityAtStart = 1024;

/** A run of samples ascending in time: places `[at, end)` of the columns. */
interface Run {
  at: number;
  readonly end: number;
}

/** Samples in runs that each ascend in time, to be taken in the order of time over all runs. */
export class TimeRuns {
  #timesNs = new Float64Array(capacityAtStart);
  #values = new Float64Array(capacityAtStart);
  #streams = new Int32Array(capacityAtStart);
  #slots = new Int32Array(capacityAtStart);
  #firsts = new Int32Array(capacityAtStart);
  #lasts = new Int32Array(capacityAtStart);
  #count = 0;
  /** Where runs begin. */
  #starts: number[] = [];
  #lastNs = Number.NEGATIVE_INFINITY;

  get count(): number {
    return this.#count;
  }

  /** The latest time of any sample. */
  get lastNs(): number {
    return this.#lastNs;
  }

  beginRun(): void {
    if (this.#starts.at(-1) !== this.#count) {
      this.#starts.push(this.#count);
    }
  }

  /** Adds to the run that was begun last; see {@link SampleSink.add}. */
  add(stream: number, slot: number, timeNs: number, first: number, last: number, value: number): void {
    const i = this.#count;
    if (i === this.#values.length) {
      this.#grow();
    }
    this.#timesNs[i] = timeNs;
    this.#values[i] = value;
    this.#streams[i] = stream;
    this.#slots[i] = slot;
    this.#firsts[i] = first;
    this.#lasts[i] = last;
    this.#count = i + 1;
    this.#lastNs = Math.max(this.#lastNs, timeNs);
  }

  /** Takes out the samples before `edgeNs`, in order: of one time by stream, then as they were added. */
  takeBefore(edgeNs: number, target: SampleSink): void {
    const runs = this.#runs();
    const heap = runs.keys().toArray();
    for (let i = heap.length >>> 1; i >= 0; i--) {
      this.#sink(heap, i, runs);
    }
    while (heap.length > 0) {
      const run = runs[heap[0]!]!;
      const { at } = run;
      if (this.#timesNs[at]! >= edgeNs) {
        break;
      }
      target.add(this.#slots[at]!, this.#timesNs[at]!, this.#firsts[at]!, this.#lasts[at]!, this.#values[at]!);
      run.at += 1;
      if (run.at === run.end) {
        heap[0] = heap.at(-1)!;
        heap.pop();
      }
      this.#sink(heap, 0, runs);
    }
    this.#keep(runs);
  }

  #runs(): readonly Run[] {
    const ends = [...this.#starts.slice(1), this.#count];
    return this.#starts.map((at, i) => ({ at, end: ends[i]! })).filter(({ at, end }) => at < end);
  }

  /** Puts the run at place `i` of the heap where it belongs below. */
  #sink(heap: number[], i: number, runs: readonly Run[]): void {
    for (let parent = i; ;) {
      let least = parent;
      const left = 2 * parent + 1;
      if (left < heap.length && this.#isBefore(heap[left]!, heap[least]!, runs)) {
        least = left;
      }
      if (left + 1 < heap.length && this.#isBefore(heap[left + 1]!, heap[least]!, runs)) {
        least = left + 1;
      }
      if (least === parent) {
        return;
      }
      const moved = heap[parent]!;
      heap[parent] = heap[least]!;
      heap[least] = moved;
      parent = least;
    }
  }

  #isBefore(a: number, b: number, runs: readonly Run[]): boolean {
    const left = runs[a]!.at;
    const right = runs[b]!.at;
    const distance = this.#timesNs[left]! - this.#timesNs[right]! || this.#streams[left]! - this.#streams[right]!;
    return distance === 0 ? a < b : distance < 0;
  }

  /** Moves what is left of the runs to the start. */
  #keep(runs: readonly Run[]): void {
    this.#count = 0;
    this.#starts = [];
    this.#lastNs = Number.NEGATIVE_INFINITY;
    for (const { at, end } of runs) {
      if (at < end) {
        this.#starts.push(this.#count);
        for (const column of this.#columns()) {
          column.copyWithin(this.#count, at, end);
        }
        this.#count += end - at;
        this.#lastNs = Math.max(this.#lastNs, this.#timesNs[this.#count - 1]!);
      }
    }
  }

  #columns(): readonly (Float64Array | Int32Array)[] {
    return [this.#timesNs, this.#values, this.#streams, this.#slots, this.#firsts, this.#lasts];
  }

  #grow(): void {
    this.#timesNs = doubled(this.#timesNs, Float64Array);
    this.#values = doubled(this.#values, Float64Array);
    this.#streams = doubled(this.#streams, Int32Array);
    this.#slots = doubled(this.#slots, Int32Array);
    this.#firsts = doubled(this.#firsts, Int32Array);
    this.#lasts = doubled(this.#lasts, Int32Array);
  }
}

function doubled<T extends Float64Array | Int32Array>(old: T, make: new (length: number) => T): T {
  const grown = new make(old.length * 2);
  grown.set(old);
  return grown;
}
