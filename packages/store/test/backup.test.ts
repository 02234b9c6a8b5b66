import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { nodeFileSystem } from "@sluice/model/node";
import { memoryObjectStore, openFileSystemObjectStore, type ObjectStore } from "@sluice/object-store";
import type { Store } from "@sluice/store";
import { seededRng, temporaryDirectory, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { backUp } from "../src/backup/back-up.ts";
import { filesBelow } from "../src/backup/copied-files.ts";
import { restore } from "../src/backup/restore.ts";
import { checkStore } from "../src/fsck/check-store.ts";
import { cancelPeriodMs, testDeletes } from "./deletes-harness.ts";
import { dayStart, entry, flushLines, interceptedObjectStore, keysOf, openTestStore, storedLines } from "./harness.ts";

async function openData(data: string): Promise<ObjectStore> {
  return openFileSystemObjectStore({ directory: join(data, "store"), fs: nodeFileSystem });
}

/** A data directory as a server leaves it: segments, manifest, a delete request, a log, the ruler's state. */
async function fillData(data: string): Promise<Store> {
  await mkdir(join(data, "wal"), { recursive: true });
  await writeFile(join(data, "wal", "0000000000000001-00000001.wal"), "what is not flushed yet");
  await writeFile(join(data, "wal", "lock-1-2-3"), "");
  await mkdir(join(data, "ruler"));
  await writeFile(join(data, "ruler", "state.json"), "{}");
  const store = await openTestStore(await openData(data), { deletes: testDeletes, snapshotInterval: 3 });
  for (let i = 1; i <= 5; i++) {
    await flushLines(store, "t", i, [entry(i, `line ${i}`)]);
  }
  await store.deletes.add({ tenant: "t", query: "app=web 3", startNs: dayStart, endNs: dayStart + 9_000_000_000n });
  return store;
}

const lines = ["line 1", "line 2", "line 4", "line 5"];

test("a backup is restored to what there was, and can be gone on with", async () => {
  await using directory = await temporaryDirectory();
  const [data, to, restored] = ["data", "backup", "restored"].map((name) => join(directory.path, name));
  await fillData(data!);
  const report = await backUp({ data: data!, to: to! });
  // Segments, a snapshot, a request, a log, a state.
  expect(report).toMatchObject({ segmentCount: 5, fileCount: 9 });
  expect(await restore({ from: to!, data: restored! })).toMatchObject({ fileCount: 9, lineCount: 5 });
  expect((await filesBelow(restored!)).filter((path) => !path.startsWith("store/"))).toEqual([
    "ruler/state.json",
    "wal/0000000000000001-00000001.wal",
  ]);
  expect(await readFile(join(restored!, "wal/0000000000000001-00000001.wal"), "utf8")).toContain("not flushed");
  const store = await openTestStore(await openData(restored!), { deletes: testDeletes });
  expect(await storedLines(store, "t")).toEqual(lines);
  expect(store.walCovered).toBe(5);
  expect(store.deletes.list("t").length).toBe(1);
  await flushLines(store, "t", 6, [entry(6, "line 6")]);
  expect(await storedLines(store, "t")).toEqual([...lines, "line 6"]);
});

test("whatever file of a backup is damaged, missing or too many, it is named, and nothing is restored", async () => {
  await using directory = await temporaryDirectory();
  const [data, to, restored] = ["data", "backup", "restored"].map((name) => join(directory.path, name));
  await fillData(data!);
  await backUp({ data: data!, to: to! });
  const check = async (text: string): Promise<void> => {
    await expect(restore({ from: to!, data: restored! })).rejects.toThrow(text);
    expect(await filesBelow(restored!)).toEqual([]);
  };
  for (const path of await filesBelow(to!)) {
    const good = await readFile(join(to!, path));
    const bad = Buffer.from(good);
    bad[bad.length >> 1]! ^= 1;
    await writeFile(join(to!, path), bad);
    await expect(restore({ from: to!, data: restored! }), path).rejects.toMatchObject({ code: "corrupt" });
    await rm(join(to!, path));
    await check(path === "checksums.sha256" ? "holds no finished backup" : `${path} is missing`);
    await writeFile(join(to!, path), good);
  }
  await writeFile(join(to!, "wal", "0000000000000009-00000001.wal"), "from elsewhere");
  await check("0000000000000009-00000001.wal is not in checksums.sha256");
});

test("neither a backup nor a restore overwrites anything, and a backup of nothing is none", async () => {
  await using directory = await temporaryDirectory();
  const [data, to, full] = ["data", "backup", "full"].map((name) => join(directory.path, name));
  await mkdir(full!);
  await expect(backUp({ data: data!, to: to! })).rejects.toThrow("is not the data directory of a server");
  await fillData(data!);
  await writeFile(join(full!, "a"), "");
  await expect(backUp({ data: data!, to: full! })).rejects.toThrow("full is not empty: it holds a");
  await expect(restore({ from: full!, data: join(directory.path, "new") })).rejects.toThrow("no finished backup");
  await backUp({ data: data!, to: to! });
  await expect(restore({ from: to!, data: data! })).rejects.toThrow("is not empty");
  // A try that was cut off is begun anew.
  await cp(to!, join(directory.path, "new", ".restoring"), { recursive: true });
  await restore({ from: to!, data: join(directory.path, "new") });
});

test("a segment that is damaged or gone is found when it is backed up", async () => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, "data");
  await fillData(data);
  const [key] = await keysOf(await openData(data), "tenants/");
  const bytes = await readFile(join(data, "store", key!));
  await writeFile(join(data, "store", key!), bytes.with(20, bytes[20]! ^ 1));
  await expect(backUp({ data, to: join(directory.path, "one") })).rejects.toThrow(`${key} is damaged`);
  await rm(join(data, "store", key!));
  await expect(backUp({ data, to: join(directory.path, "two") })).rejects.toThrow(`segment ${key} is missing`);
});

