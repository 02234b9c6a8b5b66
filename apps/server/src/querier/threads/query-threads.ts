import { ServiceError, type Logger, type Metrics } from "@sluice/model";
import type { ReadAheadOptions } from "@sluice/store";
import { withDeadline, type QueryRunner, type RunOptions } from "../query-runner.ts";
import type { QueryTasks, WrittenAnswer } from "../query-tasks.ts";
import type { CacheBudget } from "./messages.ts";
import { QueryQueue } from "./query-queue.ts";
import { QueryWorker, type Outcome } from "./query-worker.ts";
import type { QuerySource, RunPart } from "./thread-source.ts";

const partMsMinDefault = 60_000;

export interface QueryThreadsOptions {
  /** How many threads; at least one. */
  readonly threadCount: number;
  /** Queries that one thread has at a time: while one waits for bytes, another one goes on. */
  readonly concurrency: number;
  /** Queries of one tenant that may wait for a place. */
  readonly waitingMax: number;
  /** Of one thread. */
  readonly heapBytesMax: number;
  readonly source: QuerySource;
  /** Where objects are files that the threads read themselves. */
  readonly objectDirectory: string | undefined;
  /** For all threads together. */
  readonly readAhead: ReadAheadOptions | undefined;
  /** For all threads together. */
  readonly caches: CacheBudget;
  /** What a part of a query's time is at least, when several threads answer it; a minute by default. */
  readonly partMsMin?: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Resolves when queries may come. */
  readonly ready: Promise<void>;
}

/** A runner with threads of its own. */
export interface QueryThreads extends QueryRunner, AsyncDisposable {}

/**
 * Runs queries on threads, which start when they are needed. A query that nobody waits for any more ends within a quarter
 * of a second, if need be together with its thread: then the thread's other queries begin again, once.
 */
export function openQueryThreads(options: QueryThreadsOptions): QueryThreads {
  const { threadCount, concurrency, waitingMax, heapBytesMax, source, logger, metrics } = options;
  const { objectDirectory, readAhead, caches, partMsMin = partMsMinDefault } = options;
  const setup = {
    objectDirectory,
    threadCount,
    partMsMin,
    readAhead: readAhead && { ...readAhead, bytesMax: Math.floor(readAhead.bytesMax / threadCount) },
    caches: {
      footerCacheBytesMax: Math.floor(caches.footerCacheBytesMax / threadCount),
      filterCacheBytesMax: Math.floor(caches.filterCacheBytesMax / threadCount),
      blockCacheBytesMax: Math.floor(caches.blockCacheBytesMax / threadCount),
    },
  };
  // Beside the queue: it is a part of a query that has its place.
  const runPart: RunPart = async (slot, params, signal) => {
    const worker = workers[Math.abs(slot) % threadCount]!;
    const outcome = await runTwice(() => worker.run("part", params, signal));
    return (valueOf(outcome) as WrittenAnswer).chunks[0]!;
  };
  const workers: readonly QueryWorker[] = Array.from(
    { length: threadCount },
    () => new QueryWorker({ setup, heapBytesMax, source, runPart, logger, metrics }),
  );
  // The first query should not wait for code to be read, and what comes before it should not share its core with that.
  void options.ready.then(() => workers[0]!.start());
  const queue = new QueryQueue({ placesMax: threadCount * concurrency, waitingMax });
  const waiting = metrics.gauge("sluice_queries_waiting", "Queries that wait for a query thread.");

  const start = async (
    name: keyof QueryTasks,
    params: unknown,
    affinity: string,
    signal: AbortSignal,
  ): Promise<unknown> => {
    const outcome = await runTwice(() => workerFor(workers, affinity).run(name, params, signal));
    return valueOf(outcome);
  };
  const run = async (
    name: keyof QueryTasks,
    params: unknown,
    { queue: whose, affinity, timeoutMs, signal }: RunOptions,
  ): Promise<unknown> =>
    withDeadline(timeoutMs, signal, async (stop) => {
      waiting.add(1);
      const leave = await queue.enter(whose, stop).finally(() => waiting.add(-1));
      const answer = start(name, params, affinity, stop);
      // Whoever waits hears at once that it is over; the place is free when the thread has let go.
      answer.then(leave, leave);
      return unlessAborted(answer, stop);
    });
  return {
    run: run as QueryRunner["run"],
    async [Symbol.asyncDispose]() {
      await Promise.all(workers.map((worker) => worker.close()));
    },
  };
}

/** Once more when the thread was ended for another query's sake. */
async function runTwice(run: () => Promise<Outcome>): Promise<Outcome> {
  const outcome = await run();
  return outcome.type === "lost" ? run() : outcome;
}

function valueOf(outcome: Outcome): unknown {
  switch (outcome.type) {
    case "done":
      return outcome.value;
    case "failed":
      throw outcome.error;
    case "lost":
      throw new ServiceError("unavailable", "the thread that had the query has ended twice");
  }
}

/** The thread that has the least to do; of several such the same one each time for queries that are alike. */
function workerFor(workers: readonly QueryWorker[], affinity: string): QueryWorker {
  const least = Math.min(...workers.map(({ jobCount }) => jobCount));
  const first = hashOf(affinity) % workers.length;
  return [...workers.slice(first), ...workers.slice(0, first)].find(({ jobCount }) => jobCount === least)!;
}

/** @see http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < Math.min(text.length, affinityLengthMax); i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

const affinityLengthMax = 1000;

async function unlessAborted<Result>(result: Promise<Result>, signal: AbortSignal): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([result, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
