import type { ExplainData } from "@sluice/api";
import { runInstantQuery, runRangeQuery } from "@sluice/logql";
import { parseQuery, prettyPrint } from "@sluice/logql/syntax";
import type { Direction, Labels, Querier, QueryResult, ResultStream, SeriesRequest } from "@sluice/model";
import type { TimeBounds } from "../api/params.ts";
import { checkAnswerSize, checkEntriesLimit, checkQuery } from "../api/query-limits.ts";
import { writeLegacyResponse } from "../api/write-legacy.ts";
import { writeQueryResponse } from "../api/write-result.ts";
import { explainQuery } from "../explain/explain-query.ts";
import type { Limits } from "../limits.ts";
import { fieldTasks } from "./field-tasks.ts";
import { alignToStep } from "./align-to-step.ts";
import { boundReads, emptyQuerier } from "./bound-reads.ts";
import { indexTasks } from "./index-tasks.ts";
import { legacyQuery } from "./legacy-query.ts";
import type { PartParams } from "./part-runner.ts";
import { planParts } from "./plan-parts.ts";
import type { QueryContext } from "./query-context.ts";
import { runInParts, runPart } from "./run-in-parts.ts";

interface QueryParams {
  readonly tenant: string;
  /** LogQL as the user wrote it. */
  readonly query: string;
  readonly limits: Limits;
}

interface ReadParams extends QueryParams {
  readonly limit: number;
  readonly direction: Direction;
  /** Whether the tenant may look at any of the time that is asked for. */
  readonly isAllowed: boolean;
  /** The request's `X-Query-Tags`. */
  readonly queryTags: string;
  /** What the answer is to tell beside the result. */
  readonly warnings: readonly string[];
  /** The flags of the answer's encoding; see `parseEncodingFlags`. */
  readonly flags: readonly string[];
}

export interface RangeParams extends ReadParams {
  readonly bounds: TimeBounds;
  /** Whether the points of a metric lie on multiples of the step. */
  readonly alignsSteps: boolean;
  readonly stepMs: number;
  readonly intervalMs: number;
}

export interface InstantParams extends ReadParams {
  readonly timeNs: bigint;
}

export interface LegacyParams extends RangeParams {
  /** Added to the query as one more filter; may be empty. */
  readonly regexp: string;
}

export interface HistoryParams extends QueryParams {
  readonly bounds: TimeBounds;
  readonly limit: number;
}

export interface RuleParams extends QueryParams {
  readonly timeNs: bigint;
}

/** An answer as it goes to the client: JSON in UTF-8. */
export interface WrittenAnswer {
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
}

export type QueryTasks = typeof queryTasks;

/**
 * What reads lines: each a function of plain data, so that it runs on the calling thread as on one of its own. What is
 * wrong with a query is found here, too, so that no other thread parses what users write.
 */
