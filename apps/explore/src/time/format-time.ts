import { datePartsOf, offsetText, type TimeZone } from "./zone.ts";

/** `14:44:59.102` */
export function clockText(ms: number, zone: TimeZone): string {
  const { hour, minute, second, millisecond } = datePartsOf(ms, zone);
  return `${two(hour)}:${two(minute)}:${two(second)}.${String(millisecond).padStart(3, "0")}`;
}

/** `11-25 14:44:59.102` */
export function dayClockText(ms: number, zone: TimeZone): string {
  const { month, day } = datePartsOf(ms, zone);
  return `${two(month)}-${two(day)} ${clockText(ms, zone)}`;
}

/** `2026-11-25 14:44:59.102345678 UTC+1` */
export function fullTimeText(seconds: number, nanos: number, zone: TimeZone): string {
  const ms = seconds * 1000;
  return `${dateTimeText(ms, zone)}.${String(nanos).padStart(9, "0")} ${offsetText(zone, ms)}`;
}

/** `2026-11-25 14:44:59` */
export function dateTimeText(ms: number, zone: TimeZone): string {
  const { year, month, day, hour, minute, second } = datePartsOf(ms, zone);
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** An axis label: no finer than the distance of two labels asks for. */
export function tickText(ms: number, zone: TimeZone, distanceMs: number): string {
  const { month, day, hour, minute, second, millisecond } = datePartsOf(ms, zone);
  if (distanceMs >= 86_400_000) {
    return `${two(month)}-${two(day)}`;
  }
  const startsDay = hour === 0 && minute === 0 && second === 0 && distanceMs >= 3_600_000;
  if (startsDay) {
    return `${two(month)}-${two(day)}`;
  }
  if (distanceMs >= 60_000) {
    return `${two(hour)}:${two(minute)}`;
  }
  const clock = `${two(hour)}:${two(minute)}:${two(second)}`;
  return distanceMs >= 1000 ? clock : `${clock}.${String(millisecond).padStart(3, "0")}`;
}

/** Both ends of a range, the date once when they share it. */
export function rangeText(startMs: number, endMs: number, zone: TimeZone): string {
  const start = dateTimeText(startMs, zone);
  const end = dateTimeText(endMs, zone);
  return start.slice(0, 10) === end.slice(0, 10) ? `${start} – ${end.slice(11)}` : `${start} – ${end}`;
}

/** How long: `340 ms`, `12 s`, `5 min`, `3 h`, `2 d`. */
export function durationText(ms: number): string {
  const units: readonly (readonly [number, string])[] = [
    [86_400_000, "d"],
    [3_600_000, "h"],
    [60_000, "min"],
    [1000, "s"],
  ];
  for (const [size, unit] of units) {
    if (ms >= size) {
      const value = ms / size;
      return `${value >= 10 || Number.isInteger(value) ? Math.round(value) : value.toFixed(1)} ${unit}`;
    }
  }
  return `${Math.round(ms)} ms`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
