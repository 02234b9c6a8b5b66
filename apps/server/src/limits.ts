import { parseSelector, printMatchers } from "@sluice/logql/syntax";
import { compileRe2, parseRfc3339Ns, nsPerMs, ServiceError, type Matcher } from "@sluice/model";
import { ByteSize, DurationMs, textCodec } from "@sluice/service";
import type { RetentionPolicy } from "@sluice/store";
import { z } from "zod";
import { OtlpConfig } from "./distributor/otlp-config.ts";
import { ignoredLimits, refusedLimits } from "./limits-without-effect.ts";

/** A stream selector; matchers after parsing. */
const Selector = textCodec<readonly Matcher[]>((text) => parseSelector(text), printMatchers);

/** A time in RFC 3339, or the empty text for none; milliseconds since the epoch after parsing, 0 for none. */
const Time = textCodec(
  (text) => {
    const ns = text === "" || text === "0" ? 0n : parseRfc3339Ns(text);
    if (ns === undefined) {
      throw new ServiceError("bad_data", `not a time in RFC 3339: ${JSON.stringify(text)}`);
    }
    return Number(ns / nsPerMs);
  },
  (ms) => (ms === 0 ? "" : new Date(ms).toISOString()),
);

const RetentionStream = z.strictObject({
  selector: Selector,
  /** Of the rules that match a stream the one with the highest priority holds. */
  priority: z.int().default(0),
  period: DurationMs,
});

const queryTypes = ["metric", "filter", "limited"] as const;

const BlockedQuery = z
  .strictObject({
    /** The query to refuse; all when there is none. */
    pattern: z.string().default(""),
    /** Whether the pattern is a regular expression. */
    regex: z.boolean().default(false),
    /** FNV-1 hash of the query to refuse, as Loki logs it; 0 for none. */
    hash: z.int().nonnegative().default(0),
    /** Kinds of queries to refuse; all when there is none. */
    types: z.array(z.enum(queryTypes)).default([]),
    /** Only queries with all of these in their `X-Query-Tags`; all when there is none. */
    query_tags: z.record(z.string(), z.string()).default({}),
  })
  .refine(({ regex, pattern }) => !regex || isRegex(pattern), "pattern is no regular expression of RE2");

const count = z.int().nonnegative();
const names = z.array(z.string());

