import { ServiceError, type Labels } from "@sluice/model";
import type { SampleSink } from "./sample-sink.ts";
import type { Series } from "./series.ts";

/** Samples are put in order when at least so many wait for it. */
const batchMin = 1 << 15;
/** Samples that may wait at most: each takes 32 bytes. */
const waitingMax = 1 << 22;

/** Samples as columns; {@link SampleSink.add} tells what they mean. */
interface Columns {
  readonly timesNs: Float64Array;
  readonly values: Float64Array;
  readonly streams: Int32Array;
  readonly slots: Int32Array;
  readonly firsts: Int32Array;
  readonly lasts: Int32Array;
}

/**
 * Hands samples on in the order of time; of one time, in the order of their streams, then as they came. Blocks of
 * several streams overlap, so that samples wait until no block is to come that may hold an earlier one.
 */
export class TimeOrder implements SampleSink {
  readonly #next: SampleSink;
  #waiting: Columns = newColumns(1024);
  #count = 0;
  /** Where ascending runs begin among those that wait. */
  #runs: number[] = [];
  #stream = 0;
  /** How many have to wait before it is worth looking for some that need not any more. */
  #batch = batchMin;

  constructor(next: SampleSink) {
    this.#next = next;
  }

  slot(labels: Labels): number {
    return this.#next.slot(labels);
  }

  beginBlock(minNs: number, stream: number): void {
    this.#stream = stream;
    if (this.#count >= this.#batch) {
      this.#handOn(minNs);
      this.#batch = Math.max(batchMin, 2 * this.#count);
      if (this.#count > waitingMax) {
        throw new ServiceError(
          "bad_data",
          `more than ${waitingMax} samples of streams that overlap have to be put in order; ` +
            "consider a narrower selector or a shorter time range",
        );
      }
    }
    this.#runs.push(this.#count);
  }

  add(slot: number, timeNs: number, first: number, last: number, value: number): void {
    const i = this.#count;
    if (i === this.#waiting.values.length) {
      this.#waiting = moved(this.#waiting, 0, i, 2 * i);
    }
    const { timesNs, values, streams, slots, firsts, lasts } = this.#waiting;
    timesNs[i] = timeNs;
    values[i] = value;
    streams[i] = this.#stream;
    slots[i] = slot;
    firsts[i] = first;
    lasts[i] = last;
    this.#count = i + 1;
  }

  finish(): readonly Series[] {
    this.#handOn(Number.POSITIVE_INFINITY);
    return this.#next.finish();
  }

  /** Hands on what is before `edgeNs`; the rest waits as one run. */
  #handOn(edgeNs: number): void {
    const { timesNs, values, slots, firsts, lasts } = this.#waiting;
    const order = this.#order();
    let done = 0;
    while (done < this.#count && timesNs[order[done]!]! < edgeNs) {
      const i = order[done]!;
      this.#next.add(slots[i]!, timesNs[i]!, firsts[i]!, lasts[i]!, values[i]!);
      done += 1;
    }
    const rest = order.subarray(done, this.#count);
    this.#waiting = picked(this.#waiting, rest);
    this.#count = rest.length;
    this.#runs = rest.length === 0 ? [] : [0];
  }

  /** The places of those that wait, in order: a merge sort of the runs. */
  #order(): Int32Array {
    let from = Int32Array.from({ length: this.#count }, (_, i) => i);
    let to = new Int32Array(this.#count);
    let runs = this.#runs.filter((start, i) => start < (this.#runs[i + 1] ?? this.#count));
    while (runs.length > 1) {
      const merged: number[] = [];
      for (let r = 0; r < runs.length; r += 2) {
        const start = runs[r]!;
        const middle = runs[r + 1] ?? this.#count;
        this.#merge(from, to, start, middle, runs[r + 2] ?? this.#count);
        merged.push(start);
      }
      [from, to] = [to, from];
      runs = merged;
    }
    return from;
  }

  /** Merges `from[start..middle]` and `from[middle..end]` into the same place of `to`. */
  #merge(from: Int32Array, to: Int32Array, start: number, middle: number, end: number): void {
    const { timesNs, streams } = this.#waiting;
    let left = start;
    let right = middle;
    for (let i = start; i < end; i++) {
      let takesLeft = right === end;
      if (!takesLeft && left < middle) {
        const [a, b] = [from[left]!, from[right]!];
        const distance = timesNs[a]! - timesNs[b]!;
        takesLeft = distance < 0 || (distance === 0 && streams[a]! <= streams[b]!);
      }
      to[i] = from[takesLeft ? left++ : right++]!;
    }
  }
}

function newColumns(length: number): Columns {
  return {
    timesNs: new Float64Array(length),
    values: new Float64Array(length),
    streams: new Int32Array(length),
    slots: new Int32Array(length),
    firsts: new Int32Array(length),
    lasts: new Int32Array(length),
  };
}

function moved(old: Columns, from: number, to: number, length: number): Columns {
  const columns = newColumns(length);
  columns.timesNs.set(old.timesNs.subarray(from, to));
  columns.values.set(old.values.subarray(from, to));
  columns.streams.set(old.streams.subarray(from, to));
  columns.slots.set(old.slots.subarray(from, to));
  columns.firsts.set(old.firsts.subarray(from, to));
  columns.lasts.set(old.lasts.subarray(from, to));
  return columns;
}

/** The samples at the given places, with room for more. */
function picked(old: Columns, places: Int32Array): Columns {
  const columns = newColumns(Math.max(1024, old.values.length));
  for (const [to, from] of places.entries()) {
    columns.timesNs[to] = old.timesNs[from]!;
    columns.values[to] = old.values[from]!;
    columns.streams[to] = old.streams[from]!;
    columns.slots[to] = old.slots[from]!;
    columns.firsts[to] = old.firsts[from]!;
    columns.lasts[to] = old.lasts[from]!;
  }
  return columns;
}
