import type { Limits } from "./limits.ts";

/**
 * What a query over several tenants may ask for: of every limit the lowest that any of them has, and all that any of them
 * requires or forbids.
 *
 * @param limits of each tenant; at least one.
 * @see Loki's pkg/util/validation/limits.go SmallestPositiveNonZeroIntPerTenant
 */
export function narrowestLimits(limits: readonly Limits[]): Limits {
  const [first] = limits;
  if (limits.length === 1) {
    return first!;
  }
  const lowest = (valueOf: (one: Limits) => number): number =>
    limits.map(valueOf).reduce((low, value) => (low === 0 || (value > 0 && value < low) ? value : low));
  return {
    ...first!,
    max_entries_limit_per_query: lowest((one) => one.max_entries_limit_per_query),
    max_query_series: lowest((one) => one.max_query_series),
    max_query_lookback: lowest((one) => one.max_query_lookback),
    max_query_length: lowest((one) => one.max_query_length),
    max_query_range: lowest((one) => one.max_query_range),
    max_query_bytes_read: lowest((one) => one.max_query_bytes_read),
    query_timeout: lowest((one) => one.query_timeout),
    max_streams_matchers_per_query: lowest((one) => one.max_streams_matchers_per_query),
    minimum_labels_number: Math.max(...limits.map((one) => one.minimum_labels_number)),
    required_labels: [...new Set(limits.flatMap((one) => one.required_labels))],
    blocked_queries: limits.flatMap((one) => one.blocked_queries),
    volume_enabled: limits.every((one) => one.volume_enabled),
    max_pattern_lines: lowest((one) => one.max_pattern_lines),
    max_pattern_bytes: lowest((one) => one.max_pattern_bytes),
    volume_max_series: lowest((one) => one.volume_max_series),
  };
}