/** Every limit with an effect: the keys of Loki's `limits_config`, 0 is no limit where nothing else is said. */
const LimitFields = z.strictObject({
  // How much may be pushed.
  /** `global` or `local`: the same in one process. */
  ingestion_rate_strategy: z.enum(["global", "local"]),
  /** MiB of lines and structured metadata that a tenant may push a second. 0 refuses everything, as in Loki. */
  ingestion_rate_mb: z.number().nonnegative(),
  /** MiB that it may push at once, after a pause; a larger push is refused. */
  ingestion_burst_size_mb: z.number().nonnegative(),
  /** Bytes a second of one stream. */
  per_stream_rate_limit: ByteSize,
  per_stream_rate_limit_burst: ByteSize,
  /** Streams that a tenant may have: those that got a line within the last ten minutes. */
  max_global_streams_per_user: count,
  /** The same; the lower one of the two holds. */
  max_streams_per_user: count,
  /** Nothing is stored until then. */
  block_ingestion_until: Time,
  /** What such pushes are answered with; 200 hides it from the sender. */
  block_ingestion_status_code: z.int().min(200).max(599),

  // What a stream may be like.
  /** Labels of one stream, not counting `service_name`. */
  max_label_names_per_series: z.int().positive(),
  /** Bytes of a label's name, and of its value. */
  max_label_name_length: z.int().positive(),
  max_label_value_length: z.int().positive(),
  /** Labels that every stream must have. */
  enforced_labels: names,
  /** Labels of which the first that a stream has becomes its `service_name`; none switches it off. */
  discover_service_name: names,

  // What an entry may be like.
  /** Bytes of one line; longer ones are refused. */
  max_line_size: ByteSize,
  /** They are cut instead. */
  max_line_size_truncate: z.boolean(),
  /** The end of a line that was cut. */
  max_line_size_truncate_identifier: z.string(),
  /** Refuse entries that are older than `reject_old_samples_max_age`. */
  reject_old_samples: z.boolean(),
  reject_old_samples_max_age: DurationMs,
  /** How far ahead of the server's clock an entry may be. */
  creation_grace_period: DurationMs,
  /** Make the time of a line that is that of the line before it a nanosecond later. */
  increment_duplicate_timestamp: z.boolean(),
  allow_structured_metadata: z.boolean(),
  /** Bytes of one entry's structured metadata, names and values. */
  max_structured_metadata_size: ByteSize,
  max_structured_metadata_entries_count: count,
  /** Add the metadata `detected_level` to every entry. */
  discover_log_levels: z.boolean(),
  /** Labels, metadata and fields of lines in which the level is looked for; none stands for Loki's. */
  log_level_fields: names,
  /** Objects inside each other in which a JSON line's level is looked for; 0 is any number, up to 100. */
  log_level_from_json_max_depth: z.int(),
  /** What becomes of the attributes of OpenTelemetry's records. */
  otlp_config: OtlpConfig,

  // What a query may ask for.
  /** Lines of one answer. */
  max_entries_limit_per_query: count,
  /** Series of one metric query's answer. */
  max_query_series: z.int().positive(),
  /** How far back a query may look; an earlier start is moved. */
  max_query_lookback: DurationMs,
  /** The longest time range of one query. */
  max_query_length: DurationMs,
  /** The longest range in brackets, as in `rate({app="x"}[5m])`. */
  max_query_range: DurationMs,
  /** Bytes of lines that one query may read. */
  max_query_bytes_read: ByteSize,
  /** After this a query is ended with status 504; a timer takes no more than 24 days. */
  query_timeout: DurationMs.refine((ms) => ms > 0 && ms < 2 ** 31, "must be longer than 0s and not longer than 24d"),
  /** Matchers of one selector. */
  max_streams_matchers_per_query: count,
  /** Labels that every selector must name, and how many it must name at least. */
  required_labels: names,
  minimum_labels_number: count,
  /** Queries that are refused. */
  blocked_queries: z.array(BlockedQuery),
  /** Whether `index/volume` and `index/volume_range` answer. */
  volume_enabled: z.boolean(),
  /** Label sets, or labels, of which they tell the volume; more is an error. */
  volume_max_series: z.int().positive(),
  /** Lines, and bytes of lines, in which patterns are looked for; of more a sample that is spread over the time. */
  max_pattern_lines: z.int().positive(),
  max_pattern_bytes: ByteSize.refine((sizeBytes) => sizeBytes > 0, "must be larger than 0"),
  /** Live tails that one tenant may have open. */
  max_concurrent_tail_requests: z.int().positive(),

  // How long lines are kept.
  /** 0 is forever. Older ones are not shown from then on, and removed later. */
  retention_period: DurationMs,
  /** Streams that are kept for another time. */
  retention_stream: z.array(RetentionStream),
  /** Whether lines may be deleted by query, and whether those are only hidden or removed, too. */
  deletion_mode: z.enum(["disabled", "filter-only", "filter-and-delete"]),
});

/** What one tenant may do. Durations are milliseconds, sizes are bytes. */
export type Limits = Readonly<z.output<typeof LimitFields>>;

/** Loki's fields in which a level is looked for, in its order. */
const levelFields = words(`
  level LEVEL Level log.level severity SEVERITY Severity SeverityText lvl LVL Lvl severity_text Severity_Text
  SEVERITY_TEXT
`);

/** Loki's labels that name a service, in its order. */
const serviceLabels = words(`
  service app application app_name name app_kubernetes_io_name container container_name k8s_container_name component
  workload job k8s_job_name
`);

