export type { Garbage, GarbageOptions } from "./collect-garbage.ts";
export type { ApplyDeletesOptions, ApplyDeletesResult } from "./deletes/apply-deletes.ts";
export type {
  CompiledDelete,
  DeleteOptions,
  DeleteRequest,
  DeletionMode,
  ListedDelete,
  RowTest,
} from "./deletes/delete-request.ts";
export type { StoreDeletes } from "./deletes/delete-requests.ts";
export { withoutDeleted, type Hiding } from "./deletes/hiding.ts";
export { seriesLeft } from "./deletes/series-left.ts";
export type { SelectExplanation } from "./explain-select.ts";
export type { CompactionResult } from "./compaction/compactor.ts";
export { defaultCompactionOptions, type CompactionOptions } from "./compaction/plan-compaction.ts";
export { defaultReadAhead, type ReadAheadOptions } from "./read-ahead.ts";
export type { RetentionResult } from "./retention/apply-retention.ts";
export {
  compileExpiry,
  isExpired,
  withoutExpired,
  type Expiry,
  type RetentionPolicy,
  type RetentionRule,
} from "./retention/retention-policy.ts";
export {
  defaultBlockCacheBytesMax,
  defaultFilterCacheBytesMax,
  defaultFooterCacheBytesMax,
  defaultSegmentDeleteDelayMs,
  defaultSnapshotInterval,
  defaultWalName,
  type StoreOptions,
} from "./store-options.ts";
export { openStore, type Store, type TenantRange } from "./store.ts";
export { openStoreReader, type StoreReader, type StoreReaderOptions } from "./store-reader.ts";
export type { StoreSnapshot, StoreView } from "./store-view.ts";
export { isSegmentKey, type Segment } from "./segment.ts";
export type { BlockFacts, VisitRequest } from "./visit-blocks.ts";
export type { TenantStreams } from "./write-segments.ts";
