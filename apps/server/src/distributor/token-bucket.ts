/** How much may come: `perSecond` in the long run, `burst` at once after a pause. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/**
 * Lets through what a rate allows: a bucket of `burst` tokens that fills with `perSecond`. The rate comes with every
 * question, since it may change while the server runs. Full at first.
 */
export class TokenBucket {
  #tokens = Number.POSITIVE_INFINITY;
  #atMs = 0;

  /** Takes `amount` tokens when there are as many; else none. */
  take(amount: number, rate: Rate, nowMs: number): boolean {
    this.#fill(rate, nowMs);
    if (amount > this.#tokens) {
      return false;
    }
    this.#tokens -= amount;
    return true;
  }

  /**
   * How long until {@link take} may succeed, in whole milliseconds. For more than the bucket can hold, until it is full: by
   * then the sender may have split it.
   */
  waitMs(amount: number, rate: Rate, nowMs: number): number {
    this.#fill(rate, nowMs);
    const missing = Math.min(amount, rate.burst) - this.#tokens;
    return missing <= 0 ? 0 : Math.ceil((missing / rate.perSecond) * 1000);
  }

  #fill({ perSecond, burst }: Rate, nowMs: number): void {
    const filled = this.#tokens + (Math.max(nowMs - this.#atMs, 0) / 1000) * perSecond;
    this.#tokens = Math.min(filled, burst);
    this.#atMs = nowMs;
  }
}
