export interface Rates {
  /** Per second. */
  readonly rate: number;
  readonly errorRate: number;
  /** Lines in each of the last seconds that are over, oldest first. */
  readonly history: readonly number[];
}

export interface RateMeter {
  add(nowMs: number, lines: number, errors: number): void;
  read(nowMs: number): Rates;
  reset(): void;
}

export const historySeconds = 60;
/** The rate is a mean over so many seconds: steadier than one, and still quick to fall. */
const meanSeconds = 3;

/** Counts lines per second of the wall clock. */
export function createRateMeter(): RateMeter {
  const lines = new Map<number, number>();
  const errors = new Map<number, number>();
  let firstMs: number | undefined;

  function mean(counts: ReadonlyMap<number, number>, nowMs: number): number {
    const second = Math.floor(nowMs / 1000);
    let sum = 0;
    for (let i = 0; i < meanSeconds; i++) {
      sum += counts.get(second - i) ?? 0;
    }
    // The newest second is not over: the mean is over the time that has passed.
    const passedMs = (meanSeconds - 1) * 1000 + (nowMs % 1000);
    const sinceFirstMs = firstMs === undefined ? passedMs : Math.max(1000, nowMs - firstMs);
    return (sum * 1000) / Math.min(passedMs, sinceFirstMs);
  }

  return {
    add: (nowMs, lineCount, errorCount) => {
      firstMs ??= nowMs;
      const second = Math.floor(nowMs / 1000);
      lines.set(second, (lines.get(second) ?? 0) + lineCount);
      errors.set(second, (errors.get(second) ?? 0) + errorCount);
      for (const counts of [lines, errors]) {
        for (const old of counts.keys()) {
          if (old >= second - historySeconds - 1) {
            break;
          }
          counts.delete(old);
        }
      }
    },
    read: (nowMs) => {
      const second = Math.floor(nowMs / 1000);
      const history = Array.from({ length: historySeconds }, (_, i) => lines.get(second - historySeconds + i) ?? 0);
      return { rate: mean(lines, nowMs), errorRate: mean(errors, nowMs), history };
    },
    reset: () => {
      lines.clear();
      errors.clear();
      firstMs = undefined;
    },
  };
}
