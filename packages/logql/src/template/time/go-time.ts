import { monthNames } from "./layout.ts";
import { calendarOf, type Time } from "./time.ts";

/** Prints a time as Go source, its `GoString`. */
export function goTime(time: Time): string {
  const { year, month, day, hour, minute, second } = calendarOf(time);
  const { name } = time.zone;
  const zone = name === "UTC" || name === "Local" ? `time.${name}` : `time.Location(${JSON.stringify(name)})`;
  const fields = [day, hour, minute, second, time.nanoseconds].join(", ");
  return `time.Date(${year}, time.${monthNames[month - 1]!}, ${fields}, ${zone})`;
}
