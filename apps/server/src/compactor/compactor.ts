import type { Clock, Logger } from "@sluice/model";
import { repeat, type Running } from "@sluice/service";
import type { Store } from "@sluice/store";
import type { CompactorConfig } from "./compactor-config.ts";

export interface CompactorOptions {
  readonly config: CompactorConfig;
  readonly store: Store;
  /** Writes every line that was acknowledged before the call to segments. */
  readonly flushMemory: () => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Keeps what is stored in order, at its own pace: removes lines that were deleted, merges small segments, drops what is
 * older than its retention, and removes from the object store what nothing names any more. One thing after the other, for they must not overlap.
 */
export function startCompactor({ config, store, flushMemory, clock, logger }: CompactorOptions): Running {
  const stopping = new AbortController();
  const { signal } = stopping;
  // The first round begins at once after a pause: what was too old when the server stopped should not wait an hour.
  let retentionDueMs = clock.nowMs();
  const round = async (): Promise<void> => {
    const deleted = await store.applyDeletes({ flushMemory, signal });
    if (deleted.linesDeleted + deleted.requestsProcessed > 0) {
      logger.info("removed deleted lines", { ...deleted });
    }
    const compacted = await store.compact(signal);
    if (compacted.segmentsRemoved > 0) {
      logger.info("compacted", { ...compacted });
    }
    if (config.retention_enabled && clock.nowMs() >= retentionDueMs) {
      const expired = await store.applyRetention(signal);
      retentionDueMs = clock.nowMs() + config.apply_retention_interval;
      if (expired.segmentsDropped + expired.segmentsRewritten > 0) {
        logger.info("applied retention", { ...expired });
      }
    }
    const { segments, manifestObjects } = await store.collectGarbage({ signal });
    if (segments.length + manifestObjects.length > 0) {
      logger.info("removed garbage", { segments: segments.length, manifestObjects: manifestObjects.length });
    }
  };
  const loop = repeat("compaction", config.compaction_interval, logger, signal, async () => {
    try {
      await round();
    } catch (error) {
      // A stop in the middle of a round is no failure: what was merged by then stays merged.
      if (!signal.aborted) {
        throw error;
      }
    }
  });
  return {
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
