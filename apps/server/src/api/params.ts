import { parseDurationMs, parseRfc3339Ns, ServiceError, nsPerMs, nsPerSecond, type Direction } from "@sluice/model";
import type { FastifyRequest } from "fastify";

const limitDefault = 100;
const sinceDefault = "1h";
const pointsMax = 11_000;

/** The parameters of a read request: of the URL, and of a form in the body. */
export interface Params {
  /** The first value given, a form's before the URL's, or the empty string. */
  get(name: string): string;
  /** Every value that any of the names was given. */
  all(...names: readonly string[]): readonly string[];
}

export function paramsOf(request: FastifyRequest): Params {
  const search = request.url.indexOf("?");
  const given = [search < 0 ? "" : request.url.slice(search + 1), typeof request.body === "string" ? request.body : ""];
  const all = given.map((text) => new URLSearchParams(text));
  return {
    get: (name) => all.findLast((params) => params.has(name))?.get(name) ?? "",
    all: (...names) => all.flatMap((params) => names.flatMap((name) => params.getAll(name))),
  };
}

/**
 * A point in time as Loki reads it: seconds (at most ten digits, or with a fraction), nanoseconds, or RFC 3339.
 *
 * @throws {ServiceError} `bad_data` with Go's text.
 * @see Loki's pkg/loghttp/params.go parseTimestamp
 */
export function parseTimestampNs(text: string): bigint {
  const ns = readTimestampNs(text);
  if (ns === undefined) {
    throw new ServiceError("bad_data", `strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (BigInt.asIntN(64, ns) !== ns) {
    throw new ServiceError("bad_data", `strconv.ParseInt: parsing ${JSON.stringify(text)}: value out of range`);
  }
  return ns;
}

function readTimestampNs(text: string): bigint | undefined {
  if (/^[+-]?\d*\.\d*(?:[eE][+-]?\d+)?$/u.test(text) && Number.isFinite(Number(text)) && text !== ".") {
    return BigInt(Math.round(Number(text) * 1000)) * nsPerMs;
  }
  if (/^[+-]?\d+$/u.test(text)) {
    return text.length <= 10 ? BigInt(text) * nsPerSecond : BigInt(text);
  }
  return parseRfc3339Ns(text);
}

export interface TimeBounds {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** `start` and `end` with Loki's defaults: up to now, from `since` (1h) before the end. */
export function parseBounds(params: Params, nowMs: number): TimeBounds {
  const nowNs = BigInt(nowMs) * nsPerMs;
  const end = params.get("end");
  const endNs = end === "" ? nowNs : parseTimestampNs(end);
  const start = params.get("start");
  if (start !== "") {
    return { startNs: parseTimestampNs(start), endNs };
  }
  const sinceMs = parseDurationMs(params.get("since") || sinceDefault);
  return { startNs: (endNs < nowNs ? endNs : nowNs) - BigInt(sinceMs) * nsPerMs, endNs };
}

/** @throws {ServiceError} `bad_data` when the limit is not a positive number. */
export function parseLimit(params: Params): number {
  const text = params.get("limit");
  if (text === "") {
    return limitDefault;
  }
  if (!/^[+-]?\d+$/u.test(text)) {
    throw new ServiceError("bad_data", `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const limit = Number(text);
  if (limit <= 0) {
    throw new ServiceError("bad_data", "limit must be a positive value");
  }
  return limit;
}

export function parseDirection(params: Params): Direction {
  const text = params.get("direction");
  const direction = (text || "backward").toLowerCase();
  if (direction !== "forward" && direction !== "backward") {
    throw new ServiceError("bad_data", `invalid direction '${text}'`);
  }
  return direction;
}

/**
 * The step of a range query in milliseconds: seconds or a duration, by default a 250th of the range.
 *
 * @throws {ServiceError} `bad_data` when it is not positive or would make more than 11,000 points.
 */
export function parseStepMs(params: Params, bounds: TimeBounds): number {
  const rangeMs = Number((bounds.endNs - bounds.startNs) / nsPerMs);
  const text = params.get("step");
  const stepMs = text === "" ? Math.max(Math.floor(rangeMs / 250_000), 1) * 1000 : parseSecondsOrDurationMs(text);
  if (!(stepMs > 0)) {
    throw new ServiceError(
      "bad_data",
      "zero or negative query resolution step widths are not accepted. Try a positive integer",
    );
  }
  if (Math.floor(rangeMs / stepMs) > pointsMax) {
    throw new ServiceError(
      "bad_data",
      "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
    );
  }
  return Math.max(Math.round(stepMs), 1);
}

/** The least distance of two lines in a log query's answer, in milliseconds; 0 keeps all. */
export function parseIntervalMs(params: Params): number {
  const text = params.get("interval");
  const intervalMs = text === "" ? 0 : parseSecondsOrDurationMs(text);
  if (intervalMs < 0) {
    throw new ServiceError("bad_data", "interval must be >= 0");
  }
  return Math.round(intervalMs);
}

function parseSecondsOrDurationMs(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== "" && Number.isFinite(seconds)) {
    if (Math.abs(seconds) * 1e9 >= 2 ** 63) {
      throw new ServiceError(
        "bad_data",
        `cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`,
      );
    }
    return seconds * 1000;
  }
  try {
    return parseDurationMs(text);
  } catch (error) {
    throw new ServiceError("bad_data", `cannot parse ${JSON.stringify(text)} to a valid duration`, { cause: error });
  }
}
