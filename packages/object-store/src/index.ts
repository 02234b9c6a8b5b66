export { openDiskCache, type CachedObjectStore, type DiskCacheOptions } from "./disk-cache/disk-cache.ts";
export { countingObjectStore } from "./counting.ts";
export { fileSystemObjectStore, type FileSystemObjectStoreOptions, openFileSystemObjectStore } from "./file-system.ts";
export { memoryObjectStore } from "./memory.ts";
export { checkKey } from "./object-store.ts";
export type { ByteRange, ListedObject, ObjectStat, ObjectStore, PutOptions } from "./object-store.ts";
export {
  type ConditionalPut,
  type ConditionalPutReport,
  probeConditionalPut,
  type ProbeOptions,
} from "./probe-conditional-put.ts";
