import { bytesOf } from "../go-string.ts";
import { printGoDuration } from "../../units/go-duration.ts";
import { type Flags, noFlags, pad, truncateTo } from "./flags.ts";
import { formatFloat } from "./format-float.ts";
import { formatInteger } from "./format-integer.ts";
import { canBackquote, quote } from "./quote.ts";
import { dayNames, monthNames } from "../time/layout.ts";
import { printTime } from "../time/format-time.ts";
import { goTime } from "../time/go-time.ts";
import { Time } from "../time/time.ts";
import {
  Complex,
  type Concrete,
  concrete,
  Integer,
  JsonList,
  JsonMap,
  LabelMap,
  typeName,
  type Value,
} from "../values.ts";

/** How deep maps and lists in one another are printed; Go's JSON has no deeper ones. */
const depthMax = 10_000;

/** Prints a value as `{{.}}` and `print` do, Go's `%v`. */
export function printValue(value: Value): string {
  return typeof value === "string" ? value : printWithVerb(value, "v", noFlags);
}

/** Prints a value by a verb of Go's `fmt`; a wrong verb shows, as `%!d(string=x)`. */
export function printWithVerb(given: Value, verb: string, flags: Readonly<Flags>): string {
  const value = concrete(given);
  if (value === undefined) {
    return verb === "v" || verb === "T" ? pad("<nil>", flags) : `%!${verb}(<nil>)`;
  }
  if (verb === "T") {
    return pad(truncateTo(flags, typeName(value)), flags);
  }
  return printPart(value, verb, flags, 0);
}

function printPart(value: Exclude<Concrete, undefined>, verb: string, flags: Readonly<Flags>, depth: number): string {
  const text =
    textOfMethods(value, verb, flags) ??
    (verb === "p" || verb === "w" ? undefined : printPlain(value, verb, flags, depth));
  return text ?? `%!${verb}(${typeName(value)}=${printPlain(value, "v", flags, 0) ?? ""})`;
}

/** What values print that have a method for it: times, months, durations. */
function textOfMethods(value: Value, verb: string, flags: Readonly<Flags>): string | undefined {
  if (flags.sharpV) {
    return value instanceof Time ? pad(goTime(value), flags) : undefined;
  }
  if (!/^[vsxXq]$/u.test(verb)) {
    return undefined;
  }
  const text = value instanceof Time ? printTime(value) : value instanceof Integer ? nameOf(value) : undefined;
  return text === undefined ? undefined : formatString(text, verb, flags);
}

/** The text of an integer whose type has a `String` method. */
export function nameOf({ type, value }: Integer): string | undefined {
  switch (type) {
    case "time.Month":
      return monthNames[Number(value) - 1] ?? `%!Month(${value})`;
    case "time.Weekday":
      return dayNames[Number(value)] ?? `%!Weekday(${value})`;
    case "time.Duration":
      return printGoDuration(Number(value));
    default:
      return undefined;
  }
}

function printPlain(value: Value, verb: string, flags: Readonly<Flags>, depth: number): string | undefined {
  switch (typeof value) {
    case "string":
      return formatString(value, verb, flags);
    case "number":
      return formatFloat(value, verb, flags);
    case "boolean":
      return verb === "t" || verb === "v" ? pad(String(value), flags) : undefined;
    default:
      break;
  }
  if (value instanceof Integer) {
    return formatInteger(value.value, verb, value.type !== "uint8", flags);
  }
  if (value instanceof Complex) {
    const real = formatFloat(value.real, verb, flags);
    const imaginary = formatFloat(value.imaginary, verb, { ...flags, plus: true });
    return real === undefined || imaginary === undefined ? undefined : `(${real}${imaginary}i)`;
  }
  if (value instanceof Time) {
    return `{${[value.nanoseconds, value.seconds].map((part) => printWithVerb(new Integer("int64", BigInt(part)), verb, flags)).join(" ")}}`;
  }
  return printCollection(value, verb, flags, depth);
}

function printCollection(value: Value, verb: string, flags: Readonly<Flags>, depth: number): string {
  if (depth > depthMax) {
    return "";
  }
  const separator = flags.sharpV ? ", " : " ";
  const item = (part: Value): string => printItem(part, verb, flags, depth + 1);
  if (value instanceof JsonList) {
    const items = Array.from({ length: value.length }, (_, i) => item(value.at(i))).join(separator);
    return flags.sharpV ? `${typeName(value)}{${items}}` : `[${items}]`;
  }
  const entries = value instanceof LabelMap || value instanceof JsonMap ? value.entries() : [];
  const items = entries.map(([key, part]) => `${item(key)}:${item(part)}`).join(separator);
  return flags.sharpV ? `${typeName(value)}{${items}}` : `map[${items}]`;
}

function printItem(given: Value, verb: string, flags: Readonly<Flags>, depth: number): string {
  const value = concrete(given);
  if (value === undefined) {
    return flags.sharpV ? "interface {}(nil)" : "<nil>";
  }
  return printPart(value, verb, flags, depth);
}

function formatString(text: string, verb: string, flags: Readonly<Flags>): string | undefined {
  switch (verb) {
    case "v":
      return flags.sharpV ? formatQuoted(text, flags) : pad(truncateTo(flags, text), flags);
    case "s":
      return pad(truncateTo(flags, text), flags);
    case "q":
      return formatQuoted(text, flags);
    case "x":
      return formatHexadecimal(text, flags);
    case "X":
      return formatHexadecimal(text, flags).toUpperCase();
    default:
      return undefined;
  }
}

function formatQuoted(given: string, flags: Readonly<Flags>): string {
  const text = truncateTo(flags, given);
  return pad(flags.sharp && canBackquote(text) ? `\`${text}\`` : quote(text, '"', flags.plus), flags);
}

function formatHexadecimal(text: string, flags: Readonly<Flags>): string {
  const bytes = bytesOf(text);
  const shown = Array.from(bytes.subarray(0, flags.precision ?? bytes.length), (byte) =>
    byte.toString(16).padStart(2, "0"),
  );
  const prefix = flags.sharp && shown.length > 0 ? "0x" : "";
  return pad(prefix + shown.join(flags.space ? ` ${prefix}` : ""), flags);
}
