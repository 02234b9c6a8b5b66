import type { DecodeKernels } from "@sluice/chunk";
import type { BlockRef, Clock, Labels, Logger, Metrics, SelectRequest, SeriesRequest } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import type { DeleteOptions } from "./deletes/delete-request.ts";
import { explainSelect, type SelectExplanation } from "./explain-select.ts";
import type { ReadAheadOptions } from "./read-ahead.ts";
import { SegmentReader } from "./segment-reader.ts";
import { createStoreMetrics } from "./store-metrics.ts";
import { selectFrom, seriesFrom, StoreViews, type StoreSnapshot, type StoreView } from "./store-view.ts";
import { visitBlocksOf, type BlockFacts, type VisitRequest } from "./visit-blocks.ts";

export interface StoreReaderOptions {
  /** Only ever read from. */
  readonly objectStore: Pick<ObjectStore, "get">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Faster loops over bytes, of this thread. */
  readonly kernels?: DecodeKernels;
  /** What the queries of delete requests mean; the same as the store was opened with. */
  readonly compileDelete: DeleteOptions["compile"];
  readonly readAhead?: ReadAheadOptions;
  readonly footerCacheBytesMax: number;
  readonly filterCacheBytesMax: number;
  readonly blockCacheBytesMax: number;
}

/**
 * Answers from snapshots of a store what the store would, with caches of its own: on another thread, or with other
 * bounds.
 */
export interface StoreReader {
  /** @throws {ServiceError} `bad_data` for a delete request that cannot be understood. */
  viewOf(snapshot: StoreSnapshot): StoreView;
  /** @see Store.select */
  select(view: StoreView, request: SelectRequest, signal?: AbortSignal): Promise<readonly BlockRef[]>;
  /** @see Store.visitBlocks */
  visitBlocks(
    view: StoreView,
    request: VisitRequest,
    visit: (block: BlockFacts) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** @see Store.explain */
  explain(view: StoreView, request: SelectRequest, signal?: AbortSignal): Promise<SelectExplanation>;
  /** @see Store.series */
  series(view: StoreView, request: SeriesRequest): Promise<readonly Labels[]>;
}

export function openStoreReader(options: StoreReaderOptions): StoreReader {
  const metrics = createStoreMetrics(options.metrics);
  const views = new StoreViews(options.compileDelete);
  const reader = new SegmentReader({ ...options, metrics });
  return {
    viewOf: (snapshot) => views.viewOf(snapshot),
    select: (view, request, signal) => selectFrom(reader, view, request, metrics, signal),
    visitBlocks: (view, request, visit, signal) => visitBlocksOf(reader, view, request, visit, signal),
    explain: (view, request, signal) => explainSelect(reader, view, request, options.readAhead, signal),
    series: (view, request) => seriesFrom(reader, view, request, metrics),
  };
}
