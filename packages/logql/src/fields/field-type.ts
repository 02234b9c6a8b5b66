import { parseByteSize, printByteSize } from "../units/byte-size.ts";
import { parseGoDurationNs } from "../units/go-duration.ts";
import { parseGoFloat } from "../units/go-float.ts";

export type FieldType = "int" | "float" | "boolean" | "duration" | "bytes" | "string";

const booleans = new Set(["1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"]);

/** The first type that the value can be read as. @see Loki's pkg/querier/queryrange/detected_fields.go determineType */
export function fieldTypeOf(value: string): FieldType {
  if (isInt64(value)) {
    return "int";
  }
  if (isReadBy(parseGoFloat, value)) {
    return "float";
  }
  if (booleans.has(value)) {
    return "boolean";
  }
  if (isReadBy(parseGoDurationNs, value)) {
    return "duration";
  }
  return isReadBy(parseByteSize, value) ? "bytes" : "string";
}

const byteUnits = [
  "b",
  ...["k", "m", "g", "t", "p", "e"].flatMap((letter) => [`${letter}ib`, `${letter}b`, `${letter}i`, letter]),
];

/** A size as a query can compare with it, `1.5kB` for `1.5 KB`; every other value as it is. */
export function queryValueOf(value: string): string {
  const text = value.toLowerCase();
  if (!byteUnits.some((unit) => text.endsWith(unit)) || !isReadBy(parseByteSize, value)) {
    return value;
  }
  return printByteSize(parseByteSize(value));
}

/** A value whose last part is an id is no use as a label: numbers and UUIDs. */
export function isId(value: string): boolean {
  return isReadBy(parseGoFloat, value) || isUuid(value);
}

const hexadecimal = /^[\da-f]{32}$/iu;
const dashed = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/iu;

/** In one of the four forms that Google's uuid package reads. */
function isUuid(value: string): boolean {
  const inner = /^urn:uuid:(.*)$/iu.exec(value)?.[1] ?? /^\{(.*)\}$/u.exec(value)?.[1] ?? value;
  return dashed.test(inner) || hexadecimal.test(value);
}

function isInt64(value: string): boolean {
  return /^[+-]?\d+$/u.test(value) && value.length <= 64 && BigInt.asIntN(64, BigInt(value)) === BigInt(value);
}

function isReadBy(parse: (text: string) => number, value: string): boolean {
  try {
    parse(value);
    return true;
  } catch {
    return false;
  }
}
