import { stat, truncate } from "node:fs/promises";
import { labelsFromRecord, batchOf, lineTextAt, ServiceError, type FileSystem } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { compileExpiry, openStore } from "@sluice/store";
import { quietLogger, quietMetrics, temporaryDirectory, virtualClock } from "@sluice/testkit";
import { openWal } from "@sluice/wal";
import { expect, test } from "vitest";
import { IngesterConfig } from "../src/config.ts";
import { Ingester } from "../src/ingester/ingester.ts";
import { Tailers } from "../src/ingester/tailers.ts";
import { createQuerier } from "../src/querier/querier.ts";

const clock = virtualClock();
const ports = { logger: quietLogger, metrics: quietMetrics, clock };

/** One life of an ingester over a directory and an object store that outlive it. */
interface Life extends AsyncDisposable {
  readonly ingester: Ingester;
  readonly tailers: Tailers;
  push(...lines: readonly string[]): Promise<void>;
  /** Every line that a query sees, in order. */
  lines(): Promise<readonly string[]>;
}

async function live(
  directory: string,
  objectStore: ObjectStore,
  config: object = {},
  fs = nodeFileSystem,
): Promise<Life> {
  const onFatal = (error: Error): never => {
    throw error;
  };
  const wal = await openWal({ directory, fs, onFatal, ...ports });
  const store = await openStore({ objectStore, ...ports });
  const tailers = new Tailers(quietLogger);
  const ingester = new Ingester({ config: IngesterConfig.parse(config), wal, store, tailers, ...ports });
  await ingester.replay(() => {});
  const querier = createQuerier({
    store,
    headsOf: (tenant) => ingester.heads.of(tenant),
    expiryOf: () => compileExpiry({ periodMs: 0, rules: [] }, 0),
  });
  return {
    ingester,
    tailers,
    push(...lines) {
      // All at one time, so that nothing but repeats that are found keeps a line from being seen twice.
      const batch = batchOf(lines.map((line) => ({ timestampNs: 5n, line })));
      return ingester.push("fake", [{ labels: labelsFromRecord({ app: "x" }), batch }]);
    },
    async lines() {
      const blocks = await querier.select({ tenant: "fake", matchers: [], startNs: 0n, endNs: 10n });
      const batches = await Promise.all(blocks.map((block) => block.load()));
      return batches.flatMap((batch) => Array.from({ length: batch.count }, (_, i) => lineTextAt(batch, i)));
    },
    async [Symbol.asyncDispose]() {
      await store.close();
      await wal.close();
    },
  };
}

/** An object store that fails while it is told to. */
function failingStore(): ObjectStore & { isDown: boolean; downFor: (key: string) => boolean } {
  const base = memoryObjectStore();
  return {
    ...base,
    isDown: false,
    downFor: () => true,
    async put(key, body, options) {
      if (this.isDown && this.downFor(key)) {
        throw new ServiceError("unavailable", "the store is down");
      }
      return base.put(key, body, options);
    },
  };
}

test("a line is seen once: in memory, in a segment, and after every restart", async () => {
  await using directory = await temporaryDirectory();
  const objects = memoryObjectStore();
  {
    await using life = await live(directory.path, objects);
    await life.push("one", "two");
    expect(await life.lines()).toEqual(["one", "two"]);
  }
  {
    await using life = await live(directory.path, objects);
    expect(await life.lines()).toEqual(["one", "two"]);
    await life.ingester.flush();
    await life.push("three");
    expect(await life.lines()).toEqual(["one", "two", "three"]);
  }
  await using life = await live(directory.path, objects);
  expect(await life.lines()).toEqual(["one", "two", "three"]);
});

test("while the store is down lines stay, and flushes go on where they failed", async () => {
  await using directory = await temporaryDirectory();
  const objects = failingStore();
  await using life = await live(directory.path, objects);
  await life.push("one");
  objects.isDown = true;
  await expect(life.ingester.flush()).rejects.toThrow("the store is down");
  await life.push("two");
  expect(await life.lines()).toEqual(["one", "two"]);
  objects.isDown = false;
  await life.ingester.flushWhenDue();
  expect(life.ingester.heads.flushIsPending).toBe(false);
  expect(await life.lines()).toEqual(["one", "two"]);
  await life.ingester.flush();
  expect(life.ingester.heads.totalBytes).toBe(0);
  expect(await life.lines()).toEqual(["one", "two"]);
});

