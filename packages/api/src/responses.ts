/**
 * Loki's JSON answers.
 *
 * @see https://grafana.com/docs/loki/latest/reference/loki-http-api/
 */
export interface SuccessResponse<Data> {
  readonly status: "success";
  readonly warnings?: readonly string[];
  readonly data: Data;
}

/** A label set as JSON has it. */
export type LabelRecord = Readonly<Record<string, string>>;

/** Where a line's labels come from that are not its stream's own; only with the flag `categorize-labels`. */
export interface EntryCategories {
  readonly structuredMetadata?: LabelRecord;
  readonly parsed?: LabelRecord;
}

/** One line: nanoseconds since the epoch in decimal, its text and, with `categorize-labels`, its other labels. */
export type StreamValue =
  | readonly [timestampNs: string, line: string]
  | readonly [timestampNs: string, line: string, categories: EntryCategories];

export interface StreamResult {
  /** With `categorize-labels` the stream's own labels, else all labels that its lines have in common. */
  readonly stream: LabelRecord;
  /** In the direction of the query. */
  readonly values: readonly StreamValue[];
}

/** A point: seconds since the epoch (with a fraction) and the value in decimal, `NaN`, `+Inf` or `-Inf`. */
export type SampleValue = readonly [seconds: number, value: string];

export interface VectorSample {
  readonly metric: LabelRecord;
  readonly value: SampleValue;
}

export interface MatrixSeries {
  readonly metric: LabelRecord;
  /** Ascending by time; a step without a value is left out. */
  readonly values: readonly SampleValue[];
}

/** What a query cost. */
export interface StatsSummary {
  readonly bytesProcessedPerSecond: number;
  readonly linesProcessedPerSecond: number;
  readonly totalBytesProcessed: number;
  readonly totalLinesProcessed: number;
  /** Seconds. */
  readonly execTime: number;
  /** Seconds. */
  readonly queueTime: number;
  readonly subqueries: number;
  readonly totalEntriesReturned: number;
  readonly splits: number;
  readonly shards: number;
}

export interface QueryStatsBody {
  readonly summary: StatsSummary;
}

export interface StreamsData {
  readonly resultType: "streams";
  readonly encodingFlags?: readonly string[];
  readonly result: readonly StreamResult[];
  readonly stats?: QueryStatsBody;
}

export interface MatrixData {
  readonly resultType: "matrix";
  readonly result: readonly MatrixSeries[];
  readonly stats?: QueryStatsBody;
}

export interface VectorData {
  readonly resultType: "vector";
  readonly result: readonly VectorSample[];
  readonly stats?: QueryStatsBody;
}

export interface ScalarData {
  readonly resultType: "scalar";
  /** Loki gives the time of a literal in milliseconds here, unlike everywhere else. */
  readonly result: SampleValue;
  readonly stats?: QueryStatsBody;
}

export type QueryData = StreamsData | MatrixData | VectorData | ScalarData;

/** Answer of `query` and `query_range`. */
export type QueryResponse = SuccessResponse<QueryData>;

/** Answer of `labels` and `label/:name/values`: `data` is missing when there is none. */
export interface LabelsResponse {
  readonly status: "success";
  readonly data?: readonly string[];
}

/** Answer of `series`. */
export type SeriesResponse = SuccessResponse<readonly LabelRecord[]>;

