import { Readable } from "node:stream";
import { paths } from "@sluice/api";
import type { Metrics } from "@sluice/model";
import type { FastifyPluginAsync, FastifyReply } from "fastify";
import type { QueryRunner, RunOptions } from "../querier/query-runner.ts";
import type { RangeParams, WrittenAnswer } from "../querier/query-tasks.ts";
import { clientOf } from "./client-signal.ts";
import { paramsOf } from "./params.ts";
import { instantParamsOf, rangeParamsOf } from "./query-params.ts";
import type { ReadOptions } from "./read-request.ts";
import { sendJson } from "./send-json.ts";

export interface QueryRoutesOptions extends ReadOptions {
  readonly runner: QueryRunner;
  readonly metrics: Metrics;
}

/** `query_range`, `query` and what is akin to them, by GET and by POSTed form. What a query says is read where it runs. */
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
    query: Pick<RangeParams, "tenant" | "query" | "limits">,
    run: (options: RunOptions) => Promise<WrittenAnswer>,
  ): Promise<FastifyReply> {
    const startMs = performance.now();
    running.add(1);
    using client = clientOf(reply);
    try {
      return await sendAnswer(reply, await run(howToRun(query, client.signal)));
    } finally {
      running.add(-1);
      seconds.observe((performance.now() - startMs) / 1000, { kind });
    }
  }

  const method = ["GET", "POST"];
  app.route({
    method,
    url: paths.queryRange,
    handler: async (request, reply) => {
      const query = rangeParamsOf(request, options);
      return answer(reply, "range", query, (how) => runner.run("range", query, how));
    },
  });
  app.route({
    method,
    url: paths.query,
    handler: async (request, reply) => {
      const query = instantParamsOf(request, options);
      return answer(reply, "instant", query, (how) => runner.run("instant", query, how));
    },
  });
  app.route({
    method,
    url: paths.legacyQuery,
    handler: async (request, reply) => {
      const query = { ...rangeParamsOf(request, options), regexp: paramsOf(request).get("regexp") };
      return answer(reply, "range", query, (how) => runner.run("legacy", query, how));
    },
  });
  app.route({
    method,
    url: paths.explain,
    handler: async (request, reply) => {
      const isInstant = paramsOf(request).get("time") !== "";
      const query = isInstant ? instantParamsOf(request, options) : rangeParamsOf(request, options);
      using client = clientOf(reply);
      const data = await runner.run("explain", query, howToRun(query, client.signal));
      return sendJson(reply, JSON.stringify({ status: "success", data }));
    },
  });
};

function howToRun(
  { tenant, query, limits }: Pick<RangeParams, "tenant" | "query" | "limits">,
  signal: AbortSignal,
): RunOptions {
  return { queue: tenant, affinity: query, timeoutMs: limits.query_timeout, signal };
}

/** Sends an answer as it was written; a large one piece by piece, as the client takes it. */
function sendAnswer(reply: FastifyReply, { chunks }: WrittenAnswer): FastifyReply {
  const length = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  return reply
    .header("Content-Type", "application/json; charset=UTF-8")
    .header("Content-Length", length)
    .send(Readable.from(chunks, { objectMode: false }));
}
