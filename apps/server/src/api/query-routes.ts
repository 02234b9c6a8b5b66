import { paths } from "@sluice/api";
import type { Kernels } from "@sluice/kernels";
import { runInstantQuery, runRangeQuery, type QueryAnswer } from "@sluice/logql";
import { parseQuery } from "@sluice/logql/syntax";
import { nsPerMs, ServiceError, type Clock, type Metrics, type Querier } from "@sluice/model";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { Limits } from "../limits.ts";
import { boundReads, emptyQuerier } from "../querier/bound-reads.ts";
import {
  paramsOf,
  parseBounds,
  parseDirection,
  parseIntervalMs,
  parseLimit,
  parseStepMs,
  parseTimestampNs,
  type TimeBounds,
} from "./params.ts";
import {
  checkAnswerSize,
  checkBounds,
  checkEntriesLimit,
  checkQuery,
  timeoutText,
  withinLookback,
} from "./query-limits.ts";
import { tenantOf } from "./tenant.ts";
import { parseEncodingFlags, writeQueryResponse } from "./write-result.ts";

export interface QueryRoutesOptions {
  readonly querier: Querier;
  readonly kernels: Kernels;
  readonly limitsOf: (tenant: string) => Limits;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** `query_range` and `query`, by GET and by POSTed form. */
export const queryRoutes: FastifyPluginAsync<QueryRoutesOptions> = async (app, options) => {
  const { kernels, limitsOf, clock, metrics } = options;
  const running = metrics.gauge("sluice_queries_running", "Queries being evaluated now.");
  const seconds = metrics.histogram(
    "sluice_query_seconds",
    "Time to evaluate a query.",
    [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    ["kind"],
  );

  /** @param allowed the range that may be looked at, undefined for none of it. */
  function querierFor(limits: Limits, allowed: TimeBounds | undefined): Querier {
    return allowed === undefined ? emptyQuerier : boundReads(options.querier, limits.max_query_bytes_read);
  }

  async function answer(
    request: FastifyRequest,
    reply: FastifyReply,
    kind: string,
    limits: Limits,
    run: (signal: AbortSignal) => Promise<QueryAnswer>,
  ): Promise<FastifyReply> {
    const startMs = performance.now();
    running.add(1);
    try {
      const { result, stats } = await withDeadline(reply, limits.query_timeout, run);
      checkAnswerSize(result);
      const execSeconds = (performance.now() - startMs) / 1000;
      const flags = parseEncodingFlags(request.headers["x-loki-response-encoding-flags"]);
      return await reply
        .header("Content-Type", "application/json; charset=UTF-8")
        .send(writeQueryResponse(result, stats, { execSeconds }, flags));
    } finally {
      running.add(-1);
      seconds.observe((performance.now() - startMs) / 1000, { kind });
    }
  }

  app.route({
    method: ["GET", "POST"],
    url: paths.queryRange,
    handler: async (request, reply) => {
      const tenant = tenantOf(request);
      const limits = limitsOf(tenant);
      const params = paramsOf(request);
      const nowMs = clock.nowMs();
      const asked = parseBounds(params, nowMs);
      const allowed = withinLookback(asked, limits, nowMs);
      const bounds = allowed ?? asked;
      checkBounds(bounds, limits);
      const limit = parseLimit(params);
      const direction = parseDirection(params);
      const stepMs = parseStepMs(params, bounds);
      const intervalMs = parseIntervalMs(params);
      const query = params.get("query");
      const expression = parseQuery(query);
      const isLogQuery = expression.kind === "log";
      if (isLogQuery) {
        checkEntriesLimit(limit, limits);
      }
      checkQuery(query, expression, limits);
      const { startNs, endNs } = isLogQuery ? bounds : alignToStep(bounds, stepMs);
      const seriesMax = limits.max_query_series;
      const querier = querierFor(limits, allowed);
      return answer(request, reply, "range", limits, (signal) =>
        runRangeQuery(
          { querier, kernels, tenant, query, startNs, endNs, stepMs, limit, direction, intervalMs, seriesMax },
          signal,
        ),
      );
    },
  });

  app.route({
    method: ["GET", "POST"],
    url: paths.query,
    handler: async (request, reply) => {
      const tenant = tenantOf(request);
      const limits = limitsOf(tenant);
      const params = paramsOf(request);
      const time = params.get("time");
      const nowMs = clock.nowMs();
      const timeNs = time === "" ? BigInt(nowMs) * nsPerMs : parseTimestampNs(time);
      const limit = parseLimit(params);
      const direction = parseDirection(params);
      const query = params.get("query");
      checkQuery(query, parseQuery(query), limits);
      const seriesMax = limits.max_query_series;
      const querier = querierFor(limits, withinLookback({ startNs: timeNs, endNs: timeNs }, limits, nowMs));
      return answer(request, reply, "instant", limits, (signal) =>
        runInstantQuery({ querier, kernels, tenant, query, timeNs, limit, direction, seriesMax }, signal),
      );
    },
  });
};

/** Points of a metric query lie on multiples of the step, as Loki's query frontend has it; dashboards rely on it. */
function alignToStep({ startNs, endNs }: TimeBounds, stepMs: number): TimeBounds {
  const stepNs = BigInt(Math.round(stepMs * 1e6));
  const floor = (ns: bigint): bigint => ns - (((ns % stepNs) + stepNs) % stepNs);
  const flooredEnd = floor(endNs);
  return { startNs: floor(startNs), endNs: flooredEnd === endNs ? endNs : flooredEnd + stepNs };
}

/** Runs with a signal that aborts when the client leaves or the time is over. */
async function withDeadline<T>(
  reply: FastifyReply,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, timeoutMs);
  const clientLeft = (): void => {
    if (!reply.raw.writableEnded) {
      controller.abort();
    }
  };
  reply.raw.once("close", clientLeft);
  try {
    return await run(controller.signal);
  } catch (error) {
    throw timedOut ? new ServiceError("timeout", timeoutText, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
    reply.raw.off("close", clientLeft);
  }
}
