import type { EntryBatch } from "@sluice/model";

/** One stream of a push, entries in the order in which they were sent. */
export interface PushedStream {
  /** The labels as sent, in Prometheus' text form `{a="b"}`; `parseStreamLabels` reads them. */
  readonly labels: string;
  readonly batch: EntryBatch;
}

/**
 * The time of an entry that was sent without one: Go's zero time, 0001-01-01, as in Loki, where validation then
 * refuses it as too old. In seconds since the epoch.
 */
export const zeroTimeSeconds = -62_135_596_800;
