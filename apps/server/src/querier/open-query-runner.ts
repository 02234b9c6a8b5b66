import type { Kernels } from "@sluice/kernels";
import type { Logger, Metrics } from "@sluice/model";
import { defaultFilterCacheBytesMax, defaultFooterCacheBytesMax } from "@sluice/store";
import type { QuerierConfig } from "../config.ts";
import type { Storage } from "../storage/open-storage.ts";
import type { IndexQuerier } from "./index-querier.ts";
import type { QuerierOptions } from "./querier.ts";
import { inlineQueryRunner, type QueryRunner } from "./query-runner.ts";
import type { CacheBudget } from "./threads/messages.ts";
import { openQueryThreads } from "./threads/query-threads.ts";

export interface QueryRunnerOptions {
  readonly config: QuerierConfig;
  /** What queries on other threads read from. */
  readonly readable: Pick<QuerierOptions, "store" | "headsOf">;
  /** What queries on this thread read from. */
  readonly querier: IndexQuerier;
  readonly kernels: Kernels;
  readonly storage: Pick<Storage, "objectStore" | "objectDirectory" | "storeOptions">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Resolves when the write-ahead log is replayed. */
  readonly ready: Promise<void>;
}

type CacheConfig = Pick<QuerierConfig, "block_cache_bytes_max">;

const mebibyte = 1024 * 1024;

function queryCachesFor({ block_cache_bytes_max: blockCacheBytesMax }: CacheConfig): CacheBudget {
  return {
    footerCacheBytesMax: defaultFooterCacheBytesMax,
    filterCacheBytesMax: defaultFilterCacheBytesMax,
    blockCacheBytesMax,
  };
}

/** For compaction, retention and deletes, and for what is asked about blocks without reading them. */
const housekeepingCaches: CacheBudget = {
  footerCacheBytesMax: 32 * mebibyte,
  filterCacheBytesMax: 16 * mebibyte,
  blockCacheBytesMax: 16 * mebibyte,
};

/** Memory of the store on the thread that takes requests: where it answers queries, too, all of it. */
export function storeCachesFor(config: CacheConfig & Pick<QuerierConfig, "threads">): CacheBudget {
  return config.threads === 0 ? queryCachesFor(config) : housekeepingCaches;
}

/** The runner that the configuration asks for; to be disposed of after the last query. */
export function openQueryRunner(options: QueryRunnerOptions): QueryRunner & AsyncDisposable {
  const { config, querier, kernels, storage, logger, metrics, ready } = options;
  const { store, headsOf } = options.readable;
  if (config.threads === 0) {
    return { ...inlineQueryRunner({ querier, kernels }), async [Symbol.asyncDispose]() {} };
  }
  return openQueryThreads({
    threadCount: config.threads,
    concurrency: config.max_concurrent,
    waitingMax: config.max_outstanding_per_tenant,
    heapBytesMax: config.thread_heap_bytes_max,
    source: {
      snapshot: (range) => store.snapshot(range),
      headBlocks: ({ tenant, startNs, endNs }, matchers) =>
        headsOf(tenant).flatMap((head) => head.select(matchers, startNs, endNs)),
      objectStore: storage.objectStore,
    },
    objectDirectory: storage.objectDirectory,
    readAhead: storage.storeOptions.readAhead,
    caches: queryCachesFor(config),
    ready,
    logger,
    metrics,
  });
}
