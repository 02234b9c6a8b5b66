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
  /** The same lines as columns, when there are such: for whoever writes many, without a text for each. */
  readonly columns?: ResultColumns;
}

/** Lines one behind the other: line `i` is the UTF-8 `bytes[lineStarts[i], lineEnds[i])`, as it came. */
export interface ResultColumns {
  readonly count: number;
  /** Whole seconds since the epoch, and the nanoseconds after them. */
  readonly seconds: Float64Array;
  readonly nanos: Uint32Array;
  readonly bytes: Uint8Array;
  readonly lineStarts: Uint32Array;
  readonly lineEnds: Uint32Array;
  /** As {@link ResultEntry} has them; lines with the same labels may share one object. */
  readonly metadata: readonly Labels[];
  readonly parsed: readonly Labels[];
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
