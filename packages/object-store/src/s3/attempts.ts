import { type Clock, type Rng, ServiceError } from "@sluice/model";
import { failureOf, type S3Failure, timeout } from "./failure.ts";

export interface AttemptsOptions {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Tries of one request, the first included. */
  readonly attemptsMax: number;
  /** For one try, to which comes a second for each MiB that it moves. */
  readonly attemptTimeoutMs: number;
  /** The longest wait before the second try; it doubles for each one after that, up to `backoffMaxMs`. */
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** Tries under way at one time; what is more waits for its turn, and its time does not run yet. */
  readonly concurrencyMax: number;
  /** Ends everything that is under way, with `cancelled`. */
  readonly signal?: AbortSignal | undefined;
}

/** One try: what it is given to stop in time. */
export interface Attempt {
  readonly signal: AbortSignal;
  /** Says that this try will move so many bytes more than was known before. */
  readonly expectBytes: (bytes: number) => void;
}

const bytesPerMs = (1 << 20) / 1000;
/** How many more retries than successes there may be, over all requests. */
const retriesAheadMax = 100;

/**
 * The one place that tries again. Waits are "full jitter" (anything up to a bound that doubles), as AWS recommends. When
 * more tries fail than succeed for long, nothing is tried twice any more: an outage must not become a storm.
 */
export class Attempts {
  readonly #options: AttemptsOptions;
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #retriesLeft = retriesAheadMax;

  constructor(options: AttemptsOptions) {
    this.#options = options;
  }

  get signal(): AbortSignal | undefined {
    return this.#options.signal;
  }

  /**
   * Runs `attempt` until it succeeds, fails for good, or has failed too often.
   *
   * @param bytes that one try is known to move.
   * @throws {S3Failure} the last one; `ServiceError` `cancelled` when the store's signal aborted.
   */
  async run<T>(
    bytes: number,
    attempt: (attempt: Attempt) => Promise<T>,
    isFinal?: (failure: S3Failure) => boolean,
  ): Promise<T> {
    const { attemptsMax, backoffFirstMs, backoffMaxMs, clock, rng, signal } = this.#options;
    for (let count = 1; ; count++) {
      try {
        const answer = await this.#inTurn(() => this.#once(bytes, attempt));
        this.#retriesLeft = Math.min(this.#retriesLeft + 1, retriesAheadMax);
        return answer;
      } catch (error) {
        this.#throwIfCancelled();
        const failure = failureOf(error);
        if (!failure.isRetryable || count >= attemptsMax || this.#retriesLeft < 1 || isFinal?.(failure) === true) {
          throw failure;
        }
      }
      this.#retriesLeft -= 1;
      await clock.sleep(rng.next() * Math.min(backoffFirstMs * 2 ** (count - 1), backoffMaxMs), signal);
      this.#throwIfCancelled();
    }
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#options.concurrencyMax) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#running += 1;
    }
    try {
      this.#throwIfCancelled();
      return await run();
    } finally {
      // Whoever waits longest takes over the place.
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#running -= 1;
      } else {
        next();
      }
    }
  }

  async #once<T>(bytes: number, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    const { attemptTimeoutMs, clock, signal } = this.#options;
    const ended = new AbortController();
    const stop = new AbortController();
    const startMs = clock.nowMs();
    let timeoutMs = attemptTimeoutMs + bytes / bytesPerMs;
    const timedOut = (async (): Promise<never> => {
      for (let leftMs = timeoutMs; leftMs > 0; leftMs = startMs + timeoutMs - clock.nowMs()) {
        await clock.sleep(leftMs, ended.signal);
        ended.signal.throwIfAborted();
      }
      throw timeout(timeoutMs);
    })();
    const cancel = (): void => ended.abort();
    signal?.addEventListener("abort", cancel);
    const expectBytes = (more: number): void => {
      timeoutMs += more / bytesPerMs;
    };
    try {
      // A race, since what does not listen to the signal (a source of credentials) must not hold the caller up.
      return await Promise.race([attempt({ signal: stop.signal, expectBytes }), timedOut]);
    } finally {
      signal?.removeEventListener("abort", cancel);
      stop.abort();
      ended.abort();
    }
  }

  #throwIfCancelled(): void {
    if (this.#options.signal?.aborted === true) {
      throw new ServiceError("cancelled", "the object store was closed");
    }
  }
}