/** Loki's defaults, as a configuration file would write them, but for `max_query_bytes_read`. */
const lokiDefaults: z.input<typeof LimitFields> = {
  ingestion_rate_strategy: "global",
  ingestion_rate_mb: 4,
  ingestion_burst_size_mb: 6,
  per_stream_rate_limit: "3MB",
  per_stream_rate_limit_burst: "15MB",
  max_global_streams_per_user: 5000,
  max_streams_per_user: 0,
  block_ingestion_until: "",
  block_ingestion_status_code: 260,
  max_label_names_per_series: 15,
  max_label_name_length: 1024,
  max_label_value_length: 2048,
  enforced_labels: [],
  discover_service_name: serviceLabels,
  max_line_size: "256KB",
  max_line_size_truncate: false,
  max_line_size_truncate_identifier: "",
  reject_old_samples: true,
  reject_old_samples_max_age: "1w",
  creation_grace_period: "10m",
  increment_duplicate_timestamp: false,
  allow_structured_metadata: true,
  max_structured_metadata_size: "64KB",
  max_structured_metadata_entries_count: 128,
  discover_log_levels: true,
  log_level_fields: levelFields,
  log_level_from_json_max_depth: 2,
  otlp_config: {},
  max_entries_limit_per_query: 5000,
  max_query_series: 500,
  max_query_lookback: "0s",
  max_query_length: "721h",
  max_query_range: "0s",
  // What four cores read in a minute, the time that a query has; Loki gives each of its queriers as much.
  max_query_bytes_read: "150GB",
  query_timeout: "1m",
  max_streams_matchers_per_query: 1000,
  required_labels: [],
  minimum_labels_number: 0,
  blocked_queries: [],
  volume_enabled: true,
  volume_max_series: 1000,
  max_pattern_lines: 300_000,
  max_pattern_bytes: "100MB",
  max_concurrent_tail_requests: 10,
  retention_period: "0s",
  retention_stream: [],
  deletion_mode: "filter-and-delete",
};

/** The limits where neither `limits_config` nor an override says anything else. */
export const defaultLimits: Limits = Object.freeze(LimitFields.parse(lokiDefaults));

/** What a file may say about limits: any of the keys; those of Loki without effect here are passed over or refused. */
const GivenLimits = LimitFields.partial().extend({
  ...mapKeys(ignoredLimits, () => z.unknown().optional()),
  ...mapKeys(refusedLimits, (reason) => z.undefined({ error: `not supported: ${reason}` }).optional()),
});

/** A section of limits in a file: what it sets, and which of its keys have no effect. */
export interface LimitsSection {
  readonly set: Partial<Limits>;
  readonly ignoredKeys: readonly string[];
}

/** Some limits, as `limits_config` and every tenant's override hold them. */
export const LimitsSection = z.codec(GivenLimits, z.custom<LimitsSection>(), {
  decode(given) {
    const entries = Object.entries(given);
    return {
      set: Object.fromEntries(entries.filter(([key]) => key in LimitFields.shape)) as Partial<Limits>,
      ignoredKeys: entries.map(([key]) => key).filter((key) => key in ignoredLimits),
    };
  },
  encode: ({ set }) => set,
});

/** What a tenant may do: what holds for all, but for what a section says about it. */
export function limitsFor(base: Limits, section: LimitsSection | undefined): Limits {
  return section === undefined ? base : Object.freeze({ ...base, ...section.set });
}

/** The limits as a file would write them. */
export function printableLimits(limits: Partial<Limits>): Record<string, unknown> {
  return z.encode(LimitFields.partial(), limits);
}

/** How long the tenant's lines are kept, as the store wants to know it. */
export function retentionOf(limits: Limits): RetentionPolicy {
  const rules = limits.retention_stream.map(({ selector, priority, period }) => ({
    matchers: selector,
    priority,
    periodMs: period,
  }));
  return { periodMs: limits.retention_period, rules };
}

function isRegex(text: string): boolean {
  try {
    compileRe2(text, { anchored: false });
    return true;
  } catch {
    return false;
  }
}

function mapKeys<Key extends string, Value, Mapped>(
  record: Readonly<Record<Key, Value>>,
  map: (value: Value) => Mapped,
): Record<Key, Mapped> {
  return Object.fromEntries(Object.entries<Value>(record).map(([key, value]) => [key, map(value)])) as Record<
    Key,
    Mapped
  >;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/u);
}
