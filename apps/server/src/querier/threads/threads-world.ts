import { Head } from "@sluice/chunk";
import { createKernels } from "@sluice/kernels";
import { batchOf, isServiceError, type Entry, type Labels, type Logger, type Metrics } from "@sluice/model";
import { systemClock } from "@sluice/model/node";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { compileExpiry, openStore, type RetentionPolicy, type Store } from "@sluice/store";
import { quietLogger, quietMetrics } from "@sluice/testkit";
import { ServerConfig } from "../../config.ts";
import { compileDelete } from "../../deletes/compile-delete.ts";
import { defaultLimits, limitsFor, type Limits } from "../../limits.ts";
import { storeCachesFor } from "../open-query-runner.ts";
import { createQuerier } from "../querier.ts";
import { inlineQueryRunner, type QueryRunner, type RunOptions } from "../query-runner.ts";
import type { InstantParams, RangeParams, WrittenAnswer } from "../query-tasks.ts";
import { openQueryThreads, type QueryThreads, type QueryThreadsOptions } from "./query-threads.ts";

/** Lines in segments and in memory, and what queries run on. For tests. */
export interface ThreadsWorld extends AsyncDisposable {
  readonly store: Store;
  readonly inline: QueryRunner;
  readonly threads: QueryThreads;
  /** Puts lines into a segment. */
  flush(tenant: string, labels: Labels, entries: readonly Entry[]): Promise<void>;
  /** Puts lines into memory. */
  push(tenant: string, labels: Labels, entries: readonly Entry[]): void;
}

export interface ThreadsWorldOptions extends Partial<QueryThreadsOptions> {
  readonly objectStore?: ObjectStore;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
  readonly retention?: RetentionPolicy;
}

const kept: RetentionPolicy = { periodMs: 0, rules: [] };

export async function openThreadsWorld(options: ThreadsWorldOptions = {}): Promise<ThreadsWorld> {
  const { objectStore = memoryObjectStore(), logger = quietLogger, metrics = quietMetrics, retention = kept } = options;
  const kernels = createKernels();
  const store = await openStore({
    objectStore,
    kernels,
    clock: systemClock,
    logger,
    metrics,
    retentionOf: () => retention,
    deletes: {
      compile: (query) => compileDelete(query, kernels),
      modeOf: () => "filter-and-delete",
      cancelPeriodMs: 86_400_000,
      settleMs: 0,
    },
  });
  const heads = new Map<string, Head>();
  const headsOf = (tenant: string): readonly Head[] => {
    const head = heads.get(tenant);
    return head === undefined ? [] : [head];
  };
  const querier = createQuerier({ store, headsOf, expiryOf: () => compileExpiry(retention, systemClock.nowMs()) });
  const threads = openQueryThreads({
    threadCount: 1,
    concurrency: 4,
    waitingMax: 100,
    heapBytesMax: 256 * 1024 * 1024,
    source: {
      snapshot: (range) => store.snapshot(range),
      headBlocks: ({ tenant, startNs, endNs }, matchers) =>
        headsOf(tenant).flatMap((head) => head.select(matchers, startNs, endNs)),
      objectStore,
    },
    objectDirectory: undefined,
    readAhead: undefined,
    caches: storeCachesFor({ threads: 0, block_cache_bytes_max: 64 * 1024 * 1024 }),
    logger,
    metrics,
    ready: Promise.resolve(),
    ...options,
  });
  return {
    store,
    inline: inlineQueryRunner({ querier, kernels }),
    threads,
    async flush(tenant, labels, entries) {
      const head = new Head();
      head.append(labels, batchOf(entries));
      await store.flush([{ tenant, streams: head.streams() }], store.walCovered + 1, () => {});
    },
    push(tenant, labels, entries) {
      const head = heads.get(tenant) ?? new Head();
      heads.set(tenant, head);
      head.append(labels, batchOf(entries));
    },
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

const limits: Limits = limitsFor(defaultLimits, ServerConfig.parse({}).limits_config);

export function rangeParams(
  given: Pick<RangeParams, "tenant" | "query" | "bounds"> & Partial<RangeParams>,
): RangeParams {
  return {
    queryTags: "",
    limits,
    isAllowed: true,
    alignsSteps: true,
    warnings: [],
    limit: 100,
    direction: "backward",
    stepMs: 60_000,
    intervalMs: 0,
    flags: [],
    ...given,
  };
}

export function instantParams(
  given: Pick<InstantParams, "tenant" | "query" | "timeNs"> & Partial<InstantParams>,
): InstantParams {
  return {
    queryTags: "",
    limits,
    isAllowed: true,
    limit: 100,
    direction: "backward",
    warnings: [],
    flags: [],
    ...given,
  };
}

export function runOptions(given: Partial<RunOptions> = {}): RunOptions {
  return { queue: "tenant", affinity: "", timeoutMs: 60_000, signal: new AbortController().signal, ...given };
}

/** What a client reads, without the statistics. */
export function resultIn({ chunks }: WrittenAnswer): unknown {
  const { data } = JSON.parse(Buffer.concat(chunks).toString()) as { readonly data: Record<string, unknown> };
  return { ...data, stats: undefined };
}

/** The same, or what a client is told instead. */
export async function outcomeOf(answer: Promise<WrittenAnswer>): Promise<unknown> {
  try {
    return resultIn(await answer);
  } catch (error) {
    return isServiceError(error) ? { code: error.code, message: error.message } : error;
  }
}
