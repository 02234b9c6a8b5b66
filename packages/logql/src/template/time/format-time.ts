import { dayNames, type LayoutPart, monthNames, parseLayout } from "./layout.ts";
import { type Calendar, calendarOf, type Time } from "./time.ts";

/** Prints a time by a layout, as Go's `Time.Format`. */
export function formatTime(time: Time, layout: string): string {
  const calendar = calendarOf(time);
  let text = "";
  for (const part of parseLayout(layout)) {
    text += part.literal + formatPart(part, time, calendar);
  }
  return text;
}

/** Prints a time as Go's `Time.String`. */
export function printTime(time: Time): string {
  return formatTime(time, "2006-01-02 15:04:05.999999999 -0700 MST");
}

function formatPart({ element, digits, separator }: LayoutPart, time: Time, calendar: Calendar): string {
  const { year, month, day, yearDay, weekday, hour, minute, second } = calendar;
  switch (element) {
    case undefined:
      return "";
    case "2006":
      return pad(year, 4);
    case "06":
      return pad(Math.abs(year) % 100, 2);
    case "January":
      return monthNames[month - 1]!;
    case "Jan":
      return monthNames[month - 1]!.slice(0, 3);
    case "1":
      return String(month);
    case "01":
      return pad(month, 2);
    case "Monday":
      return dayNames[weekday]!;
    case "Mon":
      return dayNames[weekday]!.slice(0, 3);
    case "2":
      return String(day);
    case "_2":
      return String(day).padStart(2);
    case "02":
      return pad(day, 2);
    case "__2":
      return String(yearDay).padStart(3);
    case "002":
      return pad(yearDay, 3);
    case "15":
      return pad(hour, 2);
    case "3":
      return String(hour % 12 || 12);
    case "03":
      return pad(hour % 12 || 12, 2);
    case "4":
      return String(minute);
    case "04":
      return pad(minute, 2);
    case "5":
      return String(second);
    case "05":
      return pad(second, 2);
    case "PM":
      return hour >= 12 ? "PM" : "AM";
    case "pm":
      return hour >= 12 ? "pm" : "am";
    case "fraction0":
      return separator + fractionDigits(time, digits);
    case "fraction9": {
      const fraction = fractionDigits(time, digits).replace(/0+$/u, "");
      return fraction === "" ? "" : separator + fraction;
    }
    case "MST":
      return time.zone.abbreviationAt(time.seconds) || formatOffset("-0700", calendar.offset);
    default:
      return formatOffset(element, calendar.offset);
  }
}

function fractionDigits({ nanoseconds }: Time, digits: number): string {
  // Go has no more than nine.
  return pad(nanoseconds, 9).slice(0, digits);
}

function formatOffset(element: string, offset: number): string {
  if (offset === 0 && element.startsWith("Z")) {
    return "Z";
  }
  const minutes = Math.trunc(offset / 60);
  const [hours, rest] = [Math.trunc(Math.abs(minutes) / 60), Math.abs(minutes) % 60];
  const colon = element.includes(":") ? ":" : "";
  let text = (minutes < 0 ? "-" : "+") + pad(hours, 2);
  if (element.length > 3) {
    text += colon + pad(rest, 2);
  }
  if (element.length > 6) {
    text += colon + pad(Math.abs(offset) % 60, 2);
  }
  return text;
}

function pad(value: number, width: number): string {
  return (value < 0 ? "-" : "") + String(Math.abs(value)).padStart(width, "0");
}