export const queryTasks = {
  /** `query_range`. */
  async range(params: RangeParams, context: QueryContext): Promise<WrittenAnswer> {
    const { query, queryTags, limits, limit, bounds, stepMs } = params;
    const startMs = performance.now();
    const expression = parseQuery(query);
    const isLogQuery = expression.kind === "log";
    if (isLogQuery) {
      checkEntriesLimit(limit, limits);
    }
    checkQuery(query, expression, limits, queryTags);
    const { startNs, endNs } = isLogQuery || !params.alignsSteps ? bounds : alignToStep(bounds, stepMs);
    const seriesMax = limits.max_query_series;
    const whole = { ...params, startNs, endNs, seriesMax };
    const { parts: runner, signal } = context;
    const parts = params.isAllowed && runner !== undefined ? planParts(expression, { ...whole, ...runner }) : undefined;
    const answer =
      parts === undefined || runner === undefined
        ? await runRangeQuery({ ...whole, ...readingWith(params, context, !isLogQuery) }, signal)
        : await runInParts({ ...whole, bytesMax: limits.max_query_bytes_read }, expression, parts, runner, context);
    return written(answer, startMs, params, context);
  },

  /** A part of a query's time; see {@link runInParts}. */
  part: async (params: PartParams, context: QueryContext): Promise<WrittenAnswer> => ({
    chunks: [await runPart(params, context)],
  }),

  /** `query`. */
  async instant(params: InstantParams, context: QueryContext): Promise<WrittenAnswer> {
    const { query, queryTags, limits } = params;
    const startMs = performance.now();
    checkQuery(query, parseQuery(query), limits, queryTags);
    const seriesMax = limits.max_query_series;
    const answer = await runInstantQuery(
      { ...params, ...readingWith(params, context, true), seriesMax },
      context.signal,
    );
    return written(answer, startMs, params, context);
  },

  /** `/api/prom/query`: lines in the old shape. */
  async legacy({ regexp, ...params }: LegacyParams, context: QueryContext): Promise<WrittenAnswer> {
    const startMs = performance.now();
    const query = legacyQuery(params.query, regexp);
    const { limits, limit, bounds } = params;
    checkEntriesLimit(limit, limits);
    checkQuery(query, parseQuery(query), limits, params.queryTags);
    const reading = readingWith(params, context, false);
    const { result, stats } = await runRangeQuery({ ...params, ...reading, ...bounds, query }, context.signal);
    checkAnswerSize(result);
    const execSeconds = (performance.now() - startMs) / 1000;
    const streams = result.type === "streams" ? result.streams : [];
    return { chunks: [writeLegacyResponse(streams, stats, { execSeconds })] };
  },

  /** `explain`: of a range, or of an instant. */
  async explain(params: RangeParams | InstantParams, { querier, signal }: QueryContext): Promise<ExplainData> {
    const { limits, limit } = params;
    const expression = parseQuery(params.query);
    if (expression.kind === "log") {
      checkEntriesLimit(limit, limits);
    }
    checkQuery(params.query, expression, limits, params.queryTags);
    const isAligned = "bounds" in params && params.alignsSteps && expression.kind !== "log";
    const query = "bounds" in params ? { ...params, ...params.bounds } : params;
    const aligned = isAligned ? { ...query, ...alignToStep(params.bounds, params.stepMs) } : query;
    return explainQuery({ query: aligned, bytesMax: limits.max_query_bytes_read }, querier, signal);
  },

  /** The newest lines before a live tail, oldest first. */
  async history(params: HistoryParams, context: QueryContext): Promise<readonly ResultStream[]> {
    const { bounds } = params;
    const reading = readingWith({ ...params, isAllowed: true }, context, false);
    const past = { ...params, ...reading, ...bounds, stepMs: 1000, direction: "backward" } as const;
    const { result } = await runRangeQuery(past, context.signal);
    const streams = result.type === "streams" ? result.streams : [];
    return streams.map(({ labels, entries }) => ({ labels, entries: entries.toReversed() }));
  },

  /** A rule's expression at one instant. */
  async rule(params: RuleParams, { querier, kernels, signal }: QueryContext): Promise<QueryResult> {
    const seriesMax = params.limits.max_query_series;
    const query = { ...params, querier, kernels, limit: 0, seriesMax, direction: "backward" } as const;
    return (await runInstantQuery(query, signal)).result;
  },

  /** `format_query`: the query as people like to read it. */
  format: async ({ query }: { readonly query: string }): Promise<string> => prettyPrint(parseQuery(query)),

  ...indexTasks,

  ...fieldTasks,

  /** The label sets of streams. */
  series: (request: SeriesRequest, { querier }: QueryContext): Promise<readonly Labels[]> => querier.series(request),
};

/** Runs a task by its name; each takes the parameters and gives the result that belong together. */
export async function runTask<Name extends keyof QueryTasks>(
  name: Name,
  params: Parameters<QueryTasks[Name]>[0],
  context: QueryContext,
): Promise<Awaited<ReturnType<QueryTasks[Name]>>> {
  const task = queryTasks[name] as (given: typeof params, all: QueryContext) => ReturnType<QueryTasks[Name]>;
  return await task(params, context);
}

function readingWith(
  { limits, isAllowed }: Pick<ReadParams, "limits" | "isAllowed">,
  { querier, kernels }: QueryContext,
  readsAll: boolean,
): { readonly querier: Querier; readonly kernels: QueryContext["kernels"] } {
  const bounds = { bytesMax: limits.max_query_bytes_read, readsAll };
  return { querier: isAllowed ? boundReads(querier, bounds) : emptyQuerier, kernels };
}

function written(
  { result, stats }: Awaited<ReturnType<typeof runRangeQuery>>,
  startMs: number,
  { flags, warnings }: Pick<ReadParams, "flags" | "warnings">,
  { kernels }: QueryContext,
): WrittenAnswer {
  checkAnswerSize(result);
  const execSeconds = (performance.now() - startMs) / 1000;
  return { chunks: [writeQueryResponse(result, stats, { execSeconds, warnings }, flags, kernels)] };
}
