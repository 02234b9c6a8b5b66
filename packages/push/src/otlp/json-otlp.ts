import { messageOf, ServiceError } from "@sluice/model";
import { isJsonObject, jsonText, shown, type JsonObject } from "../json-values.ts";
import { printValue, tooDeep, valueDepthMax, type Attribute, type AttributeValue } from "./attribute-value.ts";
import type { LogRecordSink } from "./log-record.ts";
import { severityNumbers } from "./severity-numbers.ts";

/**
 * Reads an ExportLogsServiceRequest in OpenTelemetry's form of JSON: ids in hexadecimal, 64-bit integers as strings or
 * numbers, enums as numbers or names, bytes in Base64, names in lowerCamelCase or snake_case. Null is as good as missing,
 * and unknown fields are passed over, as in the collector's reader, which Loki uses.
 *
 * @throws {ServiceError} `bad_data` when the body is no such request, and whatever the sink throws.
 */
export function readOtlpJson(body: Uint8Array, sink: LogRecordSink): void {
  const request = parseExact(jsonText(body));
  for (const resourceLogs of objectsOf(request, "resourceLogs", "resource_logs")) {
    sink.resource(attributesOf(objectOf(resourceLogs, "resource"), 0));
    for (const scopeLogs of objectsOf(resourceLogs, "scopeLogs", "scope_logs")) {
      const scope = objectOf(scopeLogs, "scope");
      sink.scope({
        name: textOf(scope, "name"),
        version: textOf(scope, "version"),
        attributes: attributesOf(scope, 0),
        droppedAttributesCount: uint32Of(scope, "droppedAttributesCount", "dropped_attributes_count"),
      });
      for (const record of objectsOf(scopeLogs, "logRecords", "log_records")) {
        readRecord(record, sink);
      }
    }
  }
}

function readRecord(record: JsonObject, sink: LogRecordSink): void {
  sink.record({
    timeNs: uint64Of(record, "timeUnixNano", "time_unix_nano"),
    observedNs: uint64Of(record, "observedTimeUnixNano", "observed_time_unix_nano"),
    severityNumber: severityOf(record),
    severityText: textOf(record, "severityText", "severity_text"),
    line: printValue(valueOf(objectOf(record, "body"), 0)),
    attributes: attributesOf(record, 0),
    droppedAttributesCount: uint32Of(record, "droppedAttributesCount", "dropped_attributes_count"),
    flags: uint32Of(record, "flags"),
    traceId: idOf(record, 32, "traceId", "trace_id"),
    spanId: idOf(record, 16, "spanId", "span_id"),
    eventName: textOf(record, "eventName", "event_name"),
  });
}

type Reviver = (name: string, value: unknown) => unknown;

