import { nsPerSecond, parseRfc3339Ns, ServiceError } from "@sluice/model";
import { JoinedBatches } from "./joined-batches.ts";
import { isJsonObject, jsonText, parsePushObject, shown } from "./json-values.ts";
import { tooManyStreams, type PushLimits } from "./limits.ts";
import { zeroTimeSeconds, type PushedStream } from "./pushed-stream.ts";

/**
 * Reads the JSON form that `/api/prom/push` had before Loki 1.0:
 * `{"streams":[{"labels":"{app=\"x\"}","entries":[{"ts":"2026-01-01T00:00:00Z","line":"text"}]}]}`.
 *
 * @throws {ServiceError} `bad_data`, naming the stream and the entry; `too_large` past `limits.streamsMax`.
 */
export function readLegacyJsonPush(body: Uint8Array, limits: PushLimits): readonly PushedStream[] {
  const streams: PushedStream[] = [];
  for (const [i, stream] of arrayAt(parsePushObject(jsonText(body))["streams"], "streams").entries()) {
    const { labels = "", entries } = objectAt(stream, `stream ${i}`);
    if (typeof labels !== "string") {
      throw new ServiceError("bad_data", `the labels of stream ${i} must be a string, not ${shown(labels)}`);
    }
    const batches = new JoinedBatches();
    for (const [j, entry] of arrayAt(entries, `the entries of stream ${i}`).entries()) {
      readEntry(entry, `entry ${j} of stream ${i}`, batches);
    }
    for (const batch of batches.finish()) {
      streams.push({ labels, batch });
      if (streams.length > limits.streamsMax) {
        throw tooManyStreams(limits.streamsMax);
      }
    }
  }
  return streams;
}

function readEntry(entry: unknown, where: string, batches: JoinedBatches): void {
  const { ts, line = "" } = objectAt(entry, where);
  if (typeof line !== "string") {
    throw new ServiceError("bad_data", `the line of ${where} must be a string, not ${shown(line)}`);
  }
  if (ts === undefined) {
    batches.add(zeroTimeSeconds, 0, line);
    return;
  }
  const ns = typeof ts === "string" ? parseRfc3339Ns(ts) : undefined;
  if (ns === undefined) {
    throw new ServiceError("bad_data", `the ts of ${where} must be an RFC 3339 time, not ${shown(ts)}`);
  }
  const nanos = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
  batches.add(Number((ns - nanos) / nsPerSecond), Number(nanos), line);
}

function objectAt(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (!isJsonObject(value)) {
    throw new ServiceError("bad_data", `${where} must be an object, not ${shown(value)}`);
  }
  return value;
}

function arrayAt(value: unknown, where: string): readonly unknown[] {
  if (!Array.isArray(value ?? [])) {
    throw new ServiceError("bad_data", `${where} must be an array, not ${shown(value)}`);
  }
  return (value ?? []) as readonly unknown[];
}
