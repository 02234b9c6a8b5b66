import { printGoDuration } from "@sluice/logql";
import { nsPerMs, printDurationMs, ServiceError, type QueryResult } from "@sluice/model";
import type { Limits } from "../limits.ts";
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

/** Characters of lines that one answer may hold: it is written as one text, and those end at half a gigabyte. */
const answerLinesLengthMax = 128 * 1024 * 1024;

/** @throws {ServiceError} `bad_data` when the lines of the result are more than one answer should hold. */
export function checkAnswerSize(result: QueryResult, lengthMax = answerLinesLengthMax): void {
  const streams = result.type === "streams" ? result.streams : [];
  const length = streams.reduce((sum, { entries }) => sum + entries.reduce((all, { line }) => all + line.length, 0), 0);
  if (length > lengthMax) {
    throw new ServiceError(
      "bad_data",
      `the lines of the answer are too large: ${length} characters, limit: ${lengthMax}; ask for fewer lines with the limit parameter`,
    );
  }
}
