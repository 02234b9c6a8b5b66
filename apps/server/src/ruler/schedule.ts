import type { Clock } from "@sluice/model";

export interface Schedule {
  readonly intervalMs: number;
  /** Rounds are so long past each multiple of the interval, counted from the epoch. */
  readonly offsetMs: number;
}

/** The longest that a loop sleeps at a time: timers cannot take more than 24 days. */
const sleepMaxMs = 3_600_000;

/**
 * Runs `work` at every round of a schedule until the signal aborts. Rounds never overlap: those that pass while one
 * runs (or while the machine sleeps) are left out.
 *
 * @param work gets the time of the round, and how many were left out since the last one. It does not reject.
 */
export async function runRounds(
  schedule: Schedule,
  clock: Clock,
  signal: AbortSignal,
  work: (atMs: number, missedCount: number) => Promise<void>,
): Promise<void> {
  let lastMs: number | undefined;
  for (;;) {
    const nowMs = clock.nowMs();
    const plannedMs = nextRoundMs(schedule, nowMs, lastMs);
    await clock.sleep(Math.min(plannedMs - nowMs, sleepMaxMs), signal);
    if (signal.aborted) {
      return;
    }
    if (clock.nowMs() < plannedMs) {
      // Not yet: the sleep was a part of a long one, or the clock was set back.
      continue;
    }
    const atMs = roundMs(schedule, clock.nowMs());
    const sinceLast = lastMs === undefined ? 1 : (atMs - lastMs) / schedule.intervalMs;
    lastMs = atMs;
    await work(atMs, Math.max(0, sinceLast - 1));
  }
}

/**
 * The schedule of a named thing: its offset comes from its name, so that things with the same interval do not all run
 * at once, and a restart moves none of them.
 */
export function scheduleOf(name: string, intervalMs: number): Schedule {
  return { intervalMs, offsetMs: hashOf(name) % intervalMs };
}

/** The last round up to now. */
function roundMs({ intervalMs, offsetMs }: Schedule, nowMs: number): number {
  return Math.floor((nowMs - offsetMs) / intervalMs) * intervalMs + offsetMs;
}

/** The first round after now and after the last one. A clock that was set back starts again from where it is. */
function nextRoundMs(schedule: Schedule, nowMs: number, lastMs: number | undefined): number {
  const wasSetBack = lastMs !== undefined && nowMs < lastMs - schedule.intervalMs;
  const afterMs = lastMs === undefined || wasSetBack ? nowMs : Math.max(nowMs, lastMs);
  return roundMs(schedule, afterMs) + schedule.intervalMs;
}

/** FNV-1a over UTF-16 units. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  }
  return hash;
}
