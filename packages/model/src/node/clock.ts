import type { Clock, Rng } from "../ports.ts";

/** The machine's own time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    for (let left = ms; left > 0 && signal?.aborted !== true; left -= timerMsMax) {
      await sleepOnce(Math.min(left, timerMsMax), signal);
    }
  },
};

/** A timer of more than 31 bits of milliseconds fires at once. */
const timerMsMax = 2 ** 31 - 1;

function sleepOnce(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done);
  });
}

/** Chance as the machine gives it. */
export const systemRng: Rng = { next: () => Math.random() };
