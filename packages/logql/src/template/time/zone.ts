import { abbreviationOf } from "./zone-abbreviation.ts";

/** A time zone: Go's `time.Location`. Seconds are those since 1970. */
export interface Zone {
  readonly name: string;
  /** Seconds east of Greenwich at a time. */
  offsetAt(seconds: number): number;
  /** Its short name then, `CET`; empty when it has none. */
  abbreviationAt(seconds: number): string;
}

export const utc: Zone = { name: "UTC", offsetAt: () => 0, abbreviationAt: () => "UTC" };

/** The zone of the process in Go. Servers run in UTC, and so do templates here wherever they run. */
export const local: Zone = { name: "Local", offsetAt: () => 0, abbreviationAt: () => "UTC" };

/** A zone that is always so many seconds east. */
export function fixedZone(name: string, offset: number): Zone {
  return { name, offsetAt: () => offset, abbreviationAt: () => name };
}

/** The zone of an IANA name, or undefined when there is none; Go's `time.LoadLocation`. */
export function loadZone(name: string): Zone | undefined {
  if (name === "" || name === "UTC") {
    return utc;
  }
  if (name === "Local") {
    return local;
  }
  const known = zones.get(name);
  if (known !== undefined) {
    return known;
  }
  const zone = ianaZone(name);
  if (zone !== undefined) {
    // There are some 600 names, so that this stays small.
    zones.set(name, zone);
  }
  return zone;
}

/** What `Intl` knows of a zone never changes, and asking for it takes long. */
const zones = new Map<string, Zone>();

/** Offsets change on the quarter of an hour at the least. */
const stepSeconds = 900;

function ianaZone(name: string): Zone | undefined {
  const format = zoneFormat(name);
  if (format === undefined) {
    return undefined;
  }
  let cachedStep = Number.NaN;
  let cachedOffset = 0;
  const offsetAt = (seconds: number): number => {
    const step = Math.floor(seconds / stepSeconds);
    if (step !== cachedStep) {
      cachedStep = step;
      cachedOffset = intlOffset(format, step * stepSeconds);
    }
    return cachedOffset;
  };
  return {
    name,
    offsetAt,
    abbreviationAt: (seconds) => abbreviationOf(name, namedSeconds(seconds, offsetAt), offsetAt(seconds)),
  };
}

/** `Intl` has names from 1970 on: before, a time of that year with the same offset stands for another. */
function namedSeconds(seconds: number, offsetAt: (seconds: number) => number): number {
  const candidates = [1_209_600, 16_848_000];
  return seconds >= 0 ? seconds : (candidates.find((time) => offsetAt(time) === offsetAt(seconds)) ?? seconds);
}

function zoneFormat(name: string): Intl.DateTimeFormat | undefined {
  if (!/^[A-Z][\w+\-/]*$/u.test(name)) {
    return undefined;
  }
  try {
    const format = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      calendar: "iso8601",
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    });
    const resolved = format.resolvedOptions().timeZone;
    // Files of zones are found by their exact name.
    return resolved !== name && resolved.toLowerCase() === name.toLowerCase() ? undefined : format;
  } catch {
    return undefined;
  }
}

/** 1800: before, every place had the time of its own that it has then. */
const firstSeconds = -5_364_662_400;

/** A day before the last that a JavaScript date can be. */
const lastSeconds = 8.64e12 - 86_400;

function intlOffset(format: Intl.DateTimeFormat, seconds: number): number {
  const clamped = Math.max(firstSeconds, Math.min(lastSeconds, seconds));
  const fields: Record<string, string> = {};
  for (const { type, value } of format.formatToParts(clamped * 1000)) {
    fields[type] = value;
  }
  const date = new Date(0);
  date.setUTCFullYear(Number(fields["year"]), Number(fields["month"]) - 1, Number(fields["day"]));
  date.setUTCHours(Number(fields["hour"]), Number(fields["minute"]), Number(fields["second"]));
  return date.getTime() / 1000 - clamped;
}
