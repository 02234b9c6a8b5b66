import {
  assert,
  ServiceError,
  type BlockRef,
  type Labels,
  type SelectRequest,
  type SeriesRequest,
} from "@sluice/model";
import { inlineBlockEncoder } from "@sluice/chunk";
import { GarbageCollector, type Garbage, type GarbageOptions } from "./collect-garbage.ts";
import { Compactor, type CompactionResult } from "./compaction/compactor.ts";
import { defaultCompactionOptions } from "./compaction/plan-compaction.ts";
import { DeleteApplier, type ApplyDeletesOptions, type ApplyDeletesResult } from "./deletes/apply-deletes.ts";
import { noDeletes } from "./deletes/delete-request.ts";
import { DeleteRequests, type StoreDeletes } from "./deletes/delete-requests.ts";
import { explainSelect, type SelectExplanation } from "./explain-select.ts";
import { Manifest, type Replacement } from "./manifest/manifest.ts";
import { Retention, type RetentionResult } from "./retention/apply-retention.ts";
import { compileExpiry, isExpired, keepForever, type Expiry } from "./retention/retention-policy.ts";
import { SegmentReader } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";
import { createStoreMetrics } from "./store-metrics.ts";
import {
  defaultBlockCacheBytesMax,
  defaultFilterCacheBytesMax,
  defaultFooterCacheBytesMax,
  defaultSegmentDeleteDelayMs,
  defaultSnapshotInterval,
  defaultWalName,
  type StoreOptions,
} from "./store-options.ts";
import { selectFrom, seriesFrom, type StoreSnapshot, type StoreView } from "./store-view.ts";
import { visitBlocksOf, type BlockFacts, type VisitRequest } from "./visit-blocks.ts";
import { writeSegments, type TenantStreams } from "./write-segments.ts";

/** What is asked about; the end does not belong to it. */
export type TenantRange = Pick<SelectRequest, "tenant" | "startNs" | "endNs">;

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
   * one stream from several segments may overlap and repeat each other's entries; merge them. Lines that are too old or
   * deleted are left out, though they may be there still.
   *
   * @throws {ServiceError} `bad_data` for a regular expression that is none; `corrupt` naming a damaged segment;
   *   `cancelled`.
   */
  select(request: SelectRequest, signal?: AbortSignal): Promise<readonly BlockRef[]>;
  /**
   * Label sets, ascending, of the streams that have blocks in the range at the moment of the call. Where lines of theirs
   * are deleted, blocks are read to see whether one is left.
   */
  series(request: SeriesRequest): Promise<readonly Labels[]>;
  /**
   * Visits the blocks of {@link select} without making anything of them: for statistics over a million of them. Others
   * get their turn in between. A block of which only a part is deleted counts as a whole.
   *
   * @throws {ServiceError} as {@link select}.
   */
  visitBlocks(request: VisitRequest, visit: (block: BlockFacts) => void, signal?: AbortSignal): Promise<void>;
  /** What {@link select} would give to read, and why nothing else; it reads the skip filters that a select reads, too. */
  explain(request: SelectRequest, signal?: AbortSignal): Promise<SelectExplanation>;
  /** What {@link select} and {@link series} would answer from now, for a {@link StoreReader} elsewhere. */
  snapshot(request: TenantRange): StoreSnapshot;
  /**
   * Learns what other stores on the same object store have committed. Waits for a flush that is under way; does nothing
   * between a flush that rejected and its repetition, so that no entry appears while its writer still holds it, too.
   */
  refresh(): Promise<void>;
  /**
   * Merges small segments into larger ones, per tenant and UTC day, as long as it is worth it; flushes, selects and other
   * stores go on meanwhile. What two stores merge at once, one of them has merged for nothing. The old segments stay on
   * the object store until {@link collectGarbage} removes them.
   *
   * One call at a time.
   *
   * @throws {ServiceError} `unavailable` when the object store fails; `cancelled`. What was merged by then stays merged.
   */
  compact(signal?: AbortSignal): Promise<CompactionResult>;
  /**
   * Drops the segments of which every line is too old, and writes those again of which whole streams are. It does what
   * no query can notice, so once an hour is often enough. Not while {@link compact} runs.
   *
   * @throws {ServiceError} as {@link compact}.
   */
  applyRetention(signal?: AbortSignal): Promise<RetentionResult>;
  /** The tenants' delete requests. Its {@link StoreDeletes.hidingOf} hides the same lines of what is in memory only. */
  readonly deletes: StoreDeletes;
  /**
   * Removes the lines of delete requests that can no longer be cancelled from the segments. No query can notice it. Not
   * while {@link compact} or {@link applyRetention} runs.
   *
   * @throws {ServiceError} as {@link compact}.
   */
  applyDeletes(options: ApplyDeletesOptions): Promise<ApplyDeletesResult>;
  /**
   * One round of removing segments and manifest objects that nobody needs any more. What it has not seen unneeded in
   * earlier rounds, for `segmentDeleteDelayMs` and half of that again, stays; so it needs rounds, every few minutes.
   *
   * @throws {ServiceError} `unavailable` when the object store fails, or a flush has failed and was not repeated yet.
   */
  collectGarbage(options?: GarbageOptions): Promise<Garbage>;
  /** Waits for a flush that is under way; after that every call rejects with `unavailable`. */
  close(): Promise<void>;
}

