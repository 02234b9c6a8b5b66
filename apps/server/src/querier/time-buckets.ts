/**
 * Cuts `[startNs, endNs)` at the multiples of a step; without one it stays whole. The first and the last piece may be
 * shorter than the others.
 */
export class TimeBuckets {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly count: number;
  /** The length of every piece but the first and the last. */
  readonly stepNs: bigint;
  /** The multiple of the step at or before the start. */
  readonly #alignedNs: bigint;

  constructor(startNs: bigint, endNs: bigint, stepNs?: bigint) {
    this.startNs = startNs;
    this.endNs = endNs;
    const lengthNs = endNs > startNs ? endNs - startNs : 1n;
    this.stepNs = stepNs ?? lengthNs;
    this.#alignedNs = stepNs === undefined ? startNs : startNs - (((startNs % stepNs) + stepNs) % stepNs);
    this.count = Number((startNs + lengthNs - this.#alignedNs + this.stepNs - 1n) / this.stepNs);
  }

  /** Which piece a time of the range is in. */
  indexOf(timeNs: bigint): number {
    return Math.min(Number((timeNs - this.#alignedNs) / this.stepNs), this.count - 1);
  }

  beginOf(index: number): bigint {
    return index === 0 ? this.startNs : this.#alignedNs + BigInt(index) * this.stepNs;
  }

  /** Where the next one begins. */
  endOf(index: number): bigint {
    return index === this.count - 1 ? this.endNs : this.#alignedNs + BigInt(index + 1) * this.stepNs;
  }
}
