import type { Counter, Gauge, Metrics } from "@sluice/model";

export interface DiskCacheMetrics {
  readonly hits: Counter;
  readonly misses: Counter;
  readonly bytesRead: Counter;
  readonly evictions: Counter;
  readonly notKept: Counter;
  readonly errors: Counter;
  readonly bytes: Gauge;
  readonly files: Gauge;
}

export function createDiskCacheMetrics(metrics: Metrics): DiskCacheMetrics {
  return {
    hits: metrics.counter("sluice_disk_cache_hits_total", "Reads answered from the disk, or by a read under way."),
    misses: metrics.counter("sluice_disk_cache_misses_total", "Reads that went to the object store."),
    bytesRead: metrics.counter("sluice_disk_cache_read_bytes_total", "Bytes read, by where they were.", ["from"]),
    evictions: metrics.counter("sluice_disk_cache_evictions_total", "Files removed to make room."),
    notKept: metrics.counter("sluice_disk_cache_not_kept_total", "Reads and puts for which there was no room."),
    errors: metrics.counter("sluice_disk_cache_errors_total", "Failures of the disk, and damaged files.", [
      "operation",
    ]),
    bytes: metrics.gauge("sluice_disk_cache_bytes", "Bytes of the files that are kept."),
    files: metrics.gauge("sluice_disk_cache_files", "Files that are kept."),
  };
}
