import { paths, type PatternsResponse } from "@sluice/api";
import type { FastifyPluginAsync } from "fastify";
import type { QueryRunner } from "../querier/query-runner.ts";
import { clientOf } from "./client-signal.ts";
import { parseBounds, parseStepMs } from "./params.ts";
import { allowedBounds } from "./query-limits.ts";
import { howToRun, readRequestOf, type ReadOptions } from "./read-request.ts";

export interface PatternRouteOptions extends ReadOptions {
  readonly runner: QueryRunner;
}

/** Loki counts the lines of a pattern in steps of no less. */
const stepMsMin = 10_000;

/**
 * `patterns`: what the lines of a selector have in common, and how many there are of each kind. They are looked for when
 * they are asked for, in lines of any age; Loki knows those of the last hours.
 */
export const patternRoute: FastifyPluginAsync<PatternRouteOptions> = async (app, options) => {
  app.route({
    method: ["GET", "POST"],
    url: paths.patterns,
    handler: async (request, reply): Promise<PatternsResponse> => {
      const read = readRequestOf(request, options);
      const { tenant, limits, params, queryTags, nowMs } = read;
      const asked = parseBounds(params, nowMs);
      const bounds = allowedBounds(asked, limits, nowMs);
      const stepMs = Math.max(parseStepMs(params, asked), stepMsMin);
      using client = clientOf(reply);
      const { patterns, sampledPart } = await options.runner.run(
        "patterns",
        { tenant, query: params.get("query"), limits, queryTags, bounds, stepMs },
        howToRun(read, client.signal),
      );
      const answer = { status: "success", data: patterns } as const;
      return sampledPart < 1 ? { ...answer, warnings: [sampleWarning(sampledPart)] } : answer;
    },
  });
};

function sampleWarning(sampledPart: number): string {
  return `patterns are those of about ${(sampledPart * 100).toPrecision(2)} % of the lines, spread over the time range, and counts are estimates; select fewer streams or less time to have all lines looked at (limits max_pattern_lines, max_pattern_bytes)`;
}
