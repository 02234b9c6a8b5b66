import { labelsFromRecord, messageOf, quoteGo, ServiceError, type EntryBatch, type Labels } from "@sluice/model";
import { JoinedBatches } from "./joined-batches.ts";
import { isJsonObject, jsonText, parsePushObject, shown, type JsonObject } from "./json-values.ts";
import { tooManyStreams, type PushLimits } from "./limits.ts";
import { zeroTimeSeconds, type PushedStream } from "./pushed-stream.ts";

/** How Loki begins the message about a value that it cannot read, before its own words. */
const lokiPrefix = "loghttp.PushRequest.Streams: []loghttp.LogProtoStream: unmarshalerDecoder: ";

const malformed = Object.freeze({
  array: "Value is array, but can't find closing ']' symbol",
  number: "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol",
  object: "Value looks like object, but can't find closing '}' symbol",
  overflow: "Value is number, but overflowed while parsing",
  string: "Value is string, but can't find closing '\"' symbol",
});

const integerPattern = /^-?\d+$/u;

/**
 * Reads the JSON form of a push: `{"streams":[{"stream":{"app":"x"},"values":[["<ns>","line",{"name":"value"}]]}]}`.
 *
 * As lenient as Loki: fields that nobody knows, further items of an entry, null or missing values, missing lines and
 * label values of any type (stored as their JSON text) are accepted.
 *
 * @throws {ServiceError} `bad_data` for a time that is no string of integer nanoseconds, a line that is no string,
 * and metadata that is no object of strings; `too_large` past `limits.streamsMax`.
 */
export function readJsonPush(body: Uint8Array, limits: PushLimits): readonly PushedStream[] {
  const text = jsonText(body);
  const request = parsePushObject(text);
  const sources = new NumberSources(text);
  const streams: PushedStream[] = [];
  for (const [streamIndex, stream] of arrayOf(request, "streams").entries()) {
    const where = `stream ${streamIndex}`;
    if (!isJsonObject(stream)) {
      throw invalid("object", `${where} must be an object, not ${shown(stream)}`);
    }
    const labels = readLabels(stream["stream"], where, (name) => sources.labelText(streamIndex, name));
    for (const batch of readEntries(stream["values"], where)) {
      streams.push({ labels, batch });
      if (streams.length > limits.streamsMax) {
        throw tooManyStreams(limits.streamsMax);
      }
    }
  }
  return streams;
}

function arrayOf(request: JsonObject, name: string): readonly unknown[] {
  const value = request[name] ?? [];
  if (!Array.isArray(value)) {
    throw new ServiceError(
      "bad_data",
      `loghttp.PushRequest.Streams: decode slice: expect [ or n, but found ${shown(value)} in ${JSON.stringify(name)}`,
    );
  }
  return value;
}

function readLabels(stream: unknown, where: string, otherText: (name: string) => string): string {
  if (stream === undefined) {
    return "{}";
  }
  if (!isJsonObject(stream)) {
    throw invalid("object", `the labels of ${where} must be an object, not ${shown(stream)}`);
  }
  const texts = Object.entries(stream).map(([name, value]): [string, string] => [
    name,
    typeof value === "string" ? value : otherText(name),
  ]);
  return printJsonLabels(labelsFromRecord(Object.fromEntries(texts)));
}

/** Like Loki it writes names as they are: a name that is none fails when the text is parsed, with a clear message. */
function printJsonLabels(labels: Labels): string {
  return `{${labels.map(({ name, value }) => `${name}=${quoteGo(value)}`).join(", ")}}`;
}

function readEntries(values: unknown, where: string): readonly EntryBatch[] {
  const batches = new JoinedBatches();
  if (values !== undefined && values !== null) {
    if (!Array.isArray(values)) {
      throw invalid("array", `the values of ${where} must be an array, not ${shown(values)}`);
    }
    for (const [i, value] of values.entries()) {
      if (value !== null) {
        readEntry(value, where, i, batches);
      }
    }
  }
  return batches.finish();
}

