import { parentPort, workerData } from "node:worker_threads";
import { createKernels } from "@sluice/kernels";
import { assert, ServiceError, type Logger, type LogFields } from "@sluice/model";
import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { countingObjectStore, fileSystemObjectStore, type ObjectStore } from "@sluice/object-store";
import { openStoreReader } from "@sluice/store";
import { compileDelete } from "../../deletes/compile-delete.ts";
import { federatedQuerier } from "../federated-querier.ts";
import { runTask, type WrittenAnswer } from "../query-tasks.ts";
import type { PartRunner } from "../part-runner.ts";
import type { FromThread, Question, SentSnapshot, ThreadSetup, ToThread } from "./messages.ts";
import { RelayedMetrics } from "./relayed-metrics.ts";
import { receiveError, sendError } from "./sent-error.ts";
import { sharedSignal, type SharedSignal } from "./shared-signal.ts";
import { Known, threadQuerier } from "./thread-querier.ts";

/*
 * A thread that answers queries: from their text to the bytes of the answer. It has kernels and caches of its own, and
 * asks the main thread for what there is to read.
 */

interface Asked {
  readonly parts: unknown[];
  readonly resolve: (parts: readonly unknown[]) => void;
  readonly reject: (error: Error) => void;
}

const metricsEveryMs = 1000;

assert(parentPort !== null, "this is a thread's code");
const port = parentPort;
const { objectDirectory, readAhead, caches, threadCount, partMsMin } = workerData as ThreadSetup;
const kernels = createKernels();
const metrics = new RelayedMetrics();
const asked = new Map<number, Asked>();
const known = new Known();
const running = new Map<number, SharedSignal>();
let asks = 0;

const post = (message: FromThread, transferred: readonly ArrayBuffer[] = []): void => {
  port.postMessage(message, [...transferred]);
};

/** @param job undefined for what is not of one query alone. */
function ask(job: number, question: Question): Promise<readonly unknown[]> {
  asks += 1;
  const { promise, resolve, reject } = Promise.withResolvers<readonly unknown[]>();
  asked.set(asks, { parts: [], resolve, reject });
  post({ type: "ask", job, ask: asks, question });
  return promise;
}

const noJob = 0;

/** What another process has in its hands: the bytes of objects come by message. */
const remoteObjects: Pick<ObjectStore, "get"> = {
  async get(key, range) {
    const [bytes] = await ask(noJob, { type: "bytes", key, range });
    return bytes as Uint8Array;
  },
};

const logger: Logger = {
  debug: (message, fields) => log("debug", message, fields),
  info: (message, fields) => log("info", message, fields),
  warn: (message, fields) => log("warn", message, fields),
  error: (message, fields) => log("error", message, fields),
};

const reader = openStoreReader({
  objectStore:
    objectDirectory === undefined
      ? remoteObjects
      : countingObjectStore(
          fileSystemObjectStore({ directory: objectDirectory, fs: nodeFileSystem }),
          metrics,
          systemClock,
        ),
  logger,
  metrics,
  clock: systemClock,
  kernels,
  compileDelete: (query) => compileDelete(query, kernels),
  ...(readAhead === undefined ? {} : { readAhead }),
  ...caches,
});

port.on("message", (message: ToThread) => {
  switch (message.type) {
    case "run":
      void run(message);
      break;
    case "cancel":
      running.get(message.job)?.abort();
      break;
    case "known":
      known.learn(message.objects);
      break;
    case "answer":
      receive(message);
      break;
    case "refusal":
      asked.get(message.ask)?.reject(receiveError(message.error));
      asked.delete(message.ask);
      break;
  }
});
setInterval(tellMetrics, metricsEveryMs);
post({ type: "ready" });

async function run({ job, name, params, flag }: Extract<ToThread, { readonly type: "run" }>): Promise<void> {
  const shared = sharedSignal(flag);
  running.set(job, shared);
  const { signal } = shared;
  const querier = federatedQuerier(threadQuerier((question) => ask(job, question), reader));
  try {
    // Whoever waits for bytes from afar does not look at the signal.
    const cancelled = Promise.withResolvers<never>();
    signal.addEventListener("abort", () => cancelled.reject(new ServiceError("cancelled", "the query was cancelled")));
    const context = { querier, kernels, signal, parts: partsOf(job) };
    const value = await Promise.race([runTask(name, params as never, context), cancelled.promise]);
    post({ type: "done", job, value }, buffersOf(value));
  } catch (error) {
    post({ type: "failed", job, error: sendError(error) });
  } finally {
    running.delete(job);
    tellMetrics();
  }
}

function partsOf(job: number): PartRunner {
  return {
    atOnce: threadCount,
    partMsMin,
    async run(slot, params) {
      const [bytes] = await ask(job, { type: "part", slot, params });
      return bytes as Uint8Array;
    },
  };
}

function receive({ ask: id, value, isLast }: Extract<ToThread, { readonly type: "answer" }>): void {
  const pending = asked.get(id);
  // Known by the time that the next message is read, whether the query is still there or not.
  const received = isSnapshot(value)
    ? { ...value, segments: known.segments.receive(value.segments), labels: known.labels.receive(value.labels) }
    : value;
  if (received !== undefined) {
    pending?.parts.push(received);
  }
  if (isLast) {
    asked.delete(id);
    pending?.resolve(pending.parts);
  }
}

function isSnapshot(value: unknown): value is SentSnapshot {
  return typeof value === "object" && value !== null && "heads" in value;
}

/** The bytes of a written answer are handed over, not copied. */
function buffersOf(value: unknown): readonly ArrayBuffer[] {
  return typeof value === "object" && value !== null && "chunks" in value && Array.isArray(value.chunks)
    ? [...new Set((value as WrittenAnswer).chunks.map(({ buffer }) => buffer))]
    : [];
}

function tellMetrics(): void {
  const updates = metrics.take();
  if (updates.length > 0) {
    post({ type: "metrics", updates });
  }
}

function log(level: "debug" | "info" | "warn" | "error", message: string, fields: LogFields | undefined): void {
  post({ type: "log", level, message, fields: fields && (JSON.parse(JSON.stringify(fields)) as LogFields) });
}