const walName = (position: number): string => `${String(position).padStart(16, "0")}-00000001.wal`;

/** Acknowledges lines one by one, each in a file of the log first, and does everything else that a server does. */
async function* busyServer(data: string): AsyncGenerator<number, void, undefined> {
  const clock = virtualClock();
  // What was replaced is removed at once: the worst that can happen to a copy under way.
  const options = { clock, snapshotInterval: 3, segmentDeleteDelayMs: 1, compaction: { segmentCountMin: 2 } };
  const store = await openTestStore(await openData(data), { ...options, deletes: testDeletes });
  for (let acknowledged = 1; ; acknowledged++) {
    await writeFile(join(data, "wal", walName(acknowledged)), "");
    yield acknowledged;
    if (acknowledged % 3 !== 0) {
      continue;
    }
    const covered = store.walCovered;
    const numbers = Array.from({ length: acknowledged - covered }, (_, i) => covered + 1 + i);
    const flushed = numbers.flatMap((i) => [entry(i, `line ${i}`), entry(i, `secret ${i}`)]);
    await flushLines(store, "t", acknowledged, flushed);
    for (const position of numbers) {
      await rm(join(data, "wal", walName(position)));
    }
    if (acknowledged % 5 === 0) {
      await store.compact();
    }
    if (acknowledged % 11 === 0) {
      await store.deletes.add({ tenant: "t", query: "app=web secret", startNs: dayStart, endNs: 2n * dayStart });
      await clock.advance(cancelPeriodMs);
      await store.applyDeletes({ flushMemory: async () => {} });
    }
    await store.collectGarbage();
    await clock.advance(10);
  }
}

