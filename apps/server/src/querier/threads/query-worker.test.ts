import { setTimeout as sleep } from "node:timers/promises";
import { quietLogger, quietMetrics } from "@sluice/testkit";
import { expect, test } from "vitest";
import { QueryWorker, type Outcome } from "./query-worker.ts";

function badWorker(): QueryWorker & AsyncDisposable {
  const worker = new QueryWorker({
    setup: {
      objectDirectory: undefined,
      readAhead: undefined,
      threadCount: 1,
      partMsMin: 0,
      caches: { footerCacheBytesMax: 0, filterCacheBytesMax: 0, blockCacheBytesMax: 0 },
    },
    heapBytesMax: 64 * 1024 * 1024,
    source: {
      snapshot() {
        throw new Error("never asked");
      },
      headBlocks: () => [],
      objectStore: { get: async () => new Uint8Array() },
    },
    runPart() {
      throw new Error("never asked");
    },
    logger: quietLogger,
    metrics: quietMetrics,
    threadUrl: new URL("./bad-thread.ts", import.meta.url),
  });
  return Object.assign(worker, { [Symbol.asyncDispose]: () => worker.close() });
}

function run(worker: QueryWorker, what: string, signal = new AbortController().signal): Promise<Outcome> {
  return worker.run("rule", what, signal);
}

test("a thread that is stuck in a cancelled query is ended; what else it had is lost, and the next query is answered", async () => {
  await using worker = badWorker();
  expect(await run(worker, "answer")).toMatchObject({ type: "done" });
  const leaving = new AbortController();
  const other = run(worker, "wait");
  const stuck = run(worker, "loop", leaving.signal);
  await sleep(50);
  leaving.abort();
  expect(await stuck).toMatchObject({ type: "failed", error: { code: "cancelled" } });
  expect(await other).toEqual({ type: "lost" });
  expect(worker.jobCount).toBe(0);
  expect(await run(worker, "answer")).toMatchObject({ type: "done" });
});

test.for(["exit", "throw"])(
  "a thread that ends by itself (%s) fails its queries, and another one takes its place",
  async (how) => {
    await using worker = badWorker();
    const other = run(worker, "wait");
    expect(await run(worker, how)).toMatchObject({ type: "failed", error: { code: "unavailable" } });
    expect(await other).toMatchObject({ type: "failed", error: { code: "unavailable" } });
    expect(await run(worker, "answer")).toMatchObject({ type: "done" });
  },
);

test("what cannot be handed over fails, and nothing else", async () => {
  await using worker = badWorker();
  const params = { no: () => "data" };
  expect(await worker.run("rule", params, new AbortController().signal)).toMatchObject({ type: "failed" });
  expect(await run(worker, "answer")).toMatchObject({ type: "done" });
});

test("when it is closed, queries end", async () => {
  await using worker = badWorker();
  const open = run(worker, "wait");
  await worker.close();
  expect(await open).toMatchObject({ type: "failed", error: { code: "unavailable" } });
});