/** Numbers that a double does not hold become their text: a time in nanoseconds may come without quotes. */
function parseExact(text: string): JsonObject {
  let value: unknown;
  try {
    value = /[:,[]\s*-?\d{16}/u.test(text) ? JSON.parse(text, keepLongNumbers as Reviver) : JSON.parse(text);
  } catch (error) {
    throw new ServiceError("bad_data", `cannot parse the request as JSON: ${messageOf(error)}`, { cause: error });
  }
  if (value === null) {
    return {};
  }
  if (!isJsonObject(value)) {
    throw new ServiceError("bad_data", `readObjectStart: expect { or n, but found ${shown(value)}`);
  }
  return value;
}

/** The third argument is ECMAScript 2026's "source text access", which TypeScript's library does not know yet. */
function keepLongNumbers(_name: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER ? context.source : value;
}

/** The value of the first of the names that the object has; undefined for null. */
function fieldOf(object: JsonObject, names: readonly string[]): unknown {
  for (const name of names) {
    if (Object.hasOwn(object, name)) {
      return object[name] ?? undefined;
    }
  }
  return undefined;
}

function objectOf(object: JsonObject, ...names: readonly string[]): JsonObject {
  const value = fieldOf(object, names) ?? {};
  if (!isJsonObject(value)) {
    throw wrong("an object", names, value);
  }
  return value;
}

function objectsOf(object: JsonObject, ...names: readonly string[]): readonly JsonObject[] {
  const values = listOf(object, names);
  for (const value of values) {
    if (value !== null && !isJsonObject(value)) {
      throw wrong("an array of objects", names, value);
    }
  }
  return values.map((value) => (value ?? {}) as JsonObject);
}

function listOf(object: JsonObject, names: readonly string[]): readonly unknown[] {
  const values = fieldOf(object, names) ?? [];
  if (!Array.isArray(values)) {
    throw wrong("an array", names, values);
  }
  return values;
}

function textOf(object: JsonObject, ...names: readonly string[]): string {
  const value = fieldOf(object, names) ?? "";
  if (typeof value !== "string") {
    throw wrong("a string", names, value);
  }
  return value;
}

function uint64Of(object: JsonObject, ...names: readonly string[]): bigint {
  const value = integerOf(fieldOf(object, names) ?? 0, names);
  if (BigInt.asUintN(64, value) !== value) {
    throw wrong("an unsigned integer of 64 bits", names, value);
  }
  return value;
}

function uint32Of(object: JsonObject, ...names: readonly string[]): number {
  const value = integerOf(fieldOf(object, names) ?? 0, names);
  if (BigInt.asUintN(32, value) !== value) {
    throw wrong("an unsigned integer of 32 bits", names, value);
  }
  return Number(value);
}

function integerOf(value: unknown, names: readonly string[]): bigint {
  if (
    (typeof value === "string" && value.length <= 20 && /^[+-]?\d+$/u.test(value)) ||
    (typeof value === "number" && Number.isSafeInteger(value))
  ) {
    return BigInt(value);
  }
  throw wrong("an integer", names, value);
}

function severityOf(record: JsonObject): number {
  const names = ["severityNumber", "severity_number"];
  const value = fieldOf(record, names) ?? 0;
  const number = typeof value === "string" ? severityNumbers.indexOf(value) : value;
  if (typeof number !== "number" || number === -1 || (number | 0) !== number) {
    throw wrong("a severity number", names, value);
  }
  return number;
}

function idOf(record: JsonObject, length: number, ...names: readonly string[]): string {
  const text = textOf(record, ...names);
  if (text !== "" && (text.length !== length || !/^[\da-f]+$/iu.test(text))) {
    throw wrong(`${length} hexadecimal digits`, names, text);
  }
  return /^0*$/u.test(text) ? "" : text.toLowerCase();
}

function attributesOf(object: JsonObject, depth: number, name = "attributes"): readonly Attribute[] {
  return objectsOf(object, name).map((attribute) => ({
    key: textOf(attribute, "key"),
    value: valueOf(objectOf(attribute, "value"), depth),
  }));
}

/** The last field of a value decides, as everywhere in protobuf. */
function valueOf(object: JsonObject, depth: number): AttributeValue {
  let value: AttributeValue;
  for (const name of Object.keys(object)) {
    const read = readers.get(name);
    if (read !== undefined) {
      value = read(object, name, depth);
    }
  }
  return value;
}

const readers = new Map<string, (object: JsonObject, name: string, depth: number) => AttributeValue>(
  (
    [
      ["stringValue", "string_value", (object, name) => textOf(object, name)],
      ["boolValue", "bool_value", boolOf],
      ["intValue", "int_value", int64Of],
      ["doubleValue", "double_value", doubleOf],
      ["bytesValue", "bytes_value", bytesOf],
      ["arrayValue", "array_value", arrayOf],
      ["kvlistValue", "kvlist_value", mapOf],
    ] satisfies readonly (readonly [
      string,
      string,
      (object: JsonObject, name: string, depth: number) => AttributeValue,
    ])[]
  ).flatMap(([camel, snake, read]) => [
    [camel, read],
    [snake, read],
  ]),
);

function boolOf(object: JsonObject, name: string): boolean {
  const value = object[name];
  if (typeof value !== "boolean") {
    throw wrong("true or false", [name], value);
  }
  return value;
}

function int64Of(object: JsonObject, name: string): bigint {
  const value = integerOf(object[name], [name]);
  if (BigInt.asIntN(64, value) !== value) {
    throw wrong("an integer of 64 bits", [name], value);
  }
  return value;
}

const namedDoubles = new Map([
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY],
]);

function doubleOf(object: JsonObject, name: string): number {
  const value = object[name];
  const number = typeof value !== "string" || value.trim() === "" ? value : (namedDoubles.get(value) ?? Number(value));
  if (typeof number !== "number" || (Number.isNaN(number) && value !== "NaN")) {
    throw wrong("a number", [name], value);
  }
  return number;
}

function bytesOf(object: JsonObject, name: string): Uint8Array {
  const text = textOf(object, name);
  if (!isBase64(text)) {
    throw wrong("Base64", [name], text);
  }
  return Buffer.from(text, "base64");
}

/** In either alphabet, padded or not. No expression with groups: V8 runs out of stack where they repeat over megabytes. */
function isBase64(text: string): boolean {
  const digits = text.replace(/={1,2}$/u, "");
  const rest = digits.length % 4;
  const padding = text.length - digits.length;
  return rest !== 1 && (padding === 0 || rest + padding === 4) && !/[^\w+/-]/u.test(digits);
}

function arrayOf(object: JsonObject, name: string, depth: number): AttributeValue {
  checkDepth(depth);
  return objectsOf(objectOf(object, name), "values").map((value) => valueOf(value, depth + 1));
}

function mapOf(object: JsonObject, name: string, depth: number): AttributeValue {
  checkDepth(depth);
  return new Map(attributesOf(objectOf(object, name), depth + 1, "values").map(({ key, value }) => [key, value]));
}

function checkDepth(depth: number): void {
  if (depth >= valueDepthMax) {
    throw tooDeep();
  }
}

function wrong(wanted: string, [name]: readonly string[], value: unknown): ServiceError {
  return new ServiceError("bad_data", `the field ${JSON.stringify(name)} must be ${wanted}, not ${shown(value)}`);
}
