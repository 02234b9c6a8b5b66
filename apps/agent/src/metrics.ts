import type { Counter, Gauge, Histogram, Metrics } from "@sluice/model";

/** Everything that the agent counts. Promtail's names where the meaning is Promtail's. */
export interface AgentMetrics {
  readonly encodedBytes: Counter;
  readonly sentBytes: Counter;
  readonly sentEntries: Counter;
  readonly droppedBytes: Counter;
  readonly droppedEntries: Counter;
  readonly requestDuration: Histogram;
  readonly batchRetries: Counter;
  readonly filesActive: Gauge;
  readonly targetsActive: Gauge;
  readonly targetsFailed: Counter;
  readonly truncatedLines: Counter;
  readonly malformedLines: Counter;
  readonly flushedPartialLines: Counter;
  readonly rotations: Counter;
  readonly inFlightBytes: Gauge;
  readonly positionsFailures: Counter;
}

export function agentMetrics(metrics: Metrics): AgentMetrics {
  const host = ["host"];
  const drop = ["host", "tenant", "reason"];
  return {
    encodedBytes: metrics.counter("promtail_encoded_bytes_total", "Bytes encoded and ready to send.", host),
    sentBytes: metrics.counter("promtail_sent_bytes_total", "Bytes sent and acknowledged.", host),
    sentEntries: metrics.counter("promtail_sent_entries_total", "Log entries sent and acknowledged.", host),
    droppedBytes: metrics.counter("promtail_dropped_bytes_total", "Bytes that the server will never take.", drop),
    droppedEntries: metrics.counter(
      "promtail_dropped_entries_total",
      "Log entries that the server did not take.",
      drop,
    ),
    requestDuration: metrics.histogram(
      "promtail_request_duration_seconds",
      "Duration of push requests.",
      [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      ["status_code", "host"],
    ),
    batchRetries: metrics.counter("promtail_batch_retries_total", "Batches sent again.", ["host", "tenant"]),
    filesActive: metrics.gauge("promtail_files_active_total", "Files that are open."),
    targetsActive: metrics.gauge("promtail_targets_active_total", "Paths that are followed."),
    targetsFailed: metrics.counter("promtail_targets_failed_total", "Paths that could not be followed.", ["reason"]),
    truncatedLines: metrics.counter("sluice_agent_truncated_lines_total", "Lines cut to the longest allowed length."),
    malformedLines: metrics.counter(
      "sluice_agent_malformed_cri_lines_total",
      "Lines that are no CRI lines, sent as they are with the time of reading.",
    ),
    flushedPartialLines: metrics.counter(
      "sluice_agent_flushed_partial_lines_total",
      "CRI lines whose last part never came, sent without it.",
    ),
    rotations: metrics.counter("sluice_agent_rotations_total", "Files renamed, truncated or deleted.", ["kind"]),
    inFlightBytes: metrics.gauge("sluice_agent_in_flight_bytes", "Bytes read and not acknowledged yet."),
    positionsFailures: metrics.counter("sluice_agent_positions_failures_total", "Positions that could not be saved."),
  };
}
