/** `local`, `UTC` or an IANA name. */
export type TimeZone = string;

export interface DateParts {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
}

/** No zone changes its offset within a quarter of an hour of a quarter of an hour. */
const offsetGrainMs = 900_000;
const offsetsMax = 5000;

/** The offset of a zone from UTC is looked up in `Intl` once per quarter of an hour: formatting a row is arithmetic. */
const offsets = new Map<string, number>();
const formats = new Map<string, Intl.DateTimeFormat>();

/** Milliseconds to add to UTC to get the zone's wall clock. A zone that the browser does not know is UTC. */
export function zoneOffsetMs(zone: TimeZone, ms: number): number {
  if (zone === "UTC") {
    return 0;
  }
  const grain = Math.floor(ms / offsetGrainMs);
  const key = `${zone} ${grain}`;
  const known = offsets.get(key);
  if (known !== undefined) {
    return known;
  }
  if (offsets.size >= offsetsMax) {
    offsets.clear();
  }
  const offset = lookUpOffset(zone, grain * offsetGrainMs);
  offsets.set(key, offset);
  return offset;
}

/** The wall clock of a zone at an instant. */
export function datePartsOf(ms: number, zone: TimeZone): DateParts {
  const date = new Date(ms + zoneOffsetMs(zone, ms));
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
  };
}

/** The instant at which a zone's wall clock shows a time; of two (clocks set back) the first. */
export function instantOf(parts: DateParts, zone: TimeZone): number {
  const { year, month, day, hour, minute, second, millisecond } = parts;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, millisecond);
  // The offset depends on the instant that is sought: try with the one a day before, then with what that gives.
  const early = wall - zoneOffsetMs(zone, wall - 86_400_000);
  if (early + zoneOffsetMs(zone, early) === wall) {
    return early;
  }
  return wall - zoneOffsetMs(zone, early);
}

/** `UTC`, `UTC+1`, `UTC+5:30`. */
export function offsetText(zone: TimeZone, ms: number): string {
  const minutes = Math.round(zoneOffsetMs(zone, ms) / 60_000);
  if (minutes === 0) {
    return "UTC";
  }
  const size = Math.abs(minutes);
  const rest = size % 60 === 0 ? "" : `:${String(size % 60).padStart(2, "0")}`;
  return `UTC${minutes < 0 ? "\u2212" : "+"}${Math.floor(size / 60)}${rest}`;
}

function lookUpOffset(zone: TimeZone, ms: number): number {
  if (zone === "local") {
    return -new Date(ms).getTimezoneOffset() * 60_000;
  }
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}

function formatOf(zone: TimeZone): Intl.DateTimeFormat {
  let format = formats.get(zone);
  if (format === undefined) {
    format = makeFormat(zone);
    formats.set(zone, format);
  }
  return format;
}

function makeFormat(timeZone: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = {
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  };
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone });
  } catch {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
  }
}
