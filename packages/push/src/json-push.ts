import { labelsFromRecord, nsPerSecond, quoteGo, ServiceError, type Entry, type Labels } from "@sluice/model";
import { batchesOf, isJsonObject, jsonText, parsePushObject, shown, type JsonObject } from "./json-values.ts";
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
    for (const batch of batchesOf(readEntries(stream["values"], where))) {
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

function readEntries(values: unknown, where: string): readonly Entry[] {
  if (values === undefined || values === null) {
    return [];
  }
  if (!Array.isArray(values)) {
    throw invalid("array", `the values of ${where} must be an array, not ${shown(values)}`);
  }
  const entries: Entry[] = [];
  for (const [i, value] of values.entries()) {
    if (value !== null) {
      entries.push(readEntry(value, where, i));
    }
  }
  return entries;
}

function readEntry(value: unknown, where: string, index: number): Entry {
  if (!Array.isArray(value)) {
    throw invalid("array", `entry ${index} of ${where} must be an array, not ${shown(value)}`);
  }
  const [time, line = "", metadata]: readonly unknown[] = value;
  const timestampNs = readTimestampNs(time, where, index);
  if (typeof line !== "string") {
    throw invalid("string", `the line of entry ${index} of ${where} must be a string, not ${shown(line)}`);
  }
  const labels = metadata === undefined ? undefined : readMetadata(metadata, where, index);
  return labels === undefined || labels.length === 0 ? { timestampNs, line } : { timestampNs, line, metadata: labels };
}

function readTimestampNs(time: unknown, where: string, index: number): bigint {
  if (time === undefined) {
    return BigInt(zeroTimeSeconds) * nsPerSecond;
  }
  const problem = `the timestamp of entry ${index} of ${where} must be a string of integer nanoseconds, not ${shown(time)}`;
  if (typeof time !== "string" || !/^-?\d+$/u.test(time)) {
    throw invalid("number", problem);
  }
  // The length is checked first: a BigInt of a million digits takes seconds.
  const ns = time.length <= 20 ? BigInt(time) : undefined;
  if (ns === undefined || BigInt.asIntN(64, ns) !== ns) {
    throw invalid("overflow", problem);
  }
  return ns;
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

  labelText(streamIndex: number, name: string): string {
    this.#request ??= JSON.parse(this.#text, keepNumberSource as Reviver) as JsonObject;
    const streams = this.#request["streams"] as readonly JsonObject[];
    const value = (streams[streamIndex]!["stream"] as JsonObject)[name];
    return typeof value === "string" ? value : JSON.stringify(value);
  }
}

type Reviver = (name: string, value: unknown) => unknown;

/** The third argument is ECMAScript 2026's "source text access", which TypeScript's library does not know yet. */
function keepNumberSource(_name: string, value: unknown, context: { readonly source?: string }): unknown {
  return typeof value === "number" ? (context.source ?? String(value)) : value;
}
