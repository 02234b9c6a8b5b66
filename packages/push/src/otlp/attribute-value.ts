import { ServiceError } from "@sluice/model";

/**
 * The value of an OpenTelemetry attribute or of a record's body (AnyValue). Nothing is undefined, an integer is a bigint,
 * bytes are a Uint8Array; of a key that a map has twice the last one holds.
 */
export type AttributeValue =
  | undefined
  | string
  | boolean
  | bigint
  | number
  | Uint8Array
  | readonly AttributeValue[]
  | AttributeMap;

export type AttributeMap = ReadonlyMap<string, AttributeValue>;

export interface Attribute {
  readonly key: string;
  readonly value: AttributeValue;
}

/** How deep arrays and maps may lie in each other: whoever reads them calls itself. */
export const valueDepthMax = 100;

export function tooDeep(): ServiceError {
  return new ServiceError("bad_data", `a value has more than ${valueDepthMax} arrays and maps in each other`);
}

/**
 * The value as one text: numbers in decimal, bytes as Base64, arrays and maps as JSON with sorted keys.
 *
 * @see pdata's pcommon/value.go AsString, which Loki uses
 */
export function printValue(value: AttributeValue): string {
  switch (typeof value) {
    case "undefined":
      return "";
    case "string":
      return value;
    case "number":
      return printNumber(value);
    case "object":
      if (value instanceof Uint8Array) {
        return base64Of(value);
      }
      // Go's encoder answers with nothing at all when it meets a number that JSON does not have.
      return hasUnprintable(value) ? "" : printJson(value);
    default:
      return String(value);
  }
}

/** What JSON has no number for is the text of Go's error, as pdata has it. */
function printNumber(value: number): string {
  if (!Number.isFinite(value)) {
    return `json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`;
  }
  return Object.is(value, -0) ? "-0" : String(value);
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

function hasUnprintable(value: AttributeValue): boolean {
  if (typeof value === "number") {
    return !Number.isFinite(value);
  }
  if (typeof value !== "object" || value instanceof Uint8Array) {
    return false;
  }
  return [...value.values()].some(hasUnprintable);
}

function printJson(value: AttributeValue): string {
  switch (typeof value) {
    case "undefined":
      return "null";
    case "string":
      return quoteJson(value);
    case "number":
      return printNumber(value);
    case "object":
      break;
    default:
      return String(value);
  }
  if (value instanceof Uint8Array) {
    return quoteJson(base64Of(value));
  }
  if (value instanceof Map) {
    const fields = [...(value as AttributeMap)].sort(([a], [b]) => (a < b ? -1 : 1));
    return `{${fields.map(([key, field]) => `${quoteJson(key)}:${printJson(field)}`).join(",")}}`;
  }
  return `[${[...value.values()].map(printJson).join(",")}]`;
}

/** As Go writes it: with the two line separators escaped. */
function quoteJson(text: string): string {
  return JSON.stringify(text)
    .replaceAll("\u2028", String.raw`\u2028`)
    .replaceAll("\u2029", String.raw`\u2029`);
}
