import { parseSelector } from "@sluice/logql/syntax";
import { messageOf, type Matcher } from "@sluice/model";
import { DurationMs } from "@sluice/service";
import type { RetentionPolicy } from "@sluice/store";
import { z } from "zod";

/** A stream selector in a config file; matchers after parsing. */
const Selector = z.string().transform((text, context): readonly Matcher[] => {
  try {
    return parseSelector(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: messageOf(error) });
    return z.NEVER;
  }
});

const RetentionStream = z.strictObject({
  selector: Selector,
  /** Of the rules that match a stream the one with the highest priority holds. */
  priority: z.int().default(0),
  period: DurationMs,
});

/** What one tenant may do. Keys, meanings and defaults are Loki's (`limits_config`); 0 means no limit. */
export const LimitsConfig = z.strictObject({
  /** Bytes of one line; longer ones are refused. */
  max_line_size: z
    .int()
    .nonnegative()
    .default(256 * 1024),
  /** Labels of one stream. */
  max_label_names_per_series: z.int().positive().default(15),
  /** Characters of a label's name. */
  max_label_name_length: z.int().positive().default(1024),
  /** Characters of a label's value. */
  max_label_value_length: z.int().positive().default(2048),
  /** Refuse entries that are older than `reject_old_samples_max_age`. */
  reject_old_samples: z.boolean().default(true),
  reject_old_samples_max_age: DurationMs.prefault("1w"),
  /** How far ahead of the server's clock an entry may be. */
  creation_grace_period: DurationMs.prefault("10m"),
  /** Bytes of one entry's structured metadata, names and values. */
  max_structured_metadata_size: z
    .int()
    .nonnegative()
    .default(64 * 1024),
  max_structured_metadata_entries_count: z.int().nonnegative().default(128),
  /** Lines that one log query may ask for. */
  max_entries_limit_per_query: z.int().nonnegative().default(5000),
  /** Series that one metric query may answer with. */
  max_query_series: z.int().positive().default(500),
  /** The longest time range of one query. */
  max_query_length: DurationMs.prefault("721h"),
  /** After this a query is ended with status 504. */
  query_timeout: DurationMs.prefault("1m"),
  /** Live tails that one tenant may have open. */
  max_concurrent_tail_requests: z.int().positive().default(10),
  /** How long lines are kept; 0 is forever. Older ones are not shown from then on, and removed later. */
  retention_period: DurationMs.prefault("0"),
  /** Streams that are kept for another time. */
  retention_stream: z.array(RetentionStream).default([]),
});

export type Limits = Readonly<z.output<typeof LimitsConfig>>;

/** How long the tenant's lines are kept, as the store wants to know it. */
export function retentionOf(limits: Limits): RetentionPolicy {
  const rules = limits.retention_stream.map(({ selector, priority, period }) => ({
    matchers: selector,
    priority,
    periodMs: period,
  }));
  return { periodMs: limits.retention_period, rules };
}
