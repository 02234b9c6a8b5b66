import { ServiceError, type Labels } from "@sluice/model";
import type { SampleSink } from "./sample-sink.ts";
import type { Series } from "./series.ts";
import { TimeRuns } from "./time-runs.ts";

/** So many samples have to wait before it is worth looking for some that need not any more. */
const batchMin = 1 << 15;
/** Samples that may wait at most: each takes 32 bytes. */
const waitingMax = 1 << 22;

/**
 * Hands samples on in the order of time; of one time, in the order of their streams, then as they came. Blocks of
 * several streams overlap, so that samples wait until no block is to come that may hold an earlier one.
 */
export class TimeOrder implements SampleSink {
  readonly #next: SampleSink;
  readonly #waiting = new TimeRuns();
  #stream = 0;
  /** Samples of the block in work need not wait before this time, as long as no others do. */
  #freeNs = 0;
  #batch = batchMin;

  constructor(next: SampleSink) {
    this.#next = next;
  }

  slot(labels: Labels): number {
    return this.#next.slot(labels);
  }

  beginBlock(minNs: number, stream: number, nextNs: number): void {
    if (this.#waiting.count >= this.#batch || this.#waiting.lastNs < minNs) {
      this.#waiting.takeBefore(minNs, this.#next);
      this.#batch = Math.max(batchMin, 2 * this.#waiting.count);
      if (this.#waiting.count > waitingMax) {
        throw new ServiceError(
          "bad_data",
          `more than ${waitingMax} samples of streams that overlap have to be put in order; ` +
            "consider a narrower selector or a shorter time range",
        );
      }
    }
    this.#stream = stream;
    this.#freeNs = this.#waiting.count === 0 ? nextNs : Number.NEGATIVE_INFINITY;
    this.#waiting.beginRun();
  }

  add(slot: number, timeNs: number, first: number, last: number, value: number): void {
    if (timeNs < this.#freeNs) {
      this.#next.add(slot, timeNs, first, last, value);
    } else {
      this.#waiting.add(this.#stream, slot, timeNs, first, last, value);
    }
  }

  finishSome(): boolean {
    this.#waiting.takeBefore(Number.POSITIVE_INFINITY, this.#next);
    return this.#next.finishSome?.() === true;
  }

  finish(): readonly Series[] {
    this.#waiting.takeBefore(Number.POSITIVE_INFINITY, this.#next);
    return this.#next.finish();
  }
}
