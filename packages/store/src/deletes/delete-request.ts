import { ServiceError, type EntryBatch, type LabelPair, type Labels, type Matcher } from "@sluice/model";

/** A wish to have a tenant's lines deleted: those that fit the query, with times in the range. */
export interface DeleteRequest {
  readonly id: string;
  readonly tenant: string;
  /** LogQL: a selector, or one with filters. */
  readonly query: string;
  /** Nanoseconds; both instants are in the range. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly createdMs: number;
}

/** A request, and how far it has come. */
export interface ListedDelete extends DeleteRequest {
  /** Hidden from queries the lines are in either state, unless they came after they were removed. */
  readonly state: "active" | "processed";
  /** How much of what there was to look through has been, 0 to 1; of this process' work only. */
  readonly doneShare: number;
}

/** What a delete request's query means. */
export interface CompiledDelete {
  /** A stream must fit all of them. */
  readonly matchers: readonly Matcher[];
  /** By these, storage may skip blocks that hold no such entry; see `SelectRequest`. */
  readonly needles: readonly Uint8Array[];
  readonly equalities: readonly LabelPair[];
  /** Finds the entries that are meant among those of a stream that fits; undefined when all of them are. */
  readonly rows: RowTest | undefined;
}

/** Which of the entries `[from, to)` of a joined batch are meant, ascending. */
export type RowTest = (labels: Labels, batch: EntryBatch, from: number, to: number) => readonly number[];

/**
 * Loki's `deletion_mode`: whether a tenant's requests have no effect at all, hide lines from queries, or hide them and
 * then remove them.
 */
export type DeletionMode = "disabled" | "filter-only" | "filter-and-delete";

export interface DeleteOptions {
  /** @throws {ServiceError} `bad_data` when the query cannot be one of a delete request. */
  readonly compile: (query: string) => CompiledDelete;
  /** Asked at every call, so that it may change. */
  readonly modeOf: (tenant: string) => DeletionMode;
  /** Nothing is removed before a request is this old, so that it can be cancelled. */
  readonly cancelPeriodMs: number;
  /**
   * How long the segments must have been free of a request's lines before it counts as processed. 0 for a store that
   * nobody else writes to; else longer than any writer keeps lines in memory.
   */
  readonly settleMs: number;
}

/** None, and none can be made. */
export const noDeletes: DeleteOptions = {
  compile() {
    throw new ServiceError("unprocessable", "this store was opened without knowing what delete requests mean");
  },
  modeOf: () => "filter-and-delete",
  cancelPeriodMs: 0,
  settleMs: 0,
};