test("what is acknowledged, flushed, compacted, deleted and collected while a backup is made does not spoil it", async () => {
  await using directory = await temporaryDirectory();
  const data = join(directory.path, "data");
  await mkdir(join(data, "wal"), { recursive: true });
  await writeFile(join(data, "wal", "lock-1-2-3"), "");
  const state = { acknowledged: 0, isOver: false };
  const working = (async () => {
    for await (const acknowledged of busyServer(data)) {
      state.acknowledged = acknowledged;
      if (state.isOver) {
        return;
      }
    }
  })();
  await using stopped = new AsyncDisposableStack();
  stopped.defer(async () => {
    state.isOver = true;
    await working;
  });
  for (let i = 0; i < 8; i++) {
    const startMs = Date.now();
    const least = state.acknowledged + 10;
    while (state.acknowledged < least && Date.now() - startMs < 5000) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const before = state.acknowledged;
    const [to, restored] = [`backup-${i}`, `restored-${i}`].map((name) => join(directory.path, name));
    await backUp({ data, to: to! });
    await restore({ from: to!, data: restored! });
    const copy = await openTestStore(await openData(restored!), { deletes: testDeletes });
    const stored = (await storedLines(copy, "t")).filter((line) => line.startsWith("line"));
    const wal = await filesBelow(join(restored!, "wal"));
    const replayed = wal.map((name) => Number(name.slice(0, 16))).filter((position) => position > copy.walCovered);
    const numbers = [...stored.map((line) => Number(line.slice(5))), ...replayed].sort((x, y) => x - y);
    expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => n + 1));
    expect(numbers.length).toBeGreaterThanOrEqual(before);
  }
});

/** Copies the objects below each prefix in turn, those of one in any order and several at a time, as tools do. */
async function copyBucket(from: ObjectStore, prefixes: readonly string[], seed: number): Promise<ObjectStore> {
  const to = memoryObjectStore();
  const rng = seededRng(seed);
  for (const prefix of prefixes) {
    const keys = (await keysOf(from, prefix)).map((key) => ({ key, order: rng.next() }));
    for (const { key } of keys.sort((a, b) => a.order - b.order)) {
      const bytes = await from.get(key).catch(() => undefined);
      if (bytes !== undefined) {
        await to.put(key, [bytes]);
      }
    }
  }
  return to;
}

const rightOrder = ["deletes/", "manifest/", "tenants/"];

test.for([
  { title: "delete requests, manifest, segments: whole", prefixes: rightOrder, isWhole: true },
  { title: "segments before the manifest: not", prefixes: rightOrder.toReversed(), isWhole: false },
])("a bucket that is copied while it is written to, in the order $title", async ({ prefixes, isWhole }) => {
  let brokenCount = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const clock = virtualClock();
    let copy: Promise<ObjectStore> | undefined;
    const bucket = memoryObjectStore();
    // Every request of the copier gives the writer a turn, and the other way around.
    const slow = interceptedObjectStore(bucket, async (_operation, _key, request) => {
      await new Promise((resolve) => setImmediate(resolve));
      return request();
    });
    const store = await openTestStore(slow, { clock, compaction: { segmentCountMin: 4 } });
    let before = 0;
    for (let i = 1; i <= 40; i++) {
      await flushLines(store, "t", i, [entry(i, `line ${String(i).padStart(2, "0")}`)]);
      if (i % 6 === 0) {
        await store.compact();
        await store.collectGarbage();
      }
      if (i === 10 + (seed % 5)) {
        before = i;
        copy = copyBucket(slow, prefixes, seed);
      }
    }
    const copied = (await copy)!;
    const { problems } = await checkStore(copied);
    brokenCount += problems.length > 0 ? 1 : 0;
    if (isWhole) {
      const shown = await storedLines(await openTestStore(copied), "t");
      expect(shown).toEqual(Array.from({ length: shown.length }, (_, n) => `line ${String(n + 1).padStart(2, "0")}`));
      expect(shown.length).toBeGreaterThanOrEqual(before);
    }
  }
  expect(brokenCount > 0).toBe(!isWhole);
});
