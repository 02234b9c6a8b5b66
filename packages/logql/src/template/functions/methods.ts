import { nameOf, printValue } from "../print/printer.ts";
import { formatTime } from "../time/format-time.ts";
import { goTime } from "../time/go-time.ts";
import { type Calendar, calendarOf, nsOfTime, Time, timeFromNs, zeroTime } from "../time/time.ts";
import { local, utc } from "../time/zone.ts";
import { int, Integer, type Value } from "../values.ts";
import type { ParameterType, ParameterValues } from "./function.ts";

/** A method of a value, to be called with it. */
export interface Method {
  readonly parameters: readonly ParameterType[];
  readonly call: (receiver: Value, values: readonly Value[]) => Value;
}

/**
 * The method of a value, which times, durations, months and weekdays have; or the message that Go has for one that a
 * template cannot call. Undefined when there is none.
 */
export function methodOf(receiver: Value, name: string): Method | string | undefined {
  if (receiver instanceof Time) {
    return lookUp(timeMethods, name) ?? lookUp(uncallable, name);
  }
  if (!(receiver instanceof Integer) || nameOf(receiver) === undefined) {
    return undefined;
  }
  if (receiver.type === "time.Duration") {
    return lookUp(durationMethods, name);
  }
  return name === "String" ? { parameters: [], call: printValue } : undefined;
}

function lookUp<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function ofTime<const Types extends readonly ParameterType[]>(
  parameters: Types,
  call: (time: Time, values: { [Index in keyof Types]: ParameterValues[Types[Index]] }) => Value,
): Method {
  // The call checks the values against the parameters, and only times have these methods.
  return { parameters, call: call as unknown as Method["call"] };
}

function field(read: (calendar: Calendar) => number): Method {
  return ofTime([], (time) => int(read(calendarOf(time))));
}

function duration(ns: bigint): Integer {
  const [min, max] = [-(1n << 63n), (1n << 63n) - 1n];
  return new Integer("time.Duration", ns < min ? min : ns > max ? max : ns);
}

function int64(value: bigint): Integer {
  return new Integer("int64", value);
}

const timeMethods: Readonly<Record<string, Method>> = {
  Year: field(({ year }) => year),
  Month: ofTime([], (time) => new Integer("time.Month", BigInt(calendarOf(time).month))),
  Day: field(({ day }) => day),
  YearDay: field(({ yearDay }) => yearDay),
  Weekday: ofTime([], (time) => new Integer("time.Weekday", BigInt(calendarOf(time).weekday))),
  Hour: field(({ hour }) => hour),
  Minute: field(({ minute }) => minute),
  Second: field(({ second }) => second),
  Nanosecond: ofTime([], (time) => int(time.nanoseconds)),
  Unix: ofTime([], (time) => int64(BigInt(time.seconds))),
  UnixMilli: ofTime([], (time) => int64(floorDivide(nsOfTime(time), 1_000_000n))),
  UnixMicro: ofTime([], (time) => int64(floorDivide(nsOfTime(time), 1000n))),
  UnixNano: ofTime([], (time) => int64(nsOfTime(time))),
  Format: ofTime(["string"], (time, [layout]) => formatTime(time, layout)),
  String: ofTime([], (time) => printValue(time)),
  GoString: ofTime([], goTime),
  UTC: ofTime([], (time) => new Time(time.seconds, time.nanoseconds, utc)),
  Local: ofTime([], (time) => new Time(time.seconds, time.nanoseconds, local)),
  IsZero: ofTime([], (time) => nsOfTime(time) === nsOfTime(zeroTime)),
  Equal: ofTime(["time.Time"], (time, [other]) => nsOfTime(time) === nsOfTime(other)),
  Before: ofTime(["time.Time"], (time, [other]) => nsOfTime(time) < nsOfTime(other)),
  After: ofTime(["time.Time"], (time, [other]) => nsOfTime(time) > nsOfTime(other)),
  Compare: ofTime(["time.Time"], (time, [other]) => int(compareBigints(nsOfTime(time), nsOfTime(other)))),
  Sub: ofTime(["time.Time"], (time, [other]) => duration(nsOfTime(time) - nsOfTime(other))),
  Add: ofTime(["time.Duration"], (time, [amount]) => timeFromNs(nsOfTime(time) + amount.value, time.zone)),
};

/** Methods of more results than one, of which the second is no error. */
const uncallable: Readonly<Record<string, string>> = {
  Date: "function Date has 3 return values; should be 1 or 2",
  Clock: "function Clock has 3 return values; should be 1 or 2",
  ISOWeek: "invalid function signature for ISOWeek: second return value should be error; is int",
  Zone: "invalid function signature for Zone: second return value should be error; is int",
};

function ofDuration(compute: (ns: bigint) => Value): Method {
  return { parameters: [], call: (receiver) => compute((receiver as Integer).value) };
}

/** A duration in a unit, as a float: whole units and the rest apart, as Go adds them. */
function inUnits(unit: bigint): Method {
  return ofDuration((ns) => Number(ns / unit) + Number(ns % unit) / Number(unit));
}

const durationMethods: Readonly<Record<string, Method>> = {
  Hours: inUnits(3_600_000_000_000n),
  Minutes: inUnits(60_000_000_000n),
  Seconds: inUnits(1_000_000_000n),
  Milliseconds: ofDuration((ns) => int64(ns / 1_000_000n)),
  Microseconds: ofDuration((ns) => int64(ns / 1000n)),
  Nanoseconds: ofDuration((ns) => int64(ns)),
  Abs: ofDuration((ns) => duration(ns < 0n ? -ns : ns)),
  String: ofDuration((ns) => printValue(new Integer("time.Duration", ns))),
};

function floorDivide(value: bigint, by: bigint): bigint {
  return (value - (((value % by) + by) % by)) / by;
}

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