/** Answer of `index/stats`, without the usual wrapper. */
export interface IndexStatsResponse {
  readonly streams: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

/** Answer of `patterns`: what lines have in common, the most frequent first. */
export type PatternsResponse = SuccessResponse<readonly LinePattern[]>;

export interface LinePattern {
  /** With `<_>` for what differs, as `|>` takes it. */
  readonly pattern: string;
  readonly level: string;
  /** Ascending: the start of a step, seconds since the epoch, and how many lines there are in it. */
  readonly samples: readonly (readonly [seconds: number, count: number])[];
}

/** Answer of `detected_labels`; empty when there are none. */
export interface DetectedLabelsResponse {
  readonly detectedLabels?: readonly { readonly label: string; readonly cardinality: number }[];
}

/** Answer of `detected_fields`; empty when there are none. */
export interface DetectedFieldsResponse {
  readonly fields?: readonly DetectedFieldBody[];
  readonly limit?: number;
}

export interface DetectedFieldBody {
  readonly label: string;
  readonly type: "string" | "int" | "float" | "boolean" | "duration" | "bytes";
  readonly cardinality: number;
  /** What reads it from lines; null for structured metadata. */
  readonly parsers: readonly ("json" | "logfmt")[] | null;
  /** The keys that lead to it in a line of JSON. */
  readonly jsonPath?: readonly string[];
}

/** Answer of `detected_field/:name/values`; empty when there are none. */
export interface DetectedFieldValuesResponse {
  readonly limit?: number;
  readonly values?: readonly string[];
}

/** Answer of `drilldown-limits`. */
export interface DrilldownLimitsResponse {
  readonly limits: Readonly<Record<string, unknown>>;
  readonly pattern_ingester_enabled: boolean;
  readonly version: string;
}

/** Answer of `format_query`: the canonical form of the query. */
export type FormatQueryResponse = SuccessResponse<string>;

/** Answer of `index/volume` and `index/volume_range`: bytes of lines by label sets, or by labels with an empty value. */
export type VolumeResponse = SuccessResponse<VectorData | MatrixData>;

/** Answer of `explain`, which only Sluice has: what a query would do and cost. It reads no line. */
export type ExplainResponse = SuccessResponse<ExplainData>;

export interface ExplainData {
  /** The query in its canonical form. */
  readonly query: string;
  readonly type: "log" | "metric";
  /** One for each selector in the query, from the left. */
  readonly scans: readonly ExplainScan[];
  /** Of all scans together. */
  readonly estimate: ExplainEstimate;
  readonly budget: ExplainBudget;
  /** How the query could be made cheaper: one sentence each. */
  readonly advice: readonly string[];
}

/** What is read for one selector, and what is done with it. */
export interface ExplainScan {
  readonly selector: string;
  /** The range that is looked at, with the windows of a metric; nanoseconds since the epoch in decimal, without the end. */
  readonly start: string;
  readonly end: string;
  /** Streams with lines in the range, and the labels of some of them. */
  readonly streams: number;
  readonly streamLabels: readonly LabelRecord[];
  /** Segments of the tenant in the range, of matching streams or not. */
  readonly segments: number;
  readonly blocks: ExplainBlocks;
  /** What rules out blocks of matching streams in the range; one block may be ruled out by several. */
  readonly filters: readonly ExplainFilter[];
  /** Lines in the blocks to read, in segments and in memory. */
  readonly lines: number;
  /** Bytes of those lines. */
  readonly bytes: number;
  /** Bytes of the blocks in segments as they are stored. */
  readonly storedBytes: number;
  /** Requests to the object store for them, when none is in memory. */
  readonly requests: number;
  /** Whether a block is counted unread where it lies in one window. */
  readonly countsUnread: boolean;
  /** In the order in which they run. */
  readonly stages: readonly string[];
  /** The labels that parsers look for; null for all that there are. */
  readonly fields: readonly string[] | null;
}

/** Blocks of matching streams. */
export interface ExplainBlocks {
  /** In segments: */
  readonly outsideRange: number;
  readonly inRange: number;
  /** Of those in the range: deleted as a whole or too old, ruled out by skip filters, and left to read. */
  readonly hidden: number;
  readonly ruledOut: number;
  readonly toRead: number;
  readonly inMemory: number;
}

export interface ExplainFilter {
  /** A text that a line must hold, or a label of the stream or the structured metadata that it must have. */
  readonly kind: "text" | "label";
  /** The text, or `name="value"`. */
  readonly text: string;
  readonly blocksRuledOut: number;
}

export interface ExplainEstimate {
  readonly lines: number;
  readonly bytes: number;
  readonly storedBytes: number;
  readonly requests: number;
  /** Of one core: when nothing passes the first filter or the query ends early, and when everything passes. */
  readonly cpuSeconds: { readonly atLeast: number; readonly atMost: number };
}

export interface ExplainBudget {
  /** The tenant's `max_query_bytes_read`; 0 is no limit. */
  readonly bytesMax: number;
  /** Bytes that the query would read, at most. */
  readonly bytes: number;
  /** Whether it would be refused before it reads anything. */
  readonly isExceeded: boolean;
}

/** A line that a tail could not deliver, because its reader was too slow. */
export interface DroppedEntry {
  /** Nanoseconds since the epoch in decimal. */
  readonly timestamp: string;
  readonly labels: LabelRecord;
}

/** One text frame of the tail WebSocket. */
export interface TailFrame {
  readonly streams?: readonly StreamResult[];
  readonly dropped_entries?: readonly DroppedEntry[];
  readonly encodingFlags?: readonly string[];
}

export type AlertState = "inactive" | "pending" | "firing";

/** One alert of `/prometheus/api/v1/alerts`. */
export interface AlertBody {
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  readonly state: AlertState;
  /** RFC 3339. */
  readonly activeAt: string;
  readonly value: string;
}

export type AlertsResponse = PrometheusResponse<{ readonly alerts: readonly AlertBody[] }>;

export interface AlertingRuleBody {
  readonly type: "alerting";
  readonly name: string;
  readonly query: string;
  /** Seconds. */
  readonly duration: number;
  readonly labels: LabelRecord;
  readonly annotations: LabelRecord;
  readonly state: AlertState;
  readonly alerts: readonly AlertBody[];
  readonly health: "ok" | "err" | "unknown";
  readonly lastError: string;
  /** RFC 3339. */
  readonly lastEvaluation: string;
  /** Seconds. */
  readonly evaluationTime: number;
}

export interface RecordingRuleBody {
  readonly type: "recording";
  readonly name: string;
  readonly query: string;
  readonly labels: LabelRecord;
  readonly health: "ok" | "err" | "unknown";
  readonly lastError: string;
  /** RFC 3339. */
  readonly lastEvaluation: string;
  /** Seconds. */
  readonly evaluationTime: number;
}

export interface RuleGroupBody {
  readonly name: string;
  readonly file: string;
  /** Seconds. */
  readonly interval: number;
  readonly limit: number;
  readonly rules: readonly (AlertingRuleBody | RecordingRuleBody)[];
  /** RFC 3339. */
  readonly lastEvaluation: string;
  /** Seconds. */
  readonly evaluationTime: number;
}

export type RulesResponse = PrometheusResponse<{ readonly groups: readonly RuleGroupBody[] }>;

/** The wrapper of the ruler's JSON endpoints; an error has an empty `data`. */
export interface PrometheusResponse<Data> {
  readonly status: "success" | "error";
  readonly data: Data;
  readonly errorType: string;
  readonly error: string;
}

/** Answer of `/loki/api/v1/status/buildinfo`. */
export interface BuildInfoResponse {
  readonly version: string;
  readonly revision: string;
  readonly branch: string;
  readonly buildUser: string;
  readonly buildDate: string;
  readonly goVersion: string;
}
