import type { Counter, Gauge, Metrics } from "@sluice/model";

export interface WalMetrics {
  readonly records: Counter;
  readonly recordBytes: Counter;
  readonly syncs: Counter;
  readonly sizeBytes: Gauge;
  readonly outOfSpace: Counter;
  readonly cutBytes: Counter;
  readonly damagedSegments: Counter;
  readonly lostRecords: Counter;
}

export function createWalMetrics(metrics: Metrics): WalMetrics {
  return {
    records: metrics.counter("sluice_wal_records_total", "Records appended and durable."),
    recordBytes: metrics.counter("sluice_wal_record_bytes_total", "Bytes of the records appended and durable."),
    syncs: metrics.counter("sluice_wal_syncs_total", "Groups of records made durable, one fdatasync each."),
    sizeBytes: metrics.gauge("sluice_wal_size_bytes", "Bytes of the WAL's segment files."),
    outOfSpace: metrics.counter("sluice_wal_out_of_space_total", "Groups refused because the disk was full."),
    cutBytes: metrics.counter("sluice_wal_cut_bytes_total", "Bytes of unfinished writes cut off at start."),
    damagedSegments: metrics.counter(
      "sluice_wal_damaged_segments_total",
      "Segments found damaged; each is kept as .damaged.",
    ),
    lostRecords: metrics.counter("sluice_wal_lost_records_total", "Acknowledged records that damage made unreadable."),
  };
}
