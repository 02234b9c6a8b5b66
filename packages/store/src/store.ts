import {
  assert,
  ServiceError,
  type BlockRef,
  type Clock,
  type Labels,
  type Logger,
  type Metrics,
  type SelectRequest,
  type SeriesRequest,
} from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import { Manifest } from "./manifest/manifest.ts";
import { SegmentReader } from "./segment-reader.ts";
import { selectBlocks, selectSeries } from "./select-blocks.ts";
import { createStoreMetrics } from "./store-metrics.ts";
import { writeSegments, type TenantStreams } from "./write-segments.ts";

export interface StoreOptions {
  readonly objectStore: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /**
   * Whose positions `walCovered` counts. Stores that share an object store but not a WAL each need a name of their own.
   */
  readonly walName?: string;
  /** Memory for decoded blocks. */
  readonly blockCacheBytesMax?: number;
  /** Memory for footers of segments. */
  readonly footerCacheBytesMax?: number;
  /** Manifest entries between two snapshots. */
  readonly snapshotInterval?: number;
}

/** The segments on an object store: which there are, and what is in them. */
export interface Store {
  /** The highest WAL position such that it and all before it are in committed segments; 0 at first. */
  readonly walCovered: number;
  /**
   * Writes everything up to the position `walCovered` that no segment holds yet: a segment per tenant and UTC day, then
   * one manifest entry that adds them all. Nothing can be selected before that; in the tick from which all of it can,
   * `onCommitted` is called.
   *
   * One flush at a time. After one has rejected the next must hold at least the same batches: the same ones under the
   * same position add nothing when the first try went through after all.
   *
   * @throws {ServiceError} `unavailable` when the object store fails.
   */
  flush(tenants: readonly TenantStreams[], walCovered: number, onCommitted: () => void): Promise<void>;
  /**
   * Blocks of what was committed at the moment of the call: older segments first, in each by stream and time. Blocks of
   * one stream from several segments may overlap and repeat each other's entries; merge them.
   *
   * @throws {ServiceError} `bad_data` for a regular expression that is none; `corrupt` naming a damaged segment;
   *   `cancelled`.
   */
  select(request: SelectRequest, signal?: AbortSignal): Promise<readonly BlockRef[]>;
  /** Label sets, ascending, of the streams that have blocks in the range at the moment of the call. */
  series(request: SeriesRequest): Promise<readonly Labels[]>;
  /**
   * Learns what other stores on the same object store have committed. Waits for a flush that is under way; does nothing
   * between a flush that rejected and its repetition, so that no entry appears while its writer still holds it, too.
   */
  refresh(): Promise<void>;
  /** Waits for a flush that is under way; after that every call rejects with `unavailable`. */
  close(): Promise<void>;
}

export const defaultWalName = "wal";
export const defaultBlockCacheBytesMax = 256 * 1024 * 1024;
export const defaultFooterCacheBytesMax = 64 * 1024 * 1024;
export const defaultSnapshotInterval = 64;

/**
 * Opens the store: reads the manifest and makes sure that no writer of this WAL from an earlier life can add to it.
 *
 * @throws {ServiceError} `corrupt` naming the manifest object that is damaged or missing; `unavailable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { objectStore, logger, clock } = options;
  const metrics = createStoreMetrics(options.metrics);
  const manifest = await Manifest.open({
    objectStore,
    logger,
    metrics,
    walName: options.walName ?? defaultWalName,
    snapshotInterval: options.snapshotInterval ?? defaultSnapshotInterval,
  });
  const reader = new SegmentReader({
    objectStore,
    metrics,
    footerCacheBytesMax: options.footerCacheBytesMax ?? defaultFooterCacheBytesMax,
    blockCacheBytesMax: options.blockCacheBytesMax ?? defaultBlockCacheBytesMax,
  });
  let writing: Promise<void> | undefined;
  let isUnsettled = false;
  let isClosed = false;

  const checkOpen = (): void => {
    if (isClosed) {
      throw new ServiceError("unavailable", "the store is closed");
    }
  };
  /** The manifest's state changes by one call at a time. */
  const exclusively = async (write: () => Promise<void>): Promise<void> => {
    while (writing !== undefined) {
      await writing.catch(() => {});
    }
    checkOpen();
    writing = write().finally(() => {
      writing = undefined;
    });
    return writing;
  };

  let isFlushing = false;
  const flush: Store["flush"] = async (tenants, walCovered, onCommitted) => {
    const startMs = clock.nowMs();
    const added = await writeSegments(objectStore, tenants, walCovered, metrics);
    isUnsettled = true;
    await manifest.commit({ added, walCovered }, onCommitted);
    isUnsettled = false;
    metrics.flushSeconds.observe((clock.nowMs() - startMs) / 1000);
  };

  return {
    get walCovered() {
      return manifest.walCovered;
    },
    async flush(tenants, walCovered, onCommitted) {
      checkOpen();
      assert(!isFlushing, "one flush at a time");
      isFlushing = true;
      try {
        await exclusively(() => flush(tenants, walCovered, onCommitted));
      } catch (error) {
        metrics.flushFailures.add(1);
        throw error;
      } finally {
        isFlushing = false;
      }
    },
    async select(request, signal) {
      checkOpen();
      const { tenant, startNs, endNs } = request;
      return selectBlocks(reader, manifest.segmentsOf(tenant, startNs, endNs), request, signal);
    },
    async series(request) {
      checkOpen();
      const { tenant, startNs, endNs } = request;
      return selectSeries(reader, manifest.segmentsOf(tenant, startNs, endNs), request);
    },
    async refresh() {
      await exclusively(async () => {
        if (!isUnsettled) {
          await manifest.refresh();
        }
      });
    },
    async close() {
      while (writing !== undefined) {
        await writing.catch(() => {});
      }
      isClosed = true;
    },
  };
}
