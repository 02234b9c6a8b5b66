import { inlineBlockEncoder, readFooter, type BlockEncoder } from "@sluice/chunk";
import { entriesOf, type Entry } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { logLine, seededRng, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { allTime, batchesOf, entriesByStream, entry, keysOf, openTestStore, selectAll } from "./harness.ts";

const options = { clock: virtualClock(Date.UTC(2026, 10, 25, 12)), compaction: { segmentCountMin: 2 } };
const rng = seededRng(5);

/** About so many kilobytes of lines, from a second of the day on. */
function lines(fromSecond: number, kilobytes: number): Entry[] {
  const entries: Entry[] = [];
  for (let bytes = 0; bytes < kilobytes * 1024;) {
    const line = logLine(rng, entries.length);
    entries.push(entry(fromSecond + entries.length / 1e6, line));
    bytes += line.length + 1;
  }
  return entries;
}

function countingEncoder(): BlockEncoder & { readonly count: () => number } {
  const inner = inlineBlockEncoder();
  let count = 0;
  return {
    concurrency: 1,
    count: () => count,
    encode(batch) {
      count += 1;
      return inner.encode(batch);
    },
  };
}

/** The blocks of the newest segment, with their filters, in hex. */
async function storedBlocks(objectStore: ObjectStore, isCompacted: boolean): Promise<string[]> {
  const keys = (await keysOf(objectStore, "tenants/")).filter((key) => key.includes("compacted") === isCompacted);
  const found: string[] = [];
  for (const key of keys) {
    const bytes = await objectStore.get(key);
    const { blocks, filters } = readFooter(bytes, key);
    for (let i = 0; i < blocks.length; i++) {
      const block = bytes.subarray(blocks.offsetAt(i), blocks.offsetAt(i) + blocks.storedBytesAt(i));
      const filter = bytes.subarray(filters!.startOf(i), filters!.endOf(i));
      expect(filters!.isWhole(i, filter)).toBe(true);
      found.push(Buffer.concat([block, filter]).toString("hex"));
    }
  }
  return found;
}

test.for<{ title: string; flushes: readonly Entry[][]; encoded: number; blocks: number }>([
  { title: "blocks that are large enough are copied", flushes: [lines(1, 200), lines(2, 200)], encoded: 0, blocks: 2 },
  { title: "small blocks are joined", flushes: [lines(1, 30), lines(2, 30)], encoded: 1, blocks: 1 },
  {
    title: "a small block is joined with the one behind it, of which nothing is left over",
    flushes: [lines(1, 30), lines(2, 240), lines(3, 240)],
    encoded: 1,
    blocks: 2,
  },
  {
    title: "a small block at the end stays",
    flushes: [lines(1, 240), lines(2, 240), lines(3, 30)],
    encoded: 1,
    blocks: 3,
  },
  { title: "blocks that overlap are merged", flushes: [lines(1, 150), lines(1.0001, 150)], encoded: 1, blocks: 1 },
  {
    title: "blocks that share an instant are merged",
    flushes: [
      [...lines(1, 150), entry(5, "x")],
      [entry(5, "x"), ...lines(6, 150)],
    ],
    encoded: 1,
    blocks: 1,
  },
])("$title", async ({ flushes, encoded, blocks }) => {
  const objectStore = memoryObjectStore();
  const blockEncoder = countingEncoder();
  const store = await openTestStore(objectStore, { ...options, blockEncoder });
  for (const [i, entries] of flushes.entries()) {
    await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, entries) }], i + 1, () => {});
  }
  const wanted = await entriesByStream(store, "t");
  const sources = await storedBlocks(objectStore, false);
  const before = blockEncoder.count();
  expect(await store.compact()).toMatchObject({ segmentsAdded: 1 });
  expect(blockEncoder.count() - before).toBe(encoded);
  const result = await storedBlocks(objectStore, true);
  expect(result.length).toBe(blocks);
  expect(result.filter((block) => sources.includes(block)).length).toBeGreaterThanOrEqual(blocks - encoded);
  expect(await entriesByStream(store, "t")).toEqual(wanted);
  expect(await entriesByStream(await openTestStore(objectStore), "t")).toEqual(wanted);
});

test("blocks without a whole filter are encoded anew, and then have one", async () => {
  const objectStore = memoryObjectStore();
  const inner = inlineBlockEncoder();
  const withoutFilters: BlockEncoder = {
    concurrency: 1,
    encode: async (batch) => ({ ...(await inner.encode(batch)), filter: undefined }),
  };
  const before = await openTestStore(objectStore, { ...options, blockEncoder: withoutFilters });
  for (let i = 1; i <= 2; i++) {
    await before.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, lines(i, 100)) }], i, () => {});
  }
  const wanted = await entriesByStream(before, "t");
  const store = await openTestStore(objectStore, options);
  await store.compact();
  expect((await storedBlocks(objectStore, true)).length).toBe(1);
  expect(await entriesByStream(store, "t")).toEqual(wanted);
});

test("blocks without any token, whose filters have no bytes, are copied, too", async () => {
  const objectStore = memoryObjectStore();
  const blockEncoder = countingEncoder();
  const store = await openTestStore(objectStore, { ...options, blockEncoder });
  for (let i = 1; i <= 2; i++) {
    const entries = Array.from({ length: 1000 }, (_, row) => entry(i + row / 1e6, "\u0436\u0436 ".repeat(40)));
    await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, entries) }], i, () => {});
  }
  const wanted = await entriesByStream(store, "t");
  expect(await store.compact()).toMatchObject({ segmentsRemoved: 2, segmentsAdded: 1 });
  expect(blockEncoder.count()).toBe(2);
  expect(await entriesByStream(store, "t")).toEqual(wanted);
  const needles = [new TextEncoder().encode(" absent ")];
  expect(await store.select({ tenant: "t", matchers: [], ...allTime, needles })).toEqual([]);
});

test("a block whose filter is damaged is encoded anew", async () => {
  const objectStore = memoryObjectStore();
  const blockEncoder = countingEncoder();
  const store = await openTestStore(objectStore, { ...options, blockEncoder });
  for (let i = 1; i <= 2; i++) {
    await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, lines(i, 200)) }], i, () => {});
  }
  const wanted = await entriesByStream(store, "t");
  const [key] = await keysOf(objectStore, "tenants/");
  const good = await objectStore.get(key!);
  const at = readFooter(good, key!).filters!.startOf(0) + 40;
  await objectStore.put(key!, [good.with(at, good[at]! ^ 1)]);
  expect(await store.compact()).toMatchObject({ segmentsAdded: 1 });
  expect(blockEncoder.count()).toBe(3);
  expect((await storedBlocks(objectStore, true)).length).toBe(2);
  expect(await entriesByStream(store, "t")).toEqual(wanted);
});

test("a block that is damaged is not copied", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, options);
  for (let i = 1; i <= 2; i++) {
    await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, lines(i, 200)) }], i, () => {});
  }
  const [key] = await keysOf(objectStore, "tenants/");
  const good = await objectStore.get(key!);
  await objectStore.put(key!, [good.with(1000, good[1000]! ^ 1)]);
  expect(await store.compact()).toMatchObject({ segmentsAdded: 0 });
  await objectStore.put(key!, [good]);
  const batches = await Promise.all((await selectAll(store, "t")).map((block) => block.load()));
  expect(batches.flatMap((batch) => entriesOf(batch)).length).toBeGreaterThan(500);
});
