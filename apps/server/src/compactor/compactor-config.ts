import { DurationMs } from "@sluice/service";
import { z } from "zod";

/** The `compactor` section of the server's config file; names are Loki's. */
export const CompactorConfig = z.strictObject({
  /** Pause between two rounds of merging small segments and removing what nothing names any more. */
  compaction_interval: DurationMs.refine((ms) => ms > 0, "must be longer than 0s").prefault("10m"),
  /** Pause between two rounds of removing what is older than its retention; queries never show it, removed or not. */
  apply_retention_interval: DurationMs.refine((ms) => ms > 0, "must be longer than 0s").prefault("1h"),
  /** Without it nothing is removed for its age, and nothing can be deleted. */
  retention_enabled: z.boolean().default(true),
  /** Loki's name of the store that keeps delete requests. They are kept with the segments here, whatever it says. */
  delete_request_store: z.string().optional(),
  /** How long a delete request can be taken back; its lines are hidden from queries all the same. */
  delete_request_cancel_period: DurationMs.prefault("24h"),
  /** The most that a request may give as `max_interval`; 0 is no limit. */
  delete_max_interval: DurationMs.prefault("24h"),
  /**
   * How long a segment stays on disk after nothing names it any more, for queries that still read it. Half of it is the
   * time that a flush has from its first upload to its commit.
   */
  retention_delete_delay: DurationMs.refine((ms) => ms >= 1000, "must be at least 1s").prefault("2h"),
});
export type CompactorConfig = z.output<typeof CompactorConfig>;
