import { dayNames, type LayoutElement, type LayoutPart, monthNames, parseLayout } from "./layout.ts";
import { daysInMonth, Time, timeOfDate } from "./time.ts";
import { fixedZone, utc, type Zone } from "./zone.ts";

/**
 * Reads a time by a layout, as Go's `time.ParseInLocation`.
 *
 * @param zone where the time is when the text does not say.
 * @returns undefined when the text does not fit the layout, or a field is out of range.
 */
export function parseTime(layout: string, text: string, zone: Zone): Time | undefined {
  const fields: Fields = { ...noFields };
  const parts = parseLayout(layout);
  let rest: string | undefined = text;
  for (const [i, part] of parts.entries()) {
    rest = skipLiteral(rest, part.literal);
    if (rest !== undefined && part.element !== undefined) {
      rest = readElement(fields, part, rest, parts[i + 1]!);
    }
    if (rest === undefined) {
      return undefined;
    }
  }
  return rest === "" ? timeOfFields(fields, zone) : undefined;
}

interface Fields {
  year: number;
  month: number | undefined;
  day: number | undefined;
  yearDay: number | undefined;
  hour: number;
  minute: number;
  second: number;
  nanoseconds: number;
  half: "am" | "pm" | undefined;
  isUtc: boolean;
  zoneOffset: number | undefined;
  zoneName: string;
}

const noFields: Fields = {
  year: 0,
  month: undefined,
  day: undefined,
  yearDay: undefined,
  hour: 0,
  minute: 0,
  second: 0,
  nanoseconds: 0,
  half: undefined,
  isUtc: false,
  zoneOffset: undefined,
  zoneName: "",
};

/** Takes a literal off the text; a run of spaces fits any other, also none at the end. */
function skipLiteral(text: string, literal: string): string | undefined {
  let rest = text;
  for (let i = 0; i < literal.length;) {
    if (literal[i] === " ") {
      if (rest !== "" && !rest.startsWith(" ")) {
        return undefined;
      }
      while (literal[i] === " ") {
        i++;
      }
      rest = rest.replace(/^ +/u, "");
      continue;
    }
    if (rest[0] !== literal[i]) {
      return undefined;
    }
    rest = rest.slice(1);
    i++;
  }
  return rest;
}

/** Takes an element off the text, and returns what is left; undefined when it is not there or out of range. */
function readElement(fields: Fields, part: LayoutPart, text: string, following: LayoutPart): string | undefined {
  switch (part.element) {
    case "06":
      return readShortYear(fields, text);
    case "2006":
      return readNumber(text, /^\d{4}/u, 0, 9999, (year) => (fields.year = year));
    case "January":
      return readName(text, monthNames, (index) => (fields.month = index + 1));
    case "Jan":
      return readName(text, shortMonthNames, (index) => (fields.month = index + 1));
    case "1":
    case "01":
      return readNumber(text, digitsOf(part.element), 1, 12, (month) => (fields.month = month));
    case "Monday":
      return readName(text, dayNames, ignore);
    case "Mon":
      return readName(text, shortDayNames, ignore);
    case "_2":
      return readNumber(text.replace(/^ /u, ""), digitsOf("2"), 0, 99, (day) => (fields.day = day));
    case "2":
    case "02":
      return readNumber(text, digitsOf(part.element), 0, 99, (day) => (fields.day = day));
    case "__2":
      return readNumber(text.replace(/^ {1,2}/u, ""), /^\d{1,3}/u, 0, 999, (day) => (fields.yearDay = day));
    case "002":
      return readNumber(text, /^\d{3}/u, 0, 999, (day) => (fields.yearDay = day));
    case "15":
      return readNumber(text, /^\d\d?/u, 0, 23, (hour) => (fields.hour = hour));
    case "3":
    case "03":
      return readNumber(text, digitsOf(part.element), 0, 12, (hour) => (fields.hour = hour));
    case "4":
    case "04":
      return readNumber(text, digitsOf(part.element), 0, 59, (minute) => (fields.minute = minute));
    case "5":
    case "05":
      return readSeconds(fields, part.element, text, following);
    case "PM":
    case "pm":
      return readHalf(fields, part.element, text);
    case "MST":
      return readZoneName(fields, text);
    case "fraction0":
      return readFraction(fields, text, 1 + part.digits);
    case "fraction9": {
      const fraction = /^[.,]\d+/u.exec(text)?.[0];
      return fraction === undefined ? text : readFraction(fields, text, fraction.length);
    }
    case undefined:
      return text;
    default:
      return readOffset(fields, part.element, text);
  }
}

