import {
  detectFields,
  detectFieldValues,
  minePatterns,
  runRangeQuery,
  type DetectedField,
  type PatternAnswer,
} from "@sluice/logql";
import { parseQuery, parseSelector } from "@sluice/logql/syntax";
import { ServiceError, type ResultStream } from "@sluice/model";
import type { TimeBounds } from "../api/params.ts";
import { checkAnswerSize, checkEntriesLimit, checkMatcherCount, checkQuery } from "../api/query-limits.ts";
import type { Limits } from "../limits.ts";
import { boundReads } from "./bound-reads.ts";
import type { QueryContext } from "./query-context.ts";

interface SampleParams {
  readonly tenant: string;
  /** LogQL as the user wrote it. */
  readonly query: string;
  readonly limits: Limits;
  /** The request's `X-Query-Tags`. */
  readonly queryTags: string;
  /** Undefined when the tenant may not look at any of the time that is asked for. */
  readonly bounds: TimeBounds | undefined;
}

export interface FieldParams extends SampleParams {
  /** The newest lines, so many, are looked at. */
  readonly linesMax: number;
  /** Fields, or values of a field, that are told at most. */
  readonly limit: number;
}

export interface FieldValuesParams extends FieldParams {
  readonly name: string;
}

export interface PatternParams extends SampleParams {
  readonly stepMs: number;
}

/** What is found out by a look at some lines. */
export const fieldTasks = {
  async detectedFields(params: FieldParams, context: QueryContext): Promise<readonly DetectedField[]> {
    return detectFields(await sampleLines(params, context), params.limit);
  },

  async detectedFieldValues(params: FieldValuesParams, context: QueryContext): Promise<readonly string[]> {
    return detectFieldValues(await sampleLines(params, context), params.name, params.limit);
  },

  async patterns(params: PatternParams, { querier, signal }: QueryContext): Promise<PatternAnswer> {
    const { tenant, query, limits, bounds, stepMs } = params;
    const matchers = parseSelector(query);
    checkMatcherCount(matchers, limits);
    const { max_pattern_lines: linesMax, max_pattern_bytes: bytesMax } = limits;
    return bounds === undefined
      ? { patterns: [], sampledPart: 1 }
      : minePatterns({ querier, tenant, matchers, ...bounds, stepMs, linesMax, bytesMax }, signal);
  },
};

/** The newest lines that a log query answers. */
async function sampleLines(params: FieldParams, context: QueryContext): Promise<readonly ResultStream[]> {
  const { tenant, query, limits, queryTags, bounds, linesMax } = params;
  const expression = parseQuery(query);
  if (expression.kind !== "log") {
    throw new ServiceError("bad_data", "only log selector is supported");
  }
  checkEntriesLimit(linesMax, limits);
  checkQuery(query, expression, limits, queryTags);
  if (bounds === undefined) {
    return [];
  }
  const { kernels, signal } = context;
  const querier = boundReads(context.querier, { bytesMax: limits.max_query_bytes_read, readsAll: false });
  const sample = { tenant, query, limit: linesMax, direction: "backward", stepMs: 1000 } as const;
  const { result } = await runRangeQuery({ ...sample, ...bounds, querier, kernels }, signal);
  checkAnswerSize(result);
  return result.type === "streams" ? result.streams : [];
}
