import type { Counter, Gauge, Histogram, Metrics } from "@sluice/model";

export interface WalMetrics {
  readonly records: Counter;
  readonly recordBytes: Counter;
  readonly syncs: Counter;
  readonly commitSeconds: Histogram;
  readonly waitingRecords: Gauge;
  readonly waitingBytes: Gauge;
  readonly segments: Gauge;
  readonly sizeBytes: Gauge;
  readonly lastPosition: Gauge;
  readonly readPosition: Gauge;
  readonly readRecords: Counter;
  readonly readBytes: Counter;
  readonly outOfSpace: Counter;
  readonly cutBytes: Counter;
  readonly damagedSegments: Counter;
  readonly lostRecords: Counter;
}

const commitBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

export function createWalMetrics(metrics: Metrics): WalMetrics {
  return {
    records: metrics.counter("sluice_wal_records_total", "Records appended and durable."),
    recordBytes: metrics.counter("sluice_wal_record_bytes_total", "Bytes of the records appended and durable."),
    syncs: metrics.counter("sluice_wal_syncs_total", "Groups of records made durable, one fdatasync each."),
    commitSeconds: metrics.histogram(
      "sluice_wal_commit_seconds",
      "Duration of writing a group of records and making it durable.",
      commitBuckets,
    ),
    waitingRecords: metrics.gauge("sluice_wal_waiting_records", "Records that wait for the disk."),
    waitingBytes: metrics.gauge("sluice_wal_waiting_bytes", "Bytes of the records that wait for the disk."),
    segments: metrics.gauge("sluice_wal_segments", "Segment files of the WAL."),
    sizeBytes: metrics.gauge("sluice_wal_size_bytes", "Bytes of the WAL's segment files."),
    lastPosition: metrics.gauge("sluice_wal_last_position", "Position of the last durable record."),
    readPosition: metrics.gauge(
      "sluice_wal_read_position",
      "Position of the record that was read last: replay is at its end when it is sluice_wal_last_position.",
    ),
    readRecords: metrics.counter("sluice_wal_read_records_total", "Records read, as replay does."),
    readBytes: metrics.counter("sluice_wal_read_bytes_total", "Bytes of the records read."),
    outOfSpace: metrics.counter("sluice_wal_out_of_space_total", "Groups refused because the disk was full."),
    cutBytes: metrics.counter("sluice_wal_cut_bytes_total", "Bytes of unfinished writes cut off at start."),
    damagedSegments: metrics.counter(
      "sluice_wal_damaged_segments_total",
      "Segments found damaged; each is kept as .damaged.",
    ),
    lostRecords: metrics.counter("sluice_wal_lost_records_total", "Acknowledged records that damage made unreadable."),
  };
}
