import { utc, type Zone } from "./zone.ts";

/** A moment with nanoseconds, shown in a zone: Go's `time.Time`. */
export class Time {
  /** Whole seconds since 1970, rounded down. */
  readonly seconds: number;
  /** From 0 to 999,999,999. */
  readonly nanoseconds: number;
  readonly zone: Zone;

  constructor(seconds: number, nanoseconds: number, zone: Zone) {
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.zone = zone;
  }
}

/** The first moment of the year 1: what Go has for no time. */
export const zeroTime = new Time(-62_135_596_800, 0, utc);

/** The time so many nanoseconds after 1970. */
export function timeFromNs(ns: bigint, zone: Zone): Time {
  const nanoseconds = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return new Time(Number((ns - nanoseconds) / 1_000_000_000n), Number(nanoseconds), zone);
}

/** Nanoseconds since 1970, exactly; Go's `UnixNano` keeps 64 bits of it. */
export function nsOfTime(time: Time): bigint {
  return BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanoseconds);
}

/** A time on the calendar and clock of its zone. */
export interface Calendar {
  readonly year: number;
  /** From 1. */
  readonly month: number;
  readonly day: number;
  /** From 1. */
  readonly yearDay: number;
  /** From 0, Sunday. */
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Seconds east. */
  readonly offset: number;
}

const secondsPerDay = 86_400;

export function calendarOf(time: Time): Calendar {
  const offset = time.zone.offsetAt(time.seconds);
  const seconds = time.seconds + offset;
  const days = Math.floor(seconds / secondsPerDay);
  const clock = seconds - days * secondsPerDay;
  const { year, month, day } = dateOfDays(days);
  return {
    year,
    month,
    day,
    yearDay: days - daysOfDate(year, 1, 1) + 1,
    weekday: (((days + 4) % 7) + 7) % 7,
    hour: Math.floor(clock / 3600),
    minute: Math.floor(clock / 60) % 60,
    second: clock % 60,
    offset,
  };
}

/** Days from 1970-01-01 to a date of the Gregorian calendar; a month outside 1 to 12 counts on. */
function daysOfDate(year: number, month: number, day: number): number {
  const y = year + Math.floor((month - 1) / 12);
  const m = (((month - 1) % 12) + 12) % 12;
  // Years begin in March here, so that the leap day is the last of one.
  const shifted = m < 2 ? y - 1 : y;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((m + 10) % 12) + 2) / 5) + day - 1;
  return (
    era * 146_097 + yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear - 719_468
  );
}

function dateOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return { year, month, day: dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1 };
}

/** How many days a month has. */
export function daysInMonth(year: number, month: number): number {
  return daysOfDate(year, month + 1, 1) - daysOfDate(year, month, 1);
}

/**
 * The time that a zone's clocks show so: Go's `time.Date`. When they show it twice or never, it is one of the two that
 * the offsets around it give.
 */
export function timeOfDate(
  { year, month, day }: { readonly year: number; readonly month: number; readonly day: number },
  secondOfDay: number,
  nanoseconds: number,
  zone: Zone,
): Time {
  const shown = daysOfDate(year, month, day) * secondsPerDay + secondOfDay;
  const guess = zone.offsetAt(shown);
  const offset = guess === 0 ? 0 : zone.offsetAt(shown - guess);
  return new Time(shown - offset, nanoseconds, zone);
}
