import type { Rng } from "@sluice/model";

export interface BackoffOptions {
  readonly minMs: number;
  readonly maxMs: number;
  readonly rng: Rng;
}

/**
 * Pauses that double from `minMs` to `maxMs`. Each is drawn from the upper half of its range, so that agents which
 * failed together do not come back together.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #nextMs: number;
  #count = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#nextMs = options.minMs;
  }

  /** How many pauses there were since the last success. */
  get count(): number {
    return this.#count;
  }

  /** The next pause, at least `atLeastMs`. */
  next(atLeastMs = 0): number {
    const { maxMs, rng } = this.#options;
    const pauseMs = this.#nextMs * (0.5 + rng.next() / 2);
    this.#nextMs = Math.min(this.#nextMs * 2, maxMs);
    this.#count += 1;
    return Math.max(pauseMs, atLeastMs);
  }

  reset(): void {
    this.#nextMs = this.#options.minMs;
    this.#count = 0;
  }
}
