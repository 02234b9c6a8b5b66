import { compareGoStrings } from "../go-string.ts";
import { noFlags } from "../print/flags.ts";
import { printValue, printWithVerb } from "../print/printer.ts";
import { CallError } from "../template-error.ts";
import { Complex, concrete, Integer, JsonList, JsonMap, LabelMap, typeName, type Value } from "../values.ts";
import { nsOfTime, Time } from "../time/time.ts";
import { fixed, type FunctionTable, variadic } from "./function.ts";

/** `eq`, `ne`, `lt`, `le`, `gt`, `ge` of Go's `text/template`. */
export const comparisonFunctions: FunctionTable = {
  eq: variadic(["reflect.Value"], "reflect.Value", ([first], rest) => equalsAny(first, rest)),
  ne: fixed(["reflect.Value", "reflect.Value"], ([a, b]) => !equalsAny(a, [b])),
  lt: fixed(["reflect.Value", "reflect.Value"], ([a, b]) => isLess(a, b)),
  le: fixed(["reflect.Value", "reflect.Value"], ([a, b]) => isLessOrEqual(a, b)),
  gt: fixed(["reflect.Value", "reflect.Value"], ([a, b]) => !isLessOrEqual(a, b)),
  ge: fixed(["reflect.Value", "reflect.Value"], ([a, b]) => !isLess(a, b)),
};

type Kind = "bool" | "complex" | "float" | "int" | "string" | "uint";

function kindOf(value: Value): Kind | undefined {
  switch (typeof value) {
    case "boolean":
      return "bool";
    case "number":
      return "float";
    case "string":
      return "string";
    default:
      break;
  }
  if (value instanceof Integer) {
    return value.type === "uint8" ? "uint" : "int";
  }
  return value instanceof Complex ? "complex" : undefined;
}

function equalsAny(given: Value, others: readonly Value[]): boolean {
  const first = concrete(given);
  if (others.length === 0) {
    throw new CallError("missing argument for comparison");
  }
  return others.some((other) => equals(first, concrete(other)));
}

function equals(a: Value, b: Value): boolean {
  const kind = kindOf(a);
  if (a instanceof Integer && b instanceof Integer) {
    // Signed and unsigned ones compare by what they are worth.
    return a.value === b.value;
  }
  if (kind !== kindOf(b)) {
    if (a !== undefined && b !== undefined) {
      throw incompatible(a, b);
    }
    return false;
  }
  if (kind === "complex") {
    return a instanceof Complex && b instanceof Complex && a.real === b.real && a.imaginary === b.imaginary;
  }
  return kind === undefined ? equalObjects(a, b) : a === b;
}

function incompatible(a: Value, b: Value): CallError {
  return new CallError(`incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}

/** Maps and lists only compare with nil. */
function equalObjects(a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) {
    return a === b;
  }
  if (kindOfObject(a) !== kindOfObject(b)) {
    throw new CallError(`non-comparable types ${printAsText(a)}: ${typeName(a)}, ${typeName(b)}: ${printValue(b)}`);
  }
  if (a instanceof Time && b instanceof Time) {
    return nsOfTime(a) === nsOfTime(b) && a.zone === b.zone;
  }
  throw new CallError(`non-comparable type ${printAsText(b)}: ${typeName(b)}`);
}

/** Go prints these by `%s`, whatever they are. */
function printAsText(value: Value): string {
  return printWithVerb(value, "s", noFlags);
}

function kindOfObject(value: Value): string {
  return value instanceof LabelMap || value instanceof JsonMap ? "map" : value instanceof JsonList ? "slice" : "struct";
}

function isLess(givenA: Value, givenB: Value): boolean {
  const a = concrete(givenA);
  const b = concrete(givenB);
  const kind = kindOf(a);
  const other = kindOf(b);
  if (kind === undefined || other === undefined) {
    throw new CallError("invalid type for comparison");
  }
  if (a instanceof Integer && b instanceof Integer) {
    return a.value < b.value;
  }
  if (kind !== other) {
    throw incompatible(a, b);
  }
  if (typeof a === "number" && typeof b === "number") {
    return a < b;
  }
  if (typeof a === "string" && typeof b === "string") {
    return compareGoStrings(a, b) < 0;
  }
  throw new CallError("invalid type for comparison");
}

function isLessOrEqual(a: Value, b: Value): boolean {
  return isLess(a, b) || equalsAny(a, [b]);
}
