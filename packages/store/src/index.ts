export {
  defaultBlockCacheBytesMax,
  defaultFooterCacheBytesMax,
  defaultSnapshotInterval,
  defaultWalName,
  openStore,
  type Store,
  type StoreOptions,
} from "./store.ts";
export type { TenantStreams } from "./write-segments.ts";