test("a store that is down does not keep the server from starting", async () => {
  await using directory = await temporaryDirectory();
  const objects = failingStore();
  {
    await using life = await live(directory.path, objects);
    await life.push("one");
    await life.push("two");
    await life.push("three");
  }
  // The manifest can be opened.
  objects.isDown = true;
  objects.downFor = (key) => key.endsWith(".seg");
  await using life = await live(directory.path, objects, { flush_bytes: 1 });
  expect(await life.lines()).toEqual(["one", "two", "three"]);
  objects.isDown = false;
  await life.ingester.flushAll();
  expect(life.ingester.heads.isEmpty).toBe(true);
  expect(await life.lines()).toEqual(["one", "two", "three"]);
});

test("a crash between the manifest and the trim of the log repeats nothing", async () => {
  await using directory = await temporaryDirectory();
  const objects = memoryObjectStore();
  const neverTrims: FileSystem = {
    ...nodeFileSystem,
    remove: async (path) => (path.endsWith(".wal") ? undefined : nodeFileSystem.remove(path)),
  };
  {
    await using life = await live(directory.path, objects, {}, neverTrims);
    await life.push("one");
    await life.ingester.flush();
  }
  await using life = await live(directory.path, objects);
  expect(life.ingester.heads.of("fake")).toEqual([]);
  expect(await life.lines()).toEqual(["one"]);
});

test("a flush of everything ends though damage took the last records from the log", async () => {
  await using directory = await temporaryDirectory();
  const onFatal = (error: Error): never => {
    throw error;
  };
  const wal = await openWal({ directory: directory.path, fs: nodeFileSystem, segmentBytesMax: 1, onFatal, ...ports });
  for (const record of ["one", "two"]) {
    await wal.append([new TextEncoder().encode(record)]);
  }
  await wal.close();
  const [first, second] = (await nodeFileSystem.list(directory.path)).map((name) => `${directory.path}/${name}`);
  const { size } = await stat(first!);
  // The first record is unreadable; the second was never there, but its segment says that the first was.
  await truncate(first!, size - 1);
  await truncate(second!, 36);
  await using life = await live(directory.path, memoryObjectStore());
  await life.ingester.flushAll();
  await life.push("three");
  await life.ingester.flushAll();
  expect(await life.lines()).toEqual(["three"]);
});

test("memory that is full because the store is down refuses pushes until it is flushed", async () => {
  await using directory = await temporaryDirectory();
  const objects = failingStore();
  await using life = await live(directory.path, objects, { head_bytes_max: 1 });
  await life.push("one");
  await expect(life.push("two")).rejects.toMatchObject({ code: "unavailable" });
  await life.ingester.flush();
  await life.push("two");
  expect(await life.lines()).toEqual(["one", "two"]);
});

test("a request that comes again after a lost answer is stored and shown once, also after a restart", async () => {
  await using directory = await temporaryDirectory();
  const objectStore = memoryObjectStore();
  const batch = batchOf([{ timestampNs: 5n, line: "once" }]);
  const streams = [{ labels: labelsFromRecord({ app: "x" }), batch }];
  const told: number[] = [];
  {
    await using life = await live(directory.path, objectStore);
    life.tailers.add("fake", (accepted) => told.push(accepted.length));
    await life.ingester.push("fake", streams, "digest");
    await Promise.all([life.ingester.push("fake", streams, "digest"), life.ingester.push("fake", streams, "digest")]);
    expect(told).toEqual([1]);
    await life.ingester.push("fake", streams, "of other bytes");
    expect([told, await life.lines()]).toEqual([[1, 1], ["once"]]);
  }
  await using life = await live(directory.path, objectStore);
  life.tailers.add("fake", () => told.push(0));
  await life.ingester.push("fake", streams, "digest");
  expect([told, await life.lines()]).toEqual([[1, 1], ["once"]]);
});
