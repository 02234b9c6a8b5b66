import type { MatrixSeries } from "@sluice/api";
import { roundStepMs } from "../time/round-step.ts";
import { levelOfName, type Level } from "../log/level.ts";

/** Counts of lines over time, stacked by level. */
export interface Volume {
  /** Start of the first bucket; each covers `(start, start + stepMs]`, as LogQL's ranges do. */
  readonly startMs: number;
  readonly stepMs: number;
  readonly bucketCount: number;
  /** Counts per bucket of each level that occurs, worst level first. */
  readonly levels: readonly VolumeLevel[];
  readonly total: number;
}

export interface VolumeLevel {
  readonly level: Level;
  readonly counts: Float64Array;
  readonly total: number;
  /** The one value of `detected_level` that its lines have; undefined when they have several, or none. */
  readonly detected: string | undefined;
}

/** More bars cannot be told apart, and each costs the server work. */
export const bucketsMax = 120;

/** The smallest step of whole seconds, minutes, hours or days that covers a range with at most {@link bucketsMax} bars. */
export function volumeStepMs(rangeMs: number): number {
  // Two less, because the ends of a range rarely fall on a border.
  return roundStepMs(rangeMs, bucketsMax - 2);
}

/** Adds a matrix of `sum by (level, detected_level)` up to counts per bucket and level. */
export function volumeOf(series: readonly MatrixSeries[], startMs: number, endMs: number, stepMs: number): Volume {
  const firstEndMs = Math.floor(startMs / stepMs) * stepMs + stepMs;
  const bucketCount = Math.max(1, Math.ceil((endMs - firstEndMs) / stepMs) + 1);
  const byLevel = new Map<Level, Float64Array>();
  const detected = new Map<Level, Set<string>>();
  for (const { metric, values } of series) {
    const level = levelOfName(metric["detected_level"] ?? "") || levelOfName(metric["level"] ?? "");
    const counts = byLevel.get(level) ?? new Float64Array(bucketCount);
    byLevel.set(level, counts);
    detected.set(level, (detected.get(level) ?? new Set()).add(metric["detected_level"] ?? ""));
    for (const [seconds, value] of values) {
      const bucket = Math.round((seconds * 1000 - firstEndMs) / stepMs);
      if (bucket >= 0 && bucket < bucketCount) {
        counts[bucket]! += Number(value);
      }
    }
  }
  const levels = [...byLevel]
    .map(([level, counts]) => ({
      level,
      counts,
      total: counts.reduce((sum, count) => sum + count, 0),
      detected: onlyOf(detected.get(level)!),
    }))
    .filter(({ total }) => total > 0)
    .sort((a, b) => b.level - a.level);
  return {
    startMs: firstEndMs - stepMs,
    stepMs,
    bucketCount,
    levels,
    total: levels.reduce((sum, { total }) => sum + total, 0),
  };
}

/** Lines in one bucket, all levels together. */
export function bucketTotal(volume: Volume, bucket: number): number {
  return volume.levels.reduce((sum, { counts }) => sum + counts[bucket]!, 0);
}

function onlyOf(values: ReadonlySet<string>): string | undefined {
  const [value = ""] = values;
  return values.size === 1 && value !== "" ? value : undefined;
}
