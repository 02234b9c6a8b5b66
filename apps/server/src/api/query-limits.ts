import { nsPerMs, printDurationMs, ServiceError } from "@sluice/model";
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
      `the query time range exceeds the limit (query length: ${printDurationMs(lengthMs)}, limit: ${printDurationMs(limits.max_query_length)})`,
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
