import { parseTimePoint, type TimePoint } from "@sluice/api";
import { nsPerMs, parseDurationMs } from "@sluice/model";
import { datePartsOf, instantOf, type TimeZone } from "./zone.ts";

export interface RangePoints {
  readonly from: TimePoint;
  readonly to: TimePoint;
}

const now: TimePoint = { type: "relative", beforeNowMs: 0 };

/**
 * Reads what was typed as a range: `2h` (the last two hours), `now-2h`, `14:05-14:20`, `yesterday`, `today`, one time
 * (from then to now), or two times with `to`, `–` or ` - ` between them. A time is RFC 3339, `2026-01-05 14:00` in the
 * given zone, `14:05` of today, `now-2h`, or Unix seconds, milliseconds or nanoseconds.
 *
 * @returns undefined when it is none of these, or when it ends before it starts.
 */
export function parseRangeInput(text: string, zone: TimeZone, nowMs: number): RangePoints | undefined {
  const typed = text.trim().toLowerCase();
  const durationMs = parseDuration(typed.replace(/^last\s+/u, ""));
  if (durationMs !== undefined) {
    return { from: { type: "relative", beforeNowMs: durationMs }, to: now };
  }
  if (typed === "today" || typed === "yesterday") {
    return wholeDay(typed === "today" ? 0 : 1, zone, nowMs);
  }
  const [first, second, ...rest] = splitRange(typed);
  if (first === undefined || rest.length > 0) {
    return undefined;
  }
  const from = parseTimeInput(first, zone, nowMs);
  const to = second === undefined ? now : parseTimeInput(second, zone, nowMs);
  return from === undefined || to === undefined || !isAscending(from, to, nowMs) ? undefined : { from, to };
}

/** Reads one end of a range. */
export function parseTimeInput(text: string, zone: TimeZone, nowMs: number): TimePoint | undefined {
  const typed = text.trim().toLowerCase();
  const point = parseTimePoint(typed.toUpperCase().replace(/^NOW.*/u, typed));
  if (point !== undefined) {
    return point;
  }
  const match =
    /^(?:(\d{4})-(\d{1,2})-(\d{1,2})|yesterday|today)?(?:[t\s]*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,3}))?)?)?$/u.exec(
      typed,
    );
  if (match === null || typed === "") {
    return undefined;
  }
  const [, year, month, day, hour = "0", minute = "0", second = "0", fraction = ""] = match;
  const today = datePartsOf(typed.startsWith("yesterday") ? nowMs - 86_400_000 : nowMs, zone);
  const parts = {
    year: year === undefined ? today.year : Number(year),
    month: month === undefined ? today.month : Number(month),
    day: day === undefined ? today.day : Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    millisecond: Number(fraction.padEnd(3, "0")),
  };
  if (parts.month < 1 || parts.month > 12 || parts.day < 1 || parts.day > 31 || parts.hour > 23 || parts.minute > 59) {
    return undefined;
  }
  return absolute(instantOf(parts, zone));
}

/** An instant in milliseconds as an end of a range. */
export function absolute(ms: number): TimePoint {
  return { type: "absolute", ns: BigInt(Math.round(ms)) * nsPerMs };
}

function parseDuration(text: string): number | undefined {
  if (!/^\d+\s*[a-z]/u.test(text)) {
    return undefined;
  }
  const short = text
    .replaceAll(/\s+/gu, "")
    .replaceAll(/(?<=\d)(?:minutes?|mins?)/gu, "m")
    .replaceAll(/(?<=\d)(?:hours?|hrs?)/gu, "h")
    .replaceAll(/(?<=\d)days?/gu, "d")
    .replaceAll(/(?<=\d)weeks?/gu, "w")
    .replaceAll(/(?<=\d)(?:seconds?|secs?)/gu, "s");
  try {
    const ms = parseDurationMs(short);
    return ms > 0 ? ms : undefined;
  } catch {
    return undefined;
  }
}

function splitRange(text: string): string[] {
  const clocks = /^(\d{1,2}:\d{2}(?::\d{2})?)\s*-\s*(\d{1,2}:\d{2}(?::\d{2})?)$/u.exec(text);
  return clocks === null ? text.split(/\s+to\s+|\s*–\s*|\s+-\s+/u) : [clocks[1]!, clocks[2]!];
}

function wholeDay(daysAgo: number, zone: TimeZone, nowMs: number): RangePoints {
  const startOf = (ago: number): number => {
    const noon = { ...datePartsOf(nowMs, zone), hour: 12, minute: 0, second: 0, millisecond: 0 };
    const { year, month, day } = datePartsOf(instantOf(noon, zone) - ago * 86_400_000, zone);
    return instantOf({ year, month, day, hour: 0, minute: 0, second: 0, millisecond: 0 }, zone);
  };
  return { from: absolute(startOf(daysAgo)), to: daysAgo === 0 ? now : absolute(startOf(daysAgo - 1)) };
}

function isAscending(from: TimePoint, to: TimePoint, nowMs: number): boolean {
  const instant = (point: TimePoint): number =>
    point.type === "absolute" ? Number(point.ns / nsPerMs) : nowMs - point.beforeNowMs;
  return instant(from) < instant(to);
}
