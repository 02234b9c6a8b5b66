import type { EntryBatch } from "./entry-batch.ts";
import type { LabelPair, Labels } from "./labels.ts";
import type { Matcher } from "./matcher.ts";

/** What a query needs from storage. Times are nanoseconds since the epoch. */
export interface SelectRequest {
  readonly tenant: string;
  /** All of them must hold; empty means every stream. */
  readonly matchers: readonly Matcher[];
  /** First instant wanted. */
  readonly startNs: bigint;
  /** First instant not wanted any more. */
  readonly endNs: bigint;
  /**
   * UTF-8 texts of which a line must contain every one to be of interest. A hint: blocks that hold no such line may be
   * left out, or be loaded without entries; others are whole.
   */
  readonly needles?: readonly Uint8Array[];
  /**
   * Labels of which an entry must have every one, with exactly this value (not empty), among those of its stream or its
   * structured metadata, to be of interest. A hint, too.
   */
  readonly equalities?: readonly LabelPair[];
  /**
   * The caller counts blocks by what is known without loading them, where that is exact: then it is worth some reading to
   * find out of which blocks it is, though lines are deleted.
   */
  readonly isCounting?: boolean;
}

/**
 * A run of entries of one stream that can be loaded. What is known without loading (times, counts, bytes) is enough
 * to order, prune and count.
 */
export interface BlockRef {
  readonly labels: Labels;
  /** Time of the first and of the last entry, both included. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly count: number;
  /** Bytes of the lines, before compression. */
  readonly rawBytes: number;
  /**
   * Set when `count` and `rawBytes` may count an entry twice (the block is several that overlap, and repeats are
   * found only on load): then only {@link load} tells the true count.
   */
  readonly mayRepeat?: boolean;
  /**
   * The entries: joined, ascending by time, entries of equal time in order of arrival. May reach beyond the
   * requested range; the reader cuts.
   */
  load(signal?: AbortSignal): Promise<EntryBatch>;
  /**
   * What `use` makes of the entries that {@link load} would give, where that is less work: they are good only while it runs,
   * so that it keeps no view of them.
   */
  scan?<Result>(use: (batch: EntryBatch) => Result, signal?: AbortSignal): Promise<Result>;
}

/**
 * Where the LogQL engine reads from. The blocks of one stream do not overlap in time and hold no entry twice
 * (same time, line and metadata), so that counting needs no look at its neighbours. Order among blocks is free.
 */
export interface Querier {
  select(request: SelectRequest, signal?: AbortSignal): Promise<readonly BlockRef[]>;
  /** Label sets of the streams that match any of the selectors and have entries in the range. */
  series(request: SeriesRequest): Promise<readonly Labels[]>;
}

export interface SeriesRequest {
  readonly tenant: string;
  /** A union: each element is one selector. Empty means every stream. */
  readonly selectors: readonly (readonly Matcher[])[];
  readonly startNs: bigint;
  readonly endNs: bigint;
}