const shortMonthNames = monthNames.map((name) => name.slice(0, 3));
const shortDayNames = dayNames.map((name) => name.slice(0, 3));

function ignore(): void {
  // A weekday must be one, and says nothing more.
}

/** Numbers written with a zero have two digits, others one or two. */
function digitsOf(element: string): RegExp {
  return element.length === 2 ? /^\d\d/u : /^\d\d?/u;
}

function readNumber(
  text: string,
  pattern: RegExp,
  min: number,
  max: number,
  set: (value: number) => void,
): string | undefined {
  const digits = pattern.exec(text)?.[0];
  if (digits === undefined || Number(digits) < min || Number(digits) > max) {
    return undefined;
  }
  set(Number(digits));
  return text.slice(digits.length);
}

function readName(text: string, names: readonly string[], set: (index: number) => void): string | undefined {
  const lower = text.slice(0, 9).toLowerCase();
  const index = names.findIndex((name) => lower.startsWith(name.toLowerCase()));
  if (index < 0) {
    return undefined;
  }
  set(index);
  return text.slice(names[index]!.length);
}

function readShortYear(fields: Fields, text: string): string | undefined {
  const year = atoi(text.slice(0, 2));
  if (text.length < 2 || year === undefined) {
    return undefined;
  }
  fields.year = year >= 69 ? year + 1900 : year + 2000;
  return text.slice(2);
}

/** Seconds may have a fraction though the layout has none. */
function readSeconds(fields: Fields, element: string, text: string, following: LayoutPart): string | undefined {
  const rest = readNumber(text, digitsOf(element), 0, 59, (second) => (fields.second = second));
  const fraction = /^[.,]\d+/u.exec(rest ?? "")?.[0];
  if (rest === undefined || fraction === undefined || isFraction(following.element)) {
    return rest;
  }
  return readFraction(fields, rest, fraction.length);
}

function isFraction(element: LayoutElement | undefined): boolean {
  return element === "fraction0" || element === "fraction9";
}

/** @param length of the digits and what is before them. */
function readFraction(fields: Fields, text: string, length: number): string | undefined {
  if (text.length < length || !/^[.,]/u.test(text)) {
    return undefined;
  }
  const digits = text.slice(1, Math.min(length, 10));
  const value = atoi(digits);
  if (value === undefined || value < 0) {
    return undefined;
  }
  fields.nanoseconds = value * 10 ** (9 - digits.length);
  return text.slice(length);
}

/** Reads digits with an optional sign. */
function atoi(text: string): number | undefined {
  const digits = /^[+-]?(\d*)$/u.exec(text)?.[1];
  return digits === undefined ? undefined : text.startsWith("-") ? 0 - Number(digits) : Number(digits);
}

function readHalf(fields: Fields, element: "PM" | "pm", text: string): string | undefined {
  const half = text.slice(0, 2);
  const expected = element === "PM" ? ["AM", "PM"] : ["am", "pm"];
  if (!expected.includes(half)) {
    return undefined;
  }
  fields.half = half.toLowerCase() as "am" | "pm";
  return text.slice(2);
}

function readOffset(fields: Fields, element: LayoutElement, text: string): string | undefined {
  if (element.startsWith("Z") && text.startsWith("Z")) {
    fields.isUtc = true;
    return text.slice(1);
  }
  const groups = offsetPatterns[element.slice(1)]!.exec(text);
  if (groups === null) {
    return undefined;
  }
  const [whole, sign, hours, minutes = "0", seconds = "0"] = groups;
  if (Number(hours) > 24 || Number(minutes) > 60 || Number(seconds) > 60) {
    return undefined;
  }
  const offset = (Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds);
  fields.zoneOffset = sign === "-" ? -offset : offset;
  return text.slice(whole.length);
}

const offsetPatterns: Readonly<Record<string, RegExp>> = {
  "07": /^([+-])(\d\d)/u,
  "0700": /^([+-])(\d\d)(\d\d)/u,
  "070000": /^([+-])(\d\d)(\d\d)(\d\d)/u,
  "07:00": /^([+-])(\d\d):(\d\d)/u,
  "07:00:00": /^([+-])(\d\d):(\d\d):(\d\d)/u,
};