function readEntry(value: unknown, where: string, index: number, batches: JoinedBatches): void {
  if (!Array.isArray(value)) {
    throw invalid("array", `entry ${index} of ${where} must be an array, not ${shown(value)}`);
  }
  const [time, line = "", metadata]: readonly unknown[] = value;
  const { seconds, nanos } = readTime(time, where, index);
  if (typeof line !== "string") {
    throw invalid("string", `the line of entry ${index} of ${where} must be a string, not ${shown(line)}`);
  }
  batches.add(seconds, nanos, line, metadata === undefined ? undefined : readMetadata(metadata, where, index));
}

interface Time {
  readonly seconds: number;
  readonly nanos: number;
}

function readTime(time: unknown, where: string, index: number): Time {
  if (time === undefined) {
    return { seconds: zeroTimeSeconds, nanos: 0 };
  }
  const read = typeof time === "string" && integerPattern.test(time) ? splitNs(time) : undefined;
  if (read === undefined || read === "overflow") {
    const problem = `the timestamp of entry ${index} of ${where} must be a string of integer nanoseconds, not ${shown(time)}`;
    throw invalid(read ?? "number", problem);
  }
  return read;
}

/** Splits nanoseconds in decimal into seconds and the rest, without a BigInt; they must fit 64 bits. */
function splitNs(text: string): Time | "overflow" {
  const isNegative = text.startsWith("-");
  const digits = isNegative ? text.slice(1) : text;
  const seconds = Number(digits.slice(0, -9));
  const nanos = Number(digits.slice(-9));
  if (digits.length > 19 || seconds > 9_223_372_036 || (seconds === 9_223_372_036 && nanos > 854_775_807)) {
    return "overflow";
  }
  if (!isNegative || (seconds === 0 && nanos === 0)) {
    return { seconds, nanos };
  }
  return nanos === 0 ? { seconds: -seconds, nanos: 0 } : { seconds: -seconds - 1, nanos: 1e9 - nanos };
}

function readMetadata(metadata: unknown, where: string, index: number): Labels {
  if (!isJsonObject(metadata)) {
    throw invalid("object", `the metadata of entry ${index} of ${where} must be an object, not ${shown(metadata)}`);
  }
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== "string") {
      throw invalid(
        "string",
        `the metadata ${JSON.stringify(name)} of entry ${index} of ${where} must be a string, not ${shown(value)}`,
      );
    }
  }
  return labelsFromRecord(metadata as Readonly<Record<string, string>>);
}

function invalid(kind: keyof typeof malformed, problem: string): ServiceError {
  return new ServiceError("bad_data", `${lokiPrefix}${malformed[kind]}, error found: ${problem}`);
}

/**
 * The text of label values that are no strings, as the sender wrote it: `1.10` stays `1.10`. It costs a second parse,
 * which only such a request pays.
 */
class NumberSources {
  readonly #text: string;
  #request: JsonObject | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** @throws {ServiceError} `bad_data` when the request is nested so deeply that it cannot be walked. */
  labelText(streamIndex: number, name: string): string {
    try {
      this.#request ??= JSON.parse(this.#text, keepNumberSource as Reviver) as JsonObject;
      const streams = this.#request["streams"] as readonly JsonObject[];
      const value = (streams[streamIndex]!["stream"] as JsonObject)[name];
      return typeof value === "string" ? value : JSON.stringify(value);
    } catch (error) {
      throw new ServiceError(
        "bad_data",
        `cannot read the label ${JSON.stringify(name)} of stream ${streamIndex}: ${messageOf(error)}`,
        { cause: error },
      );
    }
  }
}

type Reviver = (name: string, value: unknown) => unknown;

/** The third argument is ECMAScript 2026's "source text access", which TypeScript's library does not know yet. */
function keepNumberSource(_name: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === "number" ? (context.source ?? String(value)) : value;
}
