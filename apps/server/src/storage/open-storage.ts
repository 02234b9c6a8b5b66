import { randomUUID } from "node:crypto";
import { statfs } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Clock, FileSystem, Logger, Metrics, Rng } from "@sluice/model";
import {
  countingObjectStore,
  openDiskCache,
  openFileSystemObjectStore,
  probeConditionalPut,
  type ObjectStore,
} from "@sluice/object-store";
import { defaultReadAhead, defaultWalName, isSegmentKey, type StoreOptions } from "@sluice/store";
import { gcsBucketOptions, s3BucketOptions, type BucketOptions } from "./bucket-options.ts";
import { instanceName } from "./instance-name.ts";
import type { CommonConfig, StorageConfig } from "./storage-config.ts";

export interface OpenStorageOptions {
  readonly common: CommonConfig;
  readonly config: StorageConfig;
  /** Absolute; this process alone uses it. */
  readonly dataDirectory: string;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Ends what is asked of a bucket, with `cancelled`. */
  readonly signal: AbortSignal;
}

/** Where segments and the manifest are kept, and what the store has to know of that. */
export interface Storage extends AsyncDisposable {
  readonly objectStore: ObjectStore;
  readonly storeOptions: Pick<StoreOptions, "walName" | "readAhead">;
  /** Where the objects are files that any thread may read; undefined for a bucket. */
  readonly objectDirectory: string | undefined;
  /** Whether other servers may add to it. */
  readonly isShared: boolean;
  /** To be called every few seconds: makes room on the disk where others need it. */
  trim(): Promise<void>;
}

/** Of files: opening one costs as much as reading a few blocks. */
const fileReadAhead = { bytesMax: 32 * 1024 * 1024, windowBytesMax: 4 * 1024 * 1024 };
/** To hear at the start that a bucket cannot be used: not as long as a request of the running server. */
const firstContact = { attemptsMax: 3, attemptTimeoutMs: 5000 };
const probeRounds = 10;

/**
 * Opens what the configuration names. A bucket is asked right away, so that what is wrong with it is said at the start,
 * and raced for, to know what its conditional puts are worth.
 *
 * @throws {ServiceError} `bad_data` naming the key; `unavailable` naming the bucket or directory and the reason, within
 *   seconds.
 */
export async function openStorage(options: OpenStorageOptions): Promise<Storage> {
  const { common, config, dataDirectory, fs, clock, metrics } = options;
  const bucket = bucketOf(common, config);
  if (bucket !== undefined) {
    return openBucket(bucket, options);
  }
  const own = join(dataDirectory, "store");
  const named = config.filesystem?.directory ?? common.storage.filesystem?.chunks_directory;
  const directory = named === undefined ? own : resolve(named);
  const isShared = directory !== own;
  const objectStore = await openFileSystemObjectStore({ directory, fs });
  return {
    objectStore: countingObjectStore(objectStore, metrics, clock),
    storeOptions: {
      walName: isShared ? await instanceName(fs, dataDirectory) : defaultWalName,
      readAhead: fileReadAhead,
    },
    objectDirectory: directory,
    isShared,
    async trim() {},
    async [Symbol.asyncDispose]() {},
  };
}

function bucketOf({ storage }: CommonConfig, config: StorageConfig): BucketOptions | undefined {
  if (config.filesystem !== undefined) {
    return undefined;
  }
  if (config.aws !== undefined || config.gcs !== undefined) {
    return config.aws === undefined ? config.gcs && gcsBucketOptions(config.gcs) : s3BucketOptions(config.aws);
  }
  return storage.s3 === undefined ? storage.gcs && gcsBucketOptions(storage.gcs) : s3BucketOptions(storage.s3);
}

async function openBucket(bucket: BucketOptions, options: OpenStorageOptions): Promise<Storage> {
  const { config, dataDirectory, fs, clock, rng, logger, metrics, signal } = options;
  // Loaded only here: the AWS SDK costs 150 ms and 22 MB.
  const { openS3ObjectStore } = await import("@sluice/object-store/s3");
  await using opened = new AsyncDisposableStack();
  {
    using first = openS3ObjectStore({ ...bucket, ...firstContact, clock, rng });
    await first.list("manifest/")[Symbol.asyncIterator]().next();
    await probe(first, bucket, options);
  }
  const s3 = opened.use(openS3ObjectStore({ ...bucket, clock, rng, metrics, signal }));
  const counted = countingObjectStore(s3, metrics, clock);
  const { bytes_max: bytesMax, directory = join(dataDirectory, "cache"), free_bytes_min: freeBytesMin } = config.cache;
  const cacheDirectory = resolve(directory);
  const cached =
    bytesMax === 0
      ? undefined
      : await openDiskCache(counted, {
          directory: cacheDirectory,
          bytesMax,
          freeBytesMin,
          freeBytes: () => freeBytesOf(cacheDirectory),
          isImmutable: isSegmentKey,
          fs,
          clock,
          logger,
          metrics,
        });
  if (cached !== undefined) {
    opened.defer(() => cached.settled());
  }
  const walName = await instanceName(fs, dataDirectory);
  const open = opened.move();
  return {
    objectStore: cached ?? counted,
    storeOptions: { walName, readAhead: { ...defaultReadAhead, bytesMax: config.read_ahead_bytes_max } },
    objectDirectory: undefined,
    isShared: true,
    async trim() {
      await cached?.trim();
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function probe(objectStore: ObjectStore, bucket: BucketOptions, options: OpenStorageOptions): Promise<void> {
  const { logger, clock } = options;
  const startMs = clock.nowMs();
  const { conditionalPut, detail } = await probeConditionalPut(objectStore, {
    prefix: `probe/${randomUUID()}`,
    rounds: probeRounds,
  });
  const fields = {
    bucket: bucket.bucket,
    endpoint: bucket.endpoint ?? "AWS",
    conditionalPut,
    detail,
    tookMs: clock.nowMs() - startMs,
  };
  if (conditionalPut === "atomic") {
    logger.info("the bucket answers, and its conditional puts are atomic", fields);
  } else {
    logger.warn("the bucket's conditional puts are not atomic: let this server alone use it, never two", fields);
  }
}

async function freeBytesOf(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
