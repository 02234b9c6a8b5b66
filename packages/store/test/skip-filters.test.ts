import { inlineBlockEncoder, readFooter, type BlockEncoder } from "@sluice/chunk";
import { batchOf, entriesOf, labelsFromRecord, type BlockRef, type Entry, type SelectRequest } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import type { Store, StoreOptions } from "@sluice/store";
import { quietLogger } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { countingMetrics } from "./counting-metrics.ts";
import { allTime, batchesOf, entry, interceptedObjectStore, keysOf, openTestStore } from "./harness.ts";

const encoder = new TextEncoder();

/** Blocks of one line each, all in one segment: of stream `app-<i modulo 2>`. */
async function flushBlocks(store: Store, lines: readonly Entry[]): Promise<void> {
  const streams = lines.map((line, i) => ({
    labels: labelsFromRecord({ app: `app-${i % 2}` }),
    batch: batchOf([line]),
  }));
  await store.flush([{ tenant: "t", streams }], store.walCovered + 1, () => {});
}

async function linesOf(blocks: readonly BlockRef[]): Promise<string[]> {
  const batches = await Promise.all(blocks.map((block) => block.load()));
  return batches.flatMap((batch) => entriesOf(batch).map(({ line }) => line)).sort();
}

async function find(store: Store, wanted: Partial<SelectRequest>): Promise<string[]> {
  return linesOf(await store.select({ tenant: "t", matchers: [], ...allTime, ...wanted }));
}

/** Which of {@link requests} lie in blocks that are selected, whether they hold what is wanted or not. */
async function selected(store: Store, wanted: Partial<SelectRequest>): Promise<number[]> {
  const blocks = await store.select({ tenant: "t", matchers: [], ...allTime, ...wanted });
  return blocks.map(({ minNs }) => requests.findIndex(({ timestampNs }) => timestampNs === minNs));
}

const needlesOf = (...needles: readonly string[]): Partial<SelectRequest> => ({
  needles: needles.map((needle) => encoder.encode(needle)),
});

/** A store that notes the ranges of segments that are read. */
async function openNoting(objectStore: ObjectStore, options?: Partial<StoreOptions>) {
  const metrics = countingMetrics();
  const reads: { readonly key: string; readonly offset: number; readonly length: number }[] = [];
  const noting: ObjectStore = {
    ...objectStore,
    put: (...args) => objectStore.put(...args),
    async get(key, range) {
      if (range !== undefined) {
        reads.push({ key, ...range });
      }
      return objectStore.get(key, range);
    },
  };
  return { store: await openTestStore(noting, { metrics, ...options }), metrics, reads };
}

const requests = ["id=7f3a-11 ok", "id=7f3a-22 ok", "id=90bb-33 failed", "id=90bb-44 ok"].map((line, i) =>
  entry(i, line),
);

test("blocks that cannot hold what is wanted are not selected, and counted", async () => {
  const { store, metrics } = await openNoting(memoryObjectStore());
  await flushBlocks(store, requests);
  expect(await find(store, needlesOf("=90bb-"))).toEqual(["id=90bb-33 failed", "id=90bb-44 ok"]);
  expect(await find(store, needlesOf("=90bb-", " failed"))).toEqual(["id=90bb-33 failed", "id=90bb-44 ok"]);
  expect(await find(store, needlesOf("=90bb-33 fail"))).toEqual(["id=90bb-33 failed"]);
  expect(await find(store, needlesOf("absent-4711-id"))).toEqual([]);
  // What may be a part of a word proves nothing.
  expect(await find(store, needlesOf("7f3"))).toEqual([
    "id=7f3a-11 ok",
    "id=7f3a-22 ok",
    "id=90bb-33 failed",
    "id=90bb-44 ok",
  ]);
  const planned = (outcome: string): number => metrics.valueOf("sluice_store_blocks_planned_total", { outcome });
  expect([planned("filtered"), planned("selected"), planned("outside")]).toEqual([2 + 2 + 3 + 4, 2 + 2 + 1 + 4, 0]);
  const early = await store.select({
    tenant: "t",
    matchers: [],
    startNs: allTime.startNs,
    endNs: entry(1, "").timestampNs,
  });
  expect(early.length).toBe(1);
  expect(planned("outside")).toBe(3);
  // Two for the first query; the second wants them again, so that they are kept; two for the last.
  expect(metrics.valueOf("sluice_store_blocks_read_total")).toBe(6);
});

test("an equality needs the value in the metadata, unless it is the stream's", async () => {
  const { store } = await openNoting(memoryObjectStore());
  await flushBlocks(store, [
    { ...entry(1, "a"), metadata: labelsFromRecord({ request: "7f3a-11" }) },
    { ...entry(2, "b"), metadata: labelsFromRecord({ request: "7f3a-22" }) },
    entry(3, "c"),
  ]);
  expect(await find(store, { equalities: [{ name: "request", value: "7f3a-22" }] })).toEqual(["b"]);
  expect(await find(store, { equalities: [{ name: "app", value: "app-0" }] })).toEqual(["a", "c"]);
});

test("a line that holds the needles is never left out", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "1", " ", "-", "ä"), maxLength: 20 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(text, { minLength: 1, maxLength: 8 }),
      fc.nat(),
      fc.nat(20),
      fc.nat(20),
      async (lines, which, from, to) => {
        const store = await openTestStore(memoryObjectStore());
        await flushBlocks(
          store,
          lines.map((line, i) => entry(i, line)),
        );
        const line = lines[which % lines.length]!;
        const needle = line.slice(Math.min(from, to), Math.max(from, to));
        const wanted = lines.filter((other) => other.includes(needle));
        expect((await find(store, needlesOf(needle))).filter((found) => found.includes(needle))).toEqual(wanted.sort());
      },
    ),
    { numRuns: 200 },
  );
});

