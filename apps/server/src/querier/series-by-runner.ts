import type { Querier } from "@sluice/model";
import type { Limits } from "../limits.ts";
import type { QueryRunner } from "./query-runner.ts";

/** The querier, but that looking for series is a task like any other query: many streams take a while to look through. */
export function withSeriesBy(
  runner: QueryRunner,
  querier: Querier,
  limitsOf: (tenant: string) => Pick<Limits, "query_timeout">,
): Querier {
  return {
    ...querier,
    series: (request) =>
      runner.run("series", request, {
        queue: request.tenant,
        affinity: "series",
        timeoutMs: limitsOf(request.tenant).query_timeout,
        signal: new AbortController().signal,
      }),
  };
}
