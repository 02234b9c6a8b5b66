import { printGoDuration } from "@sluice/logql";
import { nsPerMs, parseDurationMs, parseRfc3339Ns, ServiceError } from "@sluice/model";
import type { Params } from "../api/params.ts";

/** What a client wants to have deleted. */
export interface WantedDelete {
  readonly query: string;
  /** Both included; whole milliseconds. */
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Reads `query`, `start` and `end` (by default now).
 *
 * @throws {ServiceError} `bad_data` with Loki's texts.
 * @see Loki's pkg/compactor/deletion/request_handler.go
 */
export function parseWantedDelete(params: Params, nowMs: number): WantedDelete {
  const query = params.get("query");
  if (query === "") {
    throw new ServiceError("bad_data", "query not set");
  }
  if (params.get("start") === "") {
    throw new ServiceError("bad_data", "start time not set");
  }
  const startMs = parseTimeMs("start", params.get("start"));
  const endMs = params.get("end") === "" ? nowMs : parseTimeMs("end", params.get("end"));
  if (endMs > nowMs) {
    throw new ServiceError("bad_data", "deletes in the future are not allowed");
  }
  if (startMs >= endMs) {
    throw new ServiceError("bad_data", "start time can't be greater than or equal to end time");
  }
  return { query, startNs: nsOf(startMs), endNs: nsOf(endMs) };
}

/** The times that a list of requests is to touch; undefined for those that are not given. */
export function parseListedTimes(params: Params): { readonly startNs?: bigint; readonly endNs?: bigint } {
  const timeOf = (name: "start" | "end"): bigint | undefined =>
    params.get(name) === "" ? undefined : nsOf(parseTimeMs(name, params.get(name)));
  const [startNs, endNs] = [timeOf("start"), timeOf("end")];
  return { ...(startNs === undefined ? {} : { startNs }), ...(endNs === undefined ? {} : { endNs }) };
}

/**
 * Checks `max_interval`, into pieces of which Loki cuts a request with filters. Here a request is carried out segment by
 * segment, so that it means nothing.
 *
 * @param mostMs `delete_max_interval`; 0 for any.
 * @throws {ServiceError} `bad_data` with Loki's texts.
 */
export function checkMaxInterval(params: Params, { startNs, endNs }: WantedDelete, mostMs: number): void {
  const text = params.get("max_interval");
  if (text === "") {
    return;
  }
  const intervalMs = /[^\d.hms]|\d$/u.test(text) ? Number.NaN : durationMsOf(text);
  if (!(intervalMs >= 1000)) {
    throw new ServiceError("bad_data", "invalid max_interval: valid time units are 's', 'm', 'h'");
  }
  if (mostMs > 0 && intervalMs > mostMs) {
    throw new ServiceError("bad_data", `max_interval can't be greater than ${printGoDuration(mostMs * 1e6)}`);
  }
  if (BigInt(intervalMs) * nsPerMs > endNs - startNs) {
    const length = printGoDuration(Number(endNs - startNs));
    throw new ServiceError("bad_data", `max_interval can't be greater than the interval to be deleted (${length})`);
  }
}

function durationMsOf(text: string): number {
  try {
    return parseDurationMs(text);
  } catch {
    return Number.NaN;
  }
}

/** The year 1, as `start`, means all there is: no line has a time that 64 bits of nanoseconds cannot hold. */
function nsOf(ms: number): bigint {
  const ns = BigInt(ms) * nsPerMs;
  return ns < timeMinNs ? timeMinNs : ns;
}

const timeMinNs = -(2n ** 63n);

/** Unix seconds of ten digits, or RFC 3339. */
function parseTimeMs(name: "start" | "end", text: string): number {
  const ns = parseRfc3339Ns(text);
  if (ns !== undefined) {
    return Number(ns / nsPerMs);
  }
  if (!/^\d{10}$/u.test(text)) {
    throw new ServiceError("bad_data", `invalid ${name} time: require unix seconds or RFC3339 format`);
  }
  return Number(text) * 1000;
}
