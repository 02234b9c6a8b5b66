import { printGoDuration } from "@sluice/logql";
import { logsOf, type Expression, type MetricExpression } from "@sluice/logql/syntax";
import {
  nsPerMs,
  printDurationMs,
  ServiceError,
  type Matcher,
  type QueryResult,
  type ResultStream,
} from "@sluice/model";
import type { Limits } from "../limits.ts";
import { isBlocked } from "./blocked-queries.ts";
import type { TimeBounds } from "./params.ts";

export const timeoutText =
  "request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed";

/** @throws {ServiceError} `bad_data` when the range ends before it starts or is longer than the tenant may ask for. */
export function checkBounds({ startNs, endNs }: TimeBounds, limits: Limits): void {
  if (endNs < startNs) {
    throw new ServiceError("bad_data", "end timestamp must not be before or equal to start time");
  }
  const lengthMs = Number((endNs - startNs) / nsPerMs);
  if (limits.max_query_length > 0 && lengthMs > limits.max_query_length) {
    throw new ServiceError(
      "bad_data",
      `the query time range exceeds the limit (query length: ${printGoDuration(lengthMs * 1e6)}, limit: ${printDurationMs(limits.max_query_length)})`,
    );
  }
}

/**
 * The part of a range that the tenant may look at, by `max_query_lookback`; undefined when there is none.
 *
 * @param nowMs the server's time, milliseconds since the epoch.
 */
export function withinLookback(bounds: TimeBounds, limits: Limits, nowMs: number): TimeBounds | undefined {
  if (limits.max_query_lookback === 0) {
    return bounds;
  }
  const oldestNs = BigInt(nowMs - limits.max_query_lookback) * nsPerMs;
  if (bounds.endNs < oldestNs) {
    return undefined;
  }
  return { startNs: bounds.startNs < oldestNs ? oldestNs : bounds.startNs, endNs: bounds.endNs };
}

/**
 * The part of a range that a request about labels or statistics may look at; undefined when there is none.
 *
 * @throws {ServiceError} `bad_data` as {@link checkBounds}.
 */
export function allowedBounds(bounds: TimeBounds, limits: Limits, nowMs: number): TimeBounds | undefined {
  const allowed = withinLookback(bounds, limits, nowMs);
  checkBounds(allowed ?? bounds, limits);
  return allowed;
}

/**
 * Checks what a query asks for, before anything is read for it.
 *
 * @param queryTags the request's `X-Query-Tags`.
 * @throws {ServiceError} `bad_data` in Loki's words.
 */
export function checkQuery(query: string, expression: Expression, limits: Limits, queryTags = ""): void {
  for (const { matchers } of logsOf(expression)) {
    checkMatchers(matchers, limits);
  }
  if (isBlocked(query, expression, limits.blocked_queries, queryTags)) {
    throw new ServiceError("bad_data", "query blocked by policy");
  }
  const most = limits.max_query_range;
  const longest = expression.kind === "log" ? 0 : longestRangeMs(expression);
  if (most > 0 && longest > most) {
    throw new ServiceError(
      "bad_data",
      `[interval] value exceeds limit: [${printDurationMs(longest)}] > [${printDurationMs(most)}]`,
    );
  }
}

/** @throws {ServiceError} `bad_data` when a selector has more matchers than the tenant's may have. */
export function checkMatcherCount(matchers: readonly Matcher[], limits: Limits): void {
  const most = limits.max_streams_matchers_per_query;
  if (most > 0 && matchers.length > most) {
    throw new ServiceError(
      "bad_data",
      `max streams matchers per query exceeded, matchers-count > limit (${matchers.length} > ${most})`,
    );
  }
}

function checkMatchers(matchers: readonly Matcher[], limits: Limits): void {
  checkMatcherCount(matchers, limits);
  const present = matchers.map(({ name }) => name);
  const missing = limits.required_labels.filter((name) => !present.includes(name));
  if (missing.length > 0) {
    throw new ServiceError(
      "bad_data",
      `stream selector is missing required matchers [${missing.join(", ")}], labels present in the query were [${present.join(", ")}]`,
    );
  }
  const least = limits.minimum_labels_number;
  if (present.length < least) {
    throw new ServiceError(
      "bad_data",
      `stream selector has less label matchers than required: (present: [${present.join(", ")}], number_present: ${present.length}, required_number_label_matchers: ${least})`,
    );
  }
}

/** The ranges in brackets, in milliseconds. */
export function longestRangeMs(expression: MetricExpression): number {
  return Math.max(0, ...rangesOf(expression));
}

function rangesOf(expression: MetricExpression): readonly number[] {
  switch (expression.kind) {
    case "rangeAggregation":
      return [expression.range.rangeMs];
    case "vectorAggregation":
    case "labelReplace":
      return rangesOf(expression.operand);
    case "binary":
      return [...rangesOf(expression.left), ...rangesOf(expression.right)];
    case "literal":
    case "vector":
      return [];
  }
}

/** @throws {ServiceError} `bad_data` when more lines are wanted than the tenant may ask for. */
export function checkEntriesLimit(limit: number, limits: Limits): void {
  const most = limits.max_entries_limit_per_query;
  if (most > 0 && limit > most) {
    throw new ServiceError(
      "bad_data",
      `max entries limit per query exceeded, limit > max_entries_limit_per_query (${limit} > ${most})`,
    );
  }
}

/** Bytes of lines that one answer may hold: it is in memory as a whole, more than once. */
const answerLinesLengthMax = 128 * 1024 * 1024;

/** @throws {ServiceError} `bad_data` when the lines of the result are more than one answer should hold. */
export function checkAnswerSize(result: QueryResult, lengthMax = answerLinesLengthMax): void {
  const streams = result.type === "streams" ? result.streams : [];
  const length = streams.reduce((sum, stream) => sum + lineBytesOf(stream), 0);
  if (length > lengthMax) {
    throw new ServiceError(
      "bad_data",
      `the lines of the answer are too large: ${length} bytes, limit: ${lengthMax}; ask for fewer lines with the limit parameter`,
    );
  }
}

function lineBytesOf({ columns, entries }: ResultStream): number {
  return columns?.bytes.length ?? entries.reduce((all, { line }) => all + line.length, 0);
}
