import { DurationMs } from "@sluice/service";
import { z } from "zod";

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
});

export type Limits = Readonly<z.output<typeof LimitsConfig>>;
