import { Worker } from "node:worker_threads";
import { messageOf, ServiceError, type Logger, type Metrics } from "@sluice/model";
import type { QueryTasks } from "../query-tasks.ts";
import type { FromThread, ThreadSetup, ToThread } from "./messages.ts";
import { RelayedCounts } from "./relayed-metrics.ts";
import { receiveError, sendError } from "./sent-error.ts";
import { newFlag, raise } from "./shared-signal.ts";
import { ThreadSource, type QuerySource, type RunPart } from "./thread-source.ts";

export interface QueryWorkerOptions {
  readonly setup: ThreadSetup;
  /** Of objects on its heap; the bytes of lines are outside of it. */
  readonly heapBytesMax: number;
  readonly source: QuerySource;
  readonly runPart: RunPart;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** The thread's code; another one in tests. */
  readonly threadUrl?: URL;
}

/** What became of a job, as soon as the thread is done with it. */
export type Outcome =
  | { readonly type: "done"; readonly value: unknown }
  | { readonly type: "failed"; readonly error: Error }
  /** The thread was ended for another job's sake. */
  | { readonly type: "lost" };

interface Job {
  readonly id: number;
  readonly flag: Int32Array;
  readonly resolve: (outcome: Outcome) => void;
  isCancelled: boolean;
}

/** Beside this module, in the source as in a build. */
const defaultThreadUrl = new URL(
  `./query-thread${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`,
  import.meta.url,
);
/** A thread that has not let go of a query so long after it was cancelled is in a loop that looks at nothing. */
const cancelGraceMs = 200;
const mebibyte = 1024 * 1024;
const youngGenerationMb = 16;

/** One query thread as the main thread sees it. */
export class QueryWorker {
  readonly #options: QueryWorkerOptions;
  readonly #restarts;
  readonly #jobs = new Map<number, Job>();
  #thread: Thread | undefined;
  #lastJob = 0;

