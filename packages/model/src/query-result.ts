import type { Labels } from "./labels.ts";

/** One line of a log query's answer, after the pipeline. */
export interface ResultEntry {
  /** Nanoseconds since the epoch. */
  readonly timestampNs: bigint;
  readonly line: string;
  /** Structured metadata that the pipeline left. */
  readonly metadata: Labels;
  /** Labels that the pipeline's parsers and formatters made. */
  readonly parsed: Labels;
}

/** Lines of one stream, in the query's direction. */
export interface ResultStream {
  /** Labels of the stream itself, without metadata and parsed labels. */
  readonly labels: Labels;
  readonly entries: readonly ResultEntry[];
}

export interface ResultPoint {
  /** Milliseconds since the epoch. */
  readonly timestampMs: number;
  readonly value: number;
}

export interface ResultSample extends ResultPoint {
  readonly labels: Labels;
}

export interface ResultSeries {
  readonly labels: Labels;
  readonly points: readonly ResultPoint[];
}

export type QueryResult =
  | { readonly type: "streams"; readonly streams: readonly ResultStream[] }
  | { readonly type: "vector"; readonly samples: readonly ResultSample[] }
  | { readonly type: "matrix"; readonly series: readonly ResultSeries[] }
  | ({ readonly type: "scalar" } & ResultPoint);

/** What a query cost; Loki's `stats.summary` is made of it. */
export interface QueryStats {
  blocksTotal: number;
  blocksLoaded: number;
  bytesProcessed: number;
  linesProcessed: number;
  entriesReturned: number;
}

export type Direction = "forward" | "backward";
