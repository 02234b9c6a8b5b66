import { nsPerMs, printDurationMs } from "@sluice/model";
import type { FastifyRequest } from "fastify";
import type { Limits } from "../limits.ts";
import type { InstantParams, RangeParams } from "../querier/query-tasks.ts";
import {
  parseBounds,
  parseDirection,
  parseIntervalMs,
  parseLimit,
  parseStepMs,
  parseTimestampNs,
  type TimeBounds,
} from "./params.ts";
import { checkBounds, withinLookback } from "./query-limits.ts";
import { readRequestOf, type ReadOptions } from "./read-request.ts";
import { parseEncodingFlags } from "./write-result.ts";

/** @throws {ServiceError} `bad_data` in Loki's words. What the query says is read where it runs. */
export function rangeParamsOf(request: FastifyRequest, options: ReadOptions): RangeParams {
  const { tenant, limits, params, queryTags, nowMs } = readRequestOf(request, options);
  const asked = parseBounds(params, nowMs);
  const allowed = withinLookback(asked, limits, nowMs);
  const bounds = allowed ?? asked;
  checkBounds(bounds, limits);
  return {
    tenant,
    query: params.get("query"),
    queryTags,
    limits,
    bounds,
    isAllowed: allowed !== undefined,
    limit: parseLimit(params),
    direction: parseDirection(params),
    stepMs: parseStepMs(params, bounds),
    intervalMs: parseIntervalMs(params),
    alignsSteps: options.alignsSteps,
    warnings: warningsOn(asked, allowed, limits),
    flags: flagsOf(request),
  };
}

/** @throws {ServiceError} `bad_data` in Loki's words. */
export function instantParamsOf(request: FastifyRequest, options: ReadOptions): InstantParams {
  const { tenant, limits, params, queryTags, nowMs } = readRequestOf(request, options);
  const limit = parseLimit(params);
  const time = params.get("time");
  const timeNs = time === "" ? BigInt(nowMs) * nsPerMs : parseTimestampNs(time);
  const asked = { startNs: timeNs, endNs: timeNs };
  const allowed = withinLookback(asked, limits, nowMs);
  return {
    tenant,
    query: params.get("query"),
    queryTags,
    limits,
    timeNs,
    isAllowed: allowed !== undefined,
    limit,
    direction: parseDirection(params),
    warnings: warningsOn(asked, allowed, limits),
    flags: flagsOf(request),
  };
}

/** That not all of what was asked for may be looked at. */
function warningsOn(asked: TimeBounds, allowed: TimeBounds | undefined, limits: Limits): readonly string[] {
  if (allowed === undefined || allowed.startNs > asked.startNs) {
    const lookback = printDurationMs(limits.max_query_lookback);
    return [`what is older than max_query_lookback (${lookback}) was not looked at`];
  }
  return [];
}

function flagsOf(request: FastifyRequest): readonly string[] {
  return parseEncodingFlags(request.headers["x-loki-response-encoding-flags"]);
}
