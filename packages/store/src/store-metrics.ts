import type { Counter, Gauge, Histogram, Metrics } from "@sluice/model";

export interface StoreMetrics {
  readonly segments: Gauge;
  readonly segmentsWritten: Counter;
  readonly segmentBytesWritten: Counter;
  readonly rawBytesWritten: Counter;
  readonly flushSeconds: Histogram;
  readonly flushFailures: Counter;
  readonly manifestSequence: Gauge;
  readonly manifestConflicts: Counter;
  readonly cacheHits: Counter;
  readonly cacheMisses: Counter;
  readonly cacheBytes: Gauge;
  readonly blocksPlanned: Counter;
  readonly blocksRead: Counter;
  readonly filterBytesRead: Counter;
  readonly filtersDamaged: Counter;
  readonly compactions: Counter;
  readonly compactedBytes: Counter;
  readonly compactionSeconds: Histogram;
  readonly garbageRemoved: Counter;
  readonly garbageWaiting: Gauge;
  readonly segmentsExpired: Counter;
}

const flushBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createStoreMetrics(metrics: Metrics): StoreMetrics {
  return {
    segments: metrics.gauge("sluice_store_segments", "Segments that the manifest holds."),
    segmentsWritten: metrics.counter("sluice_store_segments_written_total", "Segments put to the object store."),
    segmentBytesWritten: metrics.counter("sluice_store_segment_bytes_written_total", "Bytes of the segments put."),
    rawBytesWritten: metrics.counter("sluice_store_raw_bytes_written_total", "Bytes of lines in the segments put."),
    flushSeconds: metrics.histogram("sluice_store_flush_seconds", "Time of a flush that committed.", flushBuckets),
    flushFailures: metrics.counter("sluice_store_flush_failures_total", "Flushes that rejected."),
    manifestSequence: metrics.gauge("sluice_store_manifest_sequence", "Number of the last manifest entry known."),
    manifestConflicts: metrics.counter(
      "sluice_store_manifest_conflicts_total",
      "Manifest entries whose number was taken already.",
    ),
    cacheHits: metrics.counter("sluice_store_cache_hits_total", "Reads answered from memory.", ["cache"]),
    cacheMisses: metrics.counter("sluice_store_cache_misses_total", "Reads that went to the object store.", ["cache"]),
    cacheBytes: metrics.gauge("sluice_store_cache_bytes", "Bytes that the caches of all readers hold.", ["cache"]),
    blocksPlanned: metrics.counter(
      "sluice_store_blocks_planned_total",
      "Blocks of streams that a select matched, by what became of them: outside of its times, skipped by filter, or selected.",
      ["outcome"],
    ),
    blocksRead: metrics.counter("sluice_store_blocks_read_total", "Blocks read from the object store and decoded."),
    filterBytesRead: metrics.counter(
      "sluice_store_filter_bytes_read_total",
      "Bytes of skip filters read from the object store.",
    ),
    filtersDamaged: metrics.counter(
      "sluice_store_filters_damaged_total",
      "Skip filters that were damaged or of an unknown version; their blocks are read instead.",
    ),
    compactions: metrics.counter("sluice_store_compactions_total", "Merges of segments by outcome.", ["outcome"]),
    compactedBytes: metrics.counter("sluice_store_compacted_bytes_total", "Bytes of segments merged.", ["direction"]),
    compactionSeconds: metrics.histogram("sluice_store_compaction_seconds", "Time of a merge.", flushBuckets),
    garbageRemoved: metrics.counter("sluice_store_garbage_removed_total", "Objects removed that nothing names."),
    garbageWaiting: metrics.gauge("sluice_store_garbage_waiting", "Objects that nothing names and that stay a while."),
    segmentsExpired: metrics.counter("sluice_store_segments_expired_total", "Segments dropped by retention."),
  };
}
