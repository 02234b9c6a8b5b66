import {
  messageOf,
  nsPerMs,
  nsPerSecond,
  parseDurationMs,
  parseRfc3339Ns,
  quoteGo,
  ServiceError,
  type Direction,
} from "@sluice/model";
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
  const ns = text.length > numberLengthMax && /^[+-]?\d+$/u.test(text) ? outOfRange : readTimestampNs(text);
  if (ns === undefined) {
    throw new ServiceError("bad_data", `strconv.ParseInt: parsing ${quoteGo(text)}: invalid syntax`);
  }
  if (BigInt.asIntN(64, ns) !== ns) {
    throw new ServiceError("bad_data", `strconv.ParseInt: parsing ${quoteGo(text)}: value out of range`);
  }
  return ns;
}

/** Digits that are worth reading; a 64-bit number has twenty at most. */
const numberLengthMax = 100;
const outOfRange = 2n ** 64n;

function readTimestampNs(text: string): bigint | undefined {
  if (/^[+-]?\d*\.\d*(?:[eE][+-]?\d+)?$/u.test(text) && Number.isFinite(Number(text)) && text !== ".") {
    const ms = Math.round(Number(text) * 1000);
    return Number.isFinite(ms) ? BigInt(ms) * nsPerMs : outOfRange;
  }
  if (/^[+-]?\d+$/u.test(text)) {
    return text.length <= 10 ? BigInt(text) * nsPerSecond : BigInt(text);
  }
  return parseRfc3339Ns(text);
}

const oldestNs = -(2n ** 63n);

export interface TimeBounds {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * `start` and `end` with Loki's defaults: up to now, from `since` (1h) before the end.
 *
 * @throws {ServiceError} `bad_data` that names the parameter.
 */
export function parseBounds(params: Params, nowMs: number): TimeBounds {
  const nowNs = BigInt(nowMs) * nsPerMs;
  const sinceMs = named("since", () => parseDurationMs(params.get("since") || sinceDefault));
  const end = params.get("end");
  const endNs = end === "" ? nowNs : named("end", () => parseTimestampNs(end));
  const start = params.get("start");
  if (start !== "") {
    return { startNs: named("start", () => parseTimestampNs(start)), endNs };
  }
  const startNs = (endNs < nowNs ? endNs : nowNs) - BigInt(Math.round(sinceMs)) * nsPerMs;
  return { startNs: startNs < oldestNs ? oldestNs : startNs, endNs };
}

/** Tells which parameter it is that cannot be read. */
function named<Value>(name: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    throw new ServiceError("bad_data", `could not parse '${name}' parameter: ${messageOf(error)}`, { cause: error });
  }
}

/** @throws {ServiceError} `bad_data` when the limit is not a positive number. */
export function parseLimit(params: Params): number {
  const limit = parseInteger(params.get("limit"), limitDefault);
  if (limit <= 0) {
    throw new ServiceError("bad_data", "limit must be a positive value");
  }
  return limit;
}

/**
 * A whole number as Go reads it, or the default for an empty text.
 *
 * @throws {ServiceError} `bad_data` with Go's text.
 */
export function parseInteger(text: string, byDefault: number): number {
  if (text === "") {
    return byDefault;
  }
  if (!/^[+-]?\d+$/u.test(text)) {
    throw new ServiceError("bad_data", `strconv.Atoi: parsing ${quoteGo(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (Math.abs(value) >= 2 ** 63) {
    throw new ServiceError("bad_data", `strconv.Atoi: parsing ${quoteGo(text)}: value out of range`);
  }
  return value;
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
  if (!(intervalMs >= 0)) {
    throw new ServiceError("bad_data", "interval must be >= 0");
  }
  return Math.round(intervalMs);
}

function parseSecondsOrDurationMs(text: string): number {
  if (goFloat.test(text)) {
    const seconds = Number(text.replace(/inf.*/iu, "Infinity"));
    if (Math.abs(seconds) * 1e9 >= 2 ** 63) {
      throw new ServiceError("bad_data", `cannot parse ${quoteGo(text)} to a valid duration. It overflows int64`);
    }
    return seconds * 1000;
  }
  try {
    return parseDurationMs(text);
  } catch (error) {
    throw new ServiceError("bad_data", `cannot parse ${quoteGo(text)} to a valid duration`, { cause: error });
  }
}

/** Numbers as Go's strconv.ParseFloat reads them, but for those in hexadecimal. */
const goFloat = /^[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|inf|infinity|nan)$/iu;