  constructor(options: QueryWorkerOptions) {
    this.#options = options;
    this.#restarts = options.metrics.counter(
      "sluice_query_threads_ended_total",
      "Query threads that ended and were replaced: stuck in a query that nobody waits for, out of memory, or broken.",
      ["reason"],
    );
  }

  /** Jobs that it has not let go of yet. */
  get jobCount(): number {
    return this.#jobs.size;
  }

  /** Gets a thread ready for the first job; with the next job after its end another one starts. */
  start(): void {
    if (this.#thread === undefined) {
      this.#thread = this.#newThread();
      this.#thread.worker.unref();
    }
  }

  /** Never rejects. After the signal has aborted, the thread lets go of the job within {@link cancelGraceMs} or is ended. */
  run(name: keyof QueryTasks, params: unknown, signal: AbortSignal): Promise<Outcome> {
    return new Promise((resolve) => {
      const thread = (this.#thread ??= this.#newThread());
      this.#lastJob += 1;
      const job: Job = { id: this.#lastJob, flag: newFlag(), resolve, isCancelled: false };
      try {
        thread.post({ type: "run", job: job.id, name, params, flag: job.flag });
      } catch (error) {
        resolve({ type: "failed", error: error as Error });
        return;
      }
      thread.source.begin(job.id, signal);
      this.#jobs.set(job.id, job);
      thread.worker.ref();
      signal.addEventListener("abort", () => this.#cancel(thread, job), { once: true });
      if (signal.aborted) {
        this.#cancel(thread, job);
      }
    });
  }

  async close(): Promise<void> {
    await this.#end(this.#thread, "closed");
    this.#settleAll({ type: "failed", error: new ServiceError("unavailable", "the query threads are closed") });
  }

  #newThread(): Thread {
    const { setup, heapBytesMax, source, runPart, metrics, logger, threadUrl = defaultThreadUrl } = this.#options;
    const worker = new Worker(threadUrl, {
      workerData: setup,
      resourceLimits: {
        maxOldGenerationSizeMb: Math.ceil(heapBytesMax / mebibyte),
        maxYoungGenerationSizeMb: youngGenerationMb,
      },
    });
    const thread = new Thread(worker, new ThreadSource(source, runPart), new RelayedCounts(metrics), logger);
    thread.onSettled = (job, outcome) => this.#settle(thread, job, outcome);
    thread.onReady = () => {
      for (const job of this.#jobs.values()) {
        if (job.isCancelled) {
          this.#endWhenStuck(thread, job);
        }
      }
    };
    worker.on("error", (error: Error & { readonly code?: string }) => {
      const reason = error.code === "ERR_WORKER_OUT_OF_MEMORY" ? "out of memory" : "broken";
      logger.error("a query thread ended", { reason, error: messageOf(error), stack: error.stack });
      this.#lose(thread, reason, this.#failureOf(reason));
    });
    worker.on("exit", () => this.#lose(thread, "broken", this.#failureOf("broken")));
    return thread;
  }

  #failureOf(reason: "out of memory" | "broken"): Outcome {
    if (reason === "broken") {
      return { type: "failed", error: new ServiceError("unavailable", "the thread that had the query has ended") };
    }
    const size = `${Math.ceil(this.#options.heapBytesMax / mebibyte)} MiB, querier.thread_heap_bytes_max`;
    // Of several queries it may be any one's fault.
    return this.#jobs.size === 1
      ? { type: "failed", error: new ServiceError("bad_data", `the query needs too much memory (limit: ${size})`) }
      : { type: "failed", error: new ServiceError("unavailable", `a query needed too much memory (limit: ${size})`) };
  }

  #cancel(thread: Thread, job: Job): void {
    if (job.isCancelled || !this.#jobs.has(job.id)) {
      return;
    }
    job.isCancelled = true;
    raise(job.flag);
    if (thread === this.#thread) {
      thread.post({ type: "cancel", job: job.id });
      this.#endWhenStuck(thread, job);
    }
  }

  /** While a thread starts it may take its time. */
  #endWhenStuck(thread: Thread, job: Job): void {
    if (!thread.isReady) {
      return;
    }
    setTimeout(() => {
      if (thread === this.#thread && this.#jobs.has(job.id)) {
        this.#options.logger.warn("a query thread did not let go of a query that was cancelled, and is ended", {
          otherQueries: this.#jobs.size - 1,
        });
        this.#settle(thread, job.id, {
          type: "failed",
          error: new ServiceError("cancelled", "the query was cancelled"),
        });
        this.#lose(thread, "stuck", { type: "lost" });
      }
    }, cancelGraceMs);
  }

  /** The thread is gone, or is to go: another one starts with the next job. */
  #lose(thread: Thread, reason: string, outcome: Outcome): void {
    if (thread === this.#thread) {
      void this.#end(thread, reason);
      this.#settleAll(outcome);
    }
  }

  async #end(thread: Thread | undefined, reason: string): Promise<void> {
    if (thread !== undefined) {
      this.#thread = undefined;
      this.#restarts.add(reason === "closed" ? 0 : 1, { reason });
      thread.counts.end();
      await thread.worker.terminate();
    }
  }

  #settle(thread: Thread, id: number, outcome: Outcome): void {
    const job = this.#jobs.get(id);
    this.#jobs.delete(id);
    thread.source.end(id);
    if (this.#jobs.size === 0) {
      // Only a query that is under way keeps the process alive.
      thread.worker.unref();
    }
    job?.resolve(outcome);
  }

  #settleAll(outcome: Outcome): void {
    const jobs = [...this.#jobs.values()];
    this.#jobs.clear();
    for (const job of jobs) {
      job.resolve(outcome);
    }
  }
}

/** A thread that runs, and what it was told. */
class Thread {
  readonly worker: Worker;
  readonly source: ThreadSource;
  readonly counts: RelayedCounts;
  readonly #logger: Logger;
  isReady = false;
  onReady: () => void = () => {};
  onSettled: (job: number, outcome: Outcome) => void = () => {};

  constructor(worker: Worker, source: ThreadSource, counts: RelayedCounts, logger: Logger) {
    this.worker = worker;
    this.source = source;
    this.counts = counts;
    this.#logger = logger;
    worker.on("message", (message: FromThread) => this.#receive(message));
  }

  post(message: ToThread, transferred: readonly ArrayBuffer[] = []): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.worker.postMessage(message, [...transferred]);
  }

  #receive(message: FromThread): void {
    switch (message.type) {
      case "ready":
        this.isReady = true;
        this.onReady();
        break;
      case "ask":
        this.#answer(message).catch((error: unknown) => {
          this.post({ type: "refusal", ask: message.ask, error: sendError(error) });
        });
        break;
      case "done":
        this.onSettled(message.job, { type: "done", value: message.value });
        break;
      case "failed":
        this.onSettled(message.job, { type: "failed", error: receiveError(message.error) });
        break;
      case "metrics":
        this.counts.apply(message.updates);
        break;
      case "log":
        this.#logger[message.level](message.message, message.fields);
        break;
    }
  }

  async #answer({ job, ask, question }: Extract<FromThread, { readonly type: "ask" }>): Promise<void> {
    await this.source.answer(job, question, {
      part: (value, isLast, transferred = []) => this.post({ type: "answer", ask, value, isLast }, transferred),
      known: (objects) => this.post({ type: "known", objects }),
    });
  }
}
