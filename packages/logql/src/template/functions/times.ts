import { quoteGo } from "@sluice/model";
import { CallError } from "../template-error.ts";
import { formatTime } from "../time/format-time.ts";
import { parseTime } from "../time/parse-time.ts";
import { nsOfTime, Time, timeFromNs, zeroTime } from "../time/time.ts";
import { loadZone, local, utc } from "../time/zone.ts";
import { Integer, type Value } from "../values.ts";
import { fixed, type FunctionTable } from "./function.ts";

/** Dates and times. Layouts are those of Go, `2006-01-02T15:04:05Z07:00`. */
export const timeFunctions: FunctionTable = {
  __timestamp__: fixed([], (_, { context }) => timeFromNs(context.timestampNs, local)),
  __line__: fixed([], (_, { context }) => context.line),
  now: fixed([], () => now()),
  date: fixed(["string", "interface {}"], ([layout, value]) => formatTime(inLocal(timeOf(value)), layout)),
  toDate: fixed(["string", "string"], ([layout, text]) => parseTime(layout, text, local) ?? zeroTime),
  toDateInZone: fixed(["string", "string", "string"], ([layout, zone, text], execution) => {
    execution.spend(zoneWork);
    return parseTime(layout, text, loadZone(zone) ?? utc) ?? zeroTime;
  }),
  unixEpoch: fixed(["time.Time"], ([time]) => String(time.seconds)),
  unixEpochMillis: fixed(["time.Time"], ([time]) =>
    String(BigInt.asIntN(64, BigInt(time.seconds) * 1000n + BigInt(Math.floor(time.nanoseconds / 1e6)))),
  ),
  unixEpochNanos: fixed(["time.Time"], ([time]) => String(BigInt.asIntN(64, nsOfTime(time)))),
  unixToTime: fixed(["string"], ([text]) => unixToTime(text)),
};

/** What it costs to look for a zone, which `Intl` is slow at. */
const zoneWork = 100;

/** The only thing in a template that is not the same each time. */
function now(): Time {
  return timeFromNs(BigInt(Date.now()) * 1_000_000n, local);
}

/** A time, or seconds since 1970; sprig takes anything else for now. */
function timeOf(value: Value): Time {
  if (value instanceof Time) {
    return value;
  }
  return value instanceof Integer && (value.type === "int" || value.type === "int64")
    ? new Time(Number(value.value), 0, local)
    : now();
}

function inLocal({ seconds, nanoseconds }: Time): Time {
  return new Time(seconds, nanoseconds, local);
}

/** Nanoseconds of a unit, by how many digits a time of our days has in it. */
const unitsByLength: Readonly<Record<number, bigint>> = {
  5: 86_400_000_000_000n,
  10: 1_000_000_000n,
  13: 1_000_000n,
  16: 1000n,
  19: 1n,
};

/** Days, seconds, milliseconds, microseconds or nanoseconds since 1970. */
function unixToTime(text: string): Time {
  const [, sign, digits] = /^([+-]?)0*(\d+)$/u.exec(text) ?? [];
  const integer = digits === undefined || digits.length > 19 ? undefined : BigInt(sign === "-" ? `-${digits}` : digits);
  if (integer === undefined || BigInt.asIntN(64, integer) !== integer) {
    const problem = digits === undefined ? "invalid syntax" : "value out of range";
    throw new CallError(`unable to parse time '${text}': strconv.ParseInt: parsing ${quoteGo(text)}: ${problem}`);
  }
  const unit = unitsByLength[text.length];
  if (unit === undefined) {
    throw new CallError(`unable to parse time '${text}': %!w(<nil>)`);
  }
  const ns = integer * unit;
  return timeFromNs(unit < 1_000_000_000n ? BigInt.asIntN(64, ns) : ns, local);
}
