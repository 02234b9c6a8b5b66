import type { BlockEncoder, BlockKernels } from "@sluice/chunk";
import type { Clock, Logger, Metrics } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import type { CompactionOptions } from "./compaction/plan-compaction.ts";
import type { DeleteOptions } from "./deletes/delete-request.ts";
import type { ReadAheadOptions } from "./read-ahead.ts";
import type { RetentionPolicy } from "./retention/retention-policy.ts";

export interface StoreOptions {
  readonly objectStore: ObjectStore;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Faster loops over bytes, of this thread; without them the plain ones run. */
  readonly kernels?: BlockKernels;
  /** What blocks are encoded with; by default on this thread. The same batch must give the same bytes every time. */
  readonly blockEncoder?: BlockEncoder;
  /**
   * Whose positions `walCovered` counts. Stores that share an object store but not a WAL each need a name of their own.
   */
  readonly walName?: string;
  /** Memory for decoded blocks. */
  readonly blockCacheBytesMax?: number;
  /** For an object store that charges by the request: queries read blocks together. By default they do not. */
  readonly readAhead?: ReadAheadOptions;
  /** Memory for footers of segments. */
  readonly footerCacheBytesMax?: number;
  /** Memory for skip filters of blocks. */
  readonly filterCacheBytesMax?: number;
  /** Manifest entries between two snapshots. */
  readonly snapshotInterval?: number;
  readonly compaction?: Partial<CompactionOptions>;
  /** How long a tenant's lines are kept, asked at every call, so that it may change. By default forever. */
  readonly retentionOf?: (tenant: string) => RetentionPolicy;
  /** What delete requests mean and when they are carried out. By default there are none, and none can be made. */
  readonly deletes?: DeleteOptions;
  /**
   * How long a segment stays after nothing names it any more, for selects that are under way and for readers that do
   * not know it yet; and twice the time that an upload may take until it is committed. The same for all that share an
   * object store; much longer than the pause between two refreshes.
   */
  readonly segmentDeleteDelayMs?: number;
}

export const defaultWalName = "wal";
export const defaultBlockCacheBytesMax = 256 * 1024 * 1024;
export const defaultFooterCacheBytesMax = 128 * 1024 * 1024;
export const defaultFilterCacheBytesMax = 128 * 1024 * 1024;
export const defaultSnapshotInterval = 64;
export const defaultSegmentDeleteDelayMs = 3_600_000;
