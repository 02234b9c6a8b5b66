import type { Counter, Gauge, Metrics } from "@sluice/model";

export interface DeleteMetrics {
  readonly requestsActive: Gauge;
  readonly requestsReceived: Counter;
  readonly requestsEnded: Counter;
  readonly linesDeleted: Counter;
  readonly blocks: Counter;
  readonly segments: Counter;
}

export function createDeleteMetrics(metrics: Metrics): DeleteMetrics {
  return {
    requestsActive: metrics.gauge(
      "sluice_store_delete_requests_active",
      "Delete requests whose lines are hidden and not all removed yet.",
    ),
    requestsReceived: metrics.counter("sluice_store_delete_requests_received_total", "Delete requests received."),
    requestsEnded: metrics.counter(
      "sluice_store_delete_requests_ended_total",
      "Delete requests that were processed or cancelled.",
      ["outcome"],
    ),
    linesDeleted: metrics.counter("sluice_store_lines_deleted_total", "Lines removed for delete requests."),
    blocks: metrics.counter(
      "sluice_store_delete_blocks_total",
      "Blocks that delete requests were about: dropped unread, or rewritten without some of their lines.",
      ["outcome"],
    ),
    segments: metrics.counter(
      "sluice_store_delete_segments_total",
      "Segments rewritten, or dropped as a whole, for delete requests.",
      ["outcome"],
    ),
  };
}