/**
 * Opens the store: reads the manifest and makes sure that no writer of this WAL from an earlier life can add to it.
 *
 * @throws {ServiceError} `corrupt` naming the manifest object that is damaged or missing; `unavailable`.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { objectStore, logger, clock } = options;
  const metrics = createStoreMetrics(options.metrics);
  const segmentDeleteDelayMs = options.segmentDeleteDelayMs ?? defaultSegmentDeleteDelayMs;
  const deleteOptions = options.deletes ?? noDeletes;
  const deletes = new DeleteRequests({ objectStore, clock, metrics: options.metrics, ...deleteOptions });
  // Before the manifest: whoever knows that a request was processed must know the segments without its lines, too.
  const deletesRead = await deletes.read();
  const manifest = await Manifest.open({
    objectStore,
    logger,
    metrics,
    clock,
    walName: options.walName ?? defaultWalName,
    snapshotInterval: options.snapshotInterval ?? defaultSnapshotInterval,
  });
  deletes.adopt(deletesRead);
  const blockEncoder = options.blockEncoder ?? inlineBlockEncoder(options.kernels);
  const reader = new SegmentReader({
    objectStore,
    logger,
    metrics,
    clock,
    kernels: options.kernels,
    footerCacheBytesMax: options.footerCacheBytesMax ?? defaultFooterCacheBytesMax,
    filterCacheBytesMax: options.filterCacheBytesMax ?? defaultFilterCacheBytesMax,
    blockCacheBytesMax: options.blockCacheBytesMax ?? defaultBlockCacheBytesMax,
    readAhead: options.readAhead,
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
  const exclusively = async <Result>(write: () => Promise<Result>): Promise<Result> => {
    while (writing !== undefined) {
      await writing;
    }
    checkOpen();
    const written = write().finally(() => {
      writing = undefined;
    });
    writing = written.then(
      () => {},
      () => {},
    );
    return written;
  };
  /** Never between a flush that rejected and its repetition: to learn that it went through is for the repetition. */
  const exclusivelyWhenSettled = <Result>(write: () => Promise<Result>): Promise<Result> =>
    exclusively(async () => {
      if (isUnsettled) {
        throw new ServiceError("unavailable", "a flush has failed and was not repeated yet");
      }
      return write();
    });

  const retentionOf = options.retentionOf ?? (() => keepForever);
  const expiryOf = (tenant: string): Expiry => compileExpiry(retentionOf(tenant), clock.nowMs());
  const segmentsOf = ({ tenant, startNs, endNs }: TenantRange, { allBeforeNs }: Expiry): Segment[] =>
    manifest.segmentsOf(tenant, laterOf(startNs, allBeforeNs), endNs);
  const viewOf = (request: TenantRange): StoreView => {
    const expiry = expiryOf(request.tenant);
    return { segments: segmentsOf(request, expiry), hiding: deletes.hidingOf(request.tenant), expiry };
  };
  const commit = (replacement: Replacement): Promise<boolean> =>
    exclusivelyWhenSettled(() => manifest.replace(replacement));

  const compactor = new Compactor({
    objectStore,
    reader,
    manifest,
    blockEncoder,
    clock,
    logger,
    metrics,
    compaction: { ...defaultCompactionOptions, ...options.compaction },
    segmentDeleteDelayMs,
    commit,
  });
  const retention = new Retention({ manifest, reader, compactor, clock, logger, metrics, retentionOf, commit });
  const refresh = (): Promise<void> =>
    exclusively(async () => {
      if (!isUnsettled) {
        const read = await deletes.read();
        await manifest.refresh();
        deletes.adopt(read);
      }
    });
  const deleteApplier = new DeleteApplier({
    ...deleteOptions,
    requests: deletes,
    manifest,
    reader,
    compactor,
    clock,
    logger,
    refresh,
  });
  const garbageCollector = new GarbageCollector({
    objectStore,
    manifest,
    clock,
    logger,
    metrics,
    segmentDeleteDelayMs,
    exclusively: exclusivelyWhenSettled,
  });
  let isCollecting = false;
  let isRewriting = false;
  const rewriting = async <Result>(rewrite: () => Promise<Result>): Promise<Result> => {
    assert(!isRewriting, "one compaction or retention run at a time");
    isRewriting = true;
    try {
      return await rewrite();
    } finally {
      isRewriting = false;
    }
  };
  let isFlushing = false;
  let upload = { count: 0, startMs: Number.NEGATIVE_INFINITY };
  const flush: Store["flush"] = async (tenants, walCovered, onCommitted) => {
    const startMs = clock.nowMs();
    // A repetition makes use of what was put before, unless garbage collection may be about to.
    if (startMs >= upload.startMs + segmentDeleteDelayMs / 2) {
      upload = { count: upload.count + 1, startMs };
    }
    const origin = `${String(walCovered).padStart(16, "0")}-${manifest.life}.${upload.count}`;
    const added = await writeSegments(objectStore, tenants, origin, metrics, blockEncoder);
    isUnsettled = true;
    const commitBeforeMs = upload.startMs + segmentDeleteDelayMs / 2;
    await manifest.commit({ added, walCovered, commitBeforeMs }, onCommitted);
    isUnsettled = false;
    upload = { ...upload, startMs: Number.NEGATIVE_INFINITY };
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
      return selectFrom(reader, viewOf(request), request, metrics, signal);
    },
    async series(request) {
      checkOpen();
      return seriesFrom(reader, viewOf(request), request, metrics);
    },
    async visitBlocks(request, visit, signal) {
      checkOpen();
      return visitBlocksOf(reader, viewOf(request), request, visit, signal);
    },
    async explain(request, signal) {
      checkOpen();
      return explainSelect(reader, viewOf(request), request, options.readAhead, signal);
    },
    snapshot(request) {
      checkOpen();
      const { tenant } = request;
      const retention = retentionOf(tenant);
      const nowMs = clock.nowMs();
      const segments = segmentsOf(request, compileExpiry(retention, nowMs));
      const hidden = deletes.hidingOf(tenant) === undefined ? [] : deletes.activeOf(tenant);
      return { tenant, segments, deletes: hidden.map(({ request: hiding }) => hiding), retention, nowMs };
    },
    refresh,
    async compact(signal) {
      checkOpen();
      return rewriting(() =>
        compactor.compact((tenant) => {
          const expiry = expiryOf(tenant);
          return (labels, block) => !isExpired(expiry, labels, block);
        }, signal),
      );
    },
    async applyRetention(signal) {
      checkOpen();
      return rewriting(() => retention.apply(signal));
    },
    deletes: {
      add: async (request) => {
        checkOpen();
        return deletes.add(request, manifest.life);
      },
      cancel: async (tenant, id) => {
        checkOpen();
        return deletes.cancel(tenant, id);
      },
      list: (tenant) => deletes.list(tenant),
      hidingOf: (tenant) => deletes.hidingOf(tenant),
    },
    async applyDeletes(applyOptions) {
      checkOpen();
      return rewriting(() => deleteApplier.apply(applyOptions));
    },
    async collectGarbage(garbageOptions = {}) {
      checkOpen();
      assert(!isCollecting, "one round of garbage collection at a time");
      isCollecting = true;
      try {
        return await garbageCollector.collect(garbageOptions);
      } finally {
        isCollecting = false;
      }
    },
    async close() {
      while (writing !== undefined) {
        await writing;
      }
      isClosed = true;
    },
  };
}

function laterOf(timeNs: bigint, otherNs: bigint | undefined): bigint {
  return otherNs !== undefined && otherNs > timeNs ? otherNs : timeNs;
}
