import type { Clock } from "@sluice/model";

/** A clock that moves only when told to. */
export interface VirtualClock extends Clock {
  /** Moves time on; sleepers whose time has come wake in order. */
  advance(ms: number): Promise<void>;
}

interface Sleeper {
  readonly wakeAtMs: number;
  readonly wake: () => void;
}

export function virtualClock(startMs = 1_700_000_000_000): VirtualClock {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted === true) {
          resolve();
          return;
        }
        const sleeper: Sleeper = {
          wakeAtMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper);
            signal?.removeEventListener("abort", sleeper.wake);
            resolve();
          },
        };
        sleepers.add(sleeper);
        signal?.addEventListener("abort", sleeper.wake);
      }),
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        const due = [...sleepers].filter((sleeper) => sleeper.wakeAtMs <= endMs);
        const next = due.sort((a, b) => a.wakeAtMs - b.wakeAtMs)[0];
        if (next === undefined) {
          break;
        }
        nowMs = Math.max(nowMs, next.wakeAtMs);
        next.wake();
        // Let whoever woke run, and perhaps sleep again, before time goes on.
        await new Promise((resolve) => setImmediate(resolve));
      }
      nowMs = endMs;
    },
  };
}