test("filters are read with one request when they are wanted, and then not again", async () => {
  const objectStore = memoryObjectStore();
  await flushBlocks(await openTestStore(objectStore), requests);
  const { store, reads, metrics } = await openNoting(objectStore);
  await find(store, {});
  const [key] = await keysOf(objectStore, "tenants/");
  const { filters } = readFooter(await objectStore.get(key!), "it");
  const ofFilters = () =>
    reads.filter(({ offset }) => offset >= filters!.offset && offset < filters!.offset + filters!.storedBytes);
  expect(ofFilters()).toEqual([]);
  await Promise.all([find(store, needlesOf("-71-")), find(store, needlesOf(" 72 "))]);
  await find(store, needlesOf("-73-"));
  expect(ofFilters()).toEqual([{ key, offset: filters!.offset, length: 4 * 32 }]);
  expect(metrics.valueOf("sluice_store_filter_bytes_read_total")).toBe(4 * 32);
  expect(metrics.valueOf("sluice_store_cache_hits_total", { cache: "filters" })).toBe(8);
});

test("a damaged filter hides nothing: its block is read, which is counted and logged once", async () => {
  const objectStore = memoryObjectStore();
  await flushBlocks(await openTestStore(objectStore), requests);
  const [key] = await keysOf(objectStore, "tenants/");
  const bytes = await objectStore.get(key!);
  const { filters } = readFooter(bytes, "it");
  const warnings: string[] = [];
  const logger = { ...quietLogger, warn: (message: string) => void warnings.push(message) };
  for (let bit = 0; bit < 8; bit++) {
    await objectStore.put(key!, [
      bytes.with(filters!.startOf(1) + bit, bytes[filters!.startOf(1) + bit]! ^ (1 << bit)),
    ]);
    const { store, metrics } = await openNoting(objectStore, { logger });
    for (let round = 0; round < 3; round++) {
      // Block 1 is the second one of stream app-0.
      expect(await selected(store, needlesOf("-absent-"))).toEqual([2]);
    }
    expect(metrics.valueOf("sluice_store_filters_damaged_total")).toBe(1);
  }
  expect(warnings).toEqual(Array.from({ length: 8 }, () => "a skip filter is damaged; its block is read instead"));
});

test("blocks without filters are always selected, beside others that are not", async () => {
  const inner = inlineBlockEncoder();
  let count = 0;
  const blockEncoder: BlockEncoder = {
    concurrency: 1,
    async encode(batch) {
      const encoded = await inner.encode(batch);
      return count++ === 2 ? { ...encoded, filter: undefined } : encoded;
    },
  };
  const store = await openTestStore(memoryObjectStore(), { blockEncoder });
  await flushBlocks(store, requests);
  expect(await selected(store, needlesOf("-absent-"))).toEqual([1]);
});

test("a select whose filters cannot be read fails as one whose blocks cannot", async () => {
  const objectStore = memoryObjectStore();
  await flushBlocks(await openTestStore(objectStore), requests);
  const [key] = await keysOf(objectStore, "tenants/");
  const { filters } = readFooter(await objectStore.get(key!), "it");
  const failing = interceptedObjectStore(objectStore, (_, __, request) => request());
  const store = await openTestStore({
    ...failing,
    async get(name, range) {
      if (range?.offset === filters!.offset) {
        throw Object.assign(new Error("no answer"), { code: "unavailable" });
      }
      return failing.get(name, range);
    },
  });
  await expect(find(store, needlesOf("-71-"))).rejects.toThrow("no answer");
  expect((await find(store, {})).length).toBe(4);
});

test("many streams: matchers, ranges and series agree with looking at each block", async () => {
  const store = await openTestStore(memoryObjectStore());
  const names = ["a", "b", "c", "d"];
  for (let flush = 0; flush < 6; flush++) {
    const streams = names
      .slice(flush % 3)
      .flatMap((app) =>
        batchesOf({ app, zone: `z${flush % 2}` }, [entry(flush * 10, app), entry(flush * 10 + 5, app)]),
      );
    await store.flush([{ tenant: "t", streams }], flush + 1, () => {});
  }
  const all = await store.select({ tenant: "t", matchers: [], ...allTime });
  expect(all.length).toBe(4 + 3 + 2 + 4 + 3 + 2);
  const matchers = [
    { name: "app", operator: "=~", value: "b|d" },
    { name: "zone", operator: "!=", value: "z0" },
  ] as const;
  const range = { startNs: entry(15, "").timestampNs, endNs: entry(50, "").timestampNs };
  const seen = (await store.select({ tenant: "t", matchers, ...range })).map(({ labels, minNs }) => [labels, minNs]);
  const wanted = all.filter(
    ({ labels, minNs, maxNs }) =>
      /b|d/u.test(labels[0]!.value) && labels[1]!.value !== "z0" && minNs < range.endNs && maxNs >= range.startNs,
  );
  expect(seen).toEqual(wanted.map(({ labels, minNs }) => [labels, minNs]));
  expect(
    await store.series({ tenant: "t", selectors: [matchers, [{ name: "app", operator: "=", value: "a" }]], ...range }),
  ).toEqual(
    [
      { app: "a", zone: "z1" },
      { app: "b", zone: "z1" },
      { app: "d", zone: "z1" },
    ].map(labelsFromRecord),
  );
});