function readZoneName(fields: Fields, text: string): string | undefined {
  if (text.startsWith("UTC")) {
    fields.isUtc = true;
    return text.slice(3);
  }
  const name = zoneNameAt(text);
  if (name === undefined) {
    return undefined;
  }
  fields.zoneName = name;
  return text.slice(name.length);
}

/** The name of a zone at the start of a text: three to five capitals, or a number of hours. */
function zoneNameAt(text: string): string | undefined {
  const special = /^(?:ChST|MeST)/u.exec(text)?.[0];
  if (special !== undefined) {
    return special;
  }
  if (text.startsWith("GMT")) {
    return `GMT${signedHours(text.slice(3))}`;
  }
  if (/^[+-]/u.test(text)) {
    return text.length < 3 ? undefined : signedHours(text) || undefined;
  }
  const capitals = /^[A-Z]{0,6}/u.exec(text)![0];
  const valid =
    capitals.length === 3 ||
    (capitals.length === 4 && (capitals.endsWith("T") || capitals === "WITA")) ||
    (capitals.length === 5 && capitals.endsWith("T"));
  return valid ? capitals : undefined;
}

function signedHours(text: string): string {
  const hours = /^[+-](\d+)/u.exec(text);
  return hours !== null && Number(hours[1]) <= 23 ? hours[0] : "";
}

function timeOfFields(fields: Fields, zone: Zone): Time | undefined {
  const date = dateOfFields(fields);
  if (date === undefined) {
    return undefined;
  }
  const hour =
    fields.half === "pm" && fields.hour < 12
      ? fields.hour + 12
      : fields.half === "am" && fields.hour === 12
        ? 0
        : fields.hour;
  const secondOfDay = (hour * 60 + fields.minute) * 60 + fields.second;
  const inZone = (where: Zone): Time => timeOfDate(date, secondOfDay, fields.nanoseconds, where);
  if (fields.isUtc) {
    return inZone(utc);
  }
  const { zoneOffset, zoneName } = fields;
  // Go marks "no offset" by -1.
  if (zoneOffset !== undefined && zoneOffset !== -1) {
    const given = inZone(fixedZone(zoneName, zoneOffset));
    const fits =
      zone.offsetAt(given.seconds) === zoneOffset &&
      (zoneName === "" || zone.abbreviationAt(given.seconds) === zoneName);
    return fits ? inZoneOf(given, zone) : given;
  }
  return zoneName === "" ? inZone(zone) : inNamedZone(zoneName, inZone, zone);
}

const halfYearSeconds = 15_768_000;

function inZoneOf(time: Time, zone: Zone): Time {
  return new Time(time.seconds, time.nanoseconds, zone);
}

/**
 * A name means the zone asked for when that has it, at the time or in the other half of a year; otherwise its offset is
 * not known, and taken for 0.
 */
function inNamedZone(name: string, inZone: (zone: Zone) => Time, zone: Zone): Time {
  const time = inZone(zone);
  for (const seconds of [time.seconds, time.seconds - halfYearSeconds, time.seconds + halfYearSeconds]) {
    if (zone.abbreviationAt(seconds) === name) {
      return inZoneOf(inZone(fixedZone(name, zone.offsetAt(seconds))), zone);
    }
  }
  // Go takes the clock for that of UTC even then.
  const { seconds, nanoseconds } = inZone(utc);
  return new Time(seconds, nanoseconds, fixedZone(name, /^GMT./u.test(name) ? Number(name.slice(3)) * 3600 : 0));
}

function dateOfFields(fields: Fields): { year: number; month: number; day: number } | undefined {
  const { year } = fields;
  let { month, day } = fields;
  if (fields.yearDay !== undefined) {
    const date = dateOfYearDay(year, fields.yearDay);
    if (date === undefined || (month ?? date.month) !== date.month || (day ?? date.day) !== date.day) {
      return undefined;
    }
    ({ month, day } = date);
  }
  month ??= 1;
  day ??= 1;
  return day < 1 || day > daysInMonth(year, month) ? undefined : { year, month, day };
}

function dateOfYearDay(year: number, yearDay: number): { month: number; day: number } | undefined {
  let month = 1;
  let day = yearDay;
  while (month <= 12 && day > daysInMonth(year, month)) {
    day -= daysInMonth(year, month);
    month++;
  }
  return yearDay < 1 || month > 12 ? undefined : { month, day };
}
