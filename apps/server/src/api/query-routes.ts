import { Readable } from "node:stream";
import { paths } from "@sluice/api";
import { nsPerMs, type Metrics } from "@sluice/model";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import type { Limits } from "../limits.ts";
import type { QueryRunner, RunOptions } from "../querier/query-runner.ts";
import type { WrittenAnswer } from "../querier/query-tasks.ts";
import { clientOf } from "./client-signal.ts";
import { parseBounds, parseDirection, parseIntervalMs, parseLimit, parseStepMs, parseTimestampNs } from "./params.ts";
import { checkBounds, withinLookback } from "./query-limits.ts";
import { readRequestOf, type ReadOptions } from "./read-request.ts";
import { parseEncodingFlags } from "./write-result.ts";

export interface QueryRoutesOptions extends ReadOptions {
  readonly runner: QueryRunner;
  readonly metrics: Metrics;
}

/** `query_range` and `query`, by GET and by POSTed form. What the query says is read where it runs. */
export const queryRoutes: FastifyPluginAsync<QueryRoutesOptions> = async (app, options) => {
  const { runner, metrics } = options;
  const running = metrics.gauge("sluice_queries_running", "Queries that are not answered yet.");
  const seconds = metrics.histogram(
    "sluice_query_seconds",
    "Time to answer a query, with waiting.",
    [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
    ["kind"],
  );

  async function answer(
    reply: FastifyReply,
    kind: "range" | "instant",
    { tenant, query, limits }: { readonly tenant: string; readonly query: string; readonly limits: Limits },
    run: (options: RunOptions) => Promise<WrittenAnswer>,
  ): Promise<FastifyReply> {
    const startMs = performance.now();
    running.add(1);
    using client = clientOf(reply);
    try {
      const { signal } = client;
      const written = await run({ queue: tenant, affinity: query, timeoutMs: limits.query_timeout, signal });
      return await sendAnswer(reply, written);
    } finally {
      running.add(-1);
      seconds.observe((performance.now() - startMs) / 1000, { kind });
    }
  }

  app.route({
    method: ["GET", "POST"],
    url: paths.queryRange,
    handler: async (request, reply) => {
      const { tenant, limits, params, queryTags, nowMs } = readRequestOf(request, options);
      const asked = parseBounds(params, nowMs);
      const allowed = withinLookback(asked, limits, nowMs);
      const bounds = allowed ?? asked;
      checkBounds(bounds, limits);
      const query = {
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
        flags: parseEncodingFlags(request.headers["x-loki-response-encoding-flags"]),
      };
      return answer(reply, "range", query, (how) => runner.run("range", query, how));
    },
  });

  app.route({
    method: ["GET", "POST"],
    url: paths.query,
    handler: async (request, reply) => {
      const { tenant, limits, params, queryTags, nowMs } = readRequestOf(request, options);
      const time = params.get("time");
      const timeNs = time === "" ? BigInt(nowMs) * nsPerMs : parseTimestampNs(time);
      const query = {
        tenant,
        query: params.get("query"),
        queryTags,
        limits,
        timeNs,
        isAllowed: withinLookback({ startNs: timeNs, endNs: timeNs }, limits, nowMs) !== undefined,
        limit: parseLimit(params),
        direction: parseDirection(params),
        flags: parseEncodingFlags(request.headers["x-loki-response-encoding-flags"]),
      };
      return answer(reply, "instant", query, (how) => runner.run("instant", query, how));
    },
  });
};

/** Sends an answer as it was written; a large one piece by piece, as the client takes it. */
function sendAnswer(reply: FastifyReply, { chunks }: WrittenAnswer): FastifyReply {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return reply
    .header("Content-Type", "application/json; charset=UTF-8")
    .header("Content-Length", length)
    .send(Readable.from(chunks, { objectMode: false }));
}
