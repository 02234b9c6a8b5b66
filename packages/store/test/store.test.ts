import type { StreamBatch } from "@sluice/chunk";
import { entriesOf, labelsToRecord, type Entry, type Matcher } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  allTime,
  batchesOf,
  dayStart,
  entriesByStream,
  entry,
  flushLines,
  interceptedObjectStore,
  keysOf,
  objectStores,
  openTestStore,
  selectAll,
  storedLines,
} from "./harness.ts";

describe.for(objectStores)("over $name", ({ use }) => {
  test("what was flushed can be selected, also after opening again", () =>
    use(async (objectStore) => {
      const store = await openTestStore(objectStore);
      expect(store.walCovered).toBe(0);
      const first = [entry(1, "one"), entry(2, "two\nlines")];
      const second = [{ ...entry(3, "three"), metadata: [{ name: "trace_id", value: "x" }] }];
      await flushLines(store, "tenant", 7, first);
      await flushLines(store, "tenant", 9, second);
      const reopened = await openTestStore(objectStore);
      for (const opened of [store, reopened]) {
        expect(opened.walCovered).toBe(9);
        expect(await entriesByStream(opened, "tenant")).toEqual(new Map([['{app="web"}', [...first, ...second]]]));
      }
      await reopened.close();
    }));

  test("a flush over midnight makes a segment a day", () =>
    use(async (objectStore) => {
      const store = await openTestStore(objectStore);
      await flushLines(store, "t", 1, [entry(86_399, "before"), entry(86_400, "after")]);
      const keys = await keysOf(objectStore, "tenants/");
      expect(keys.map((key) => key.split("/").slice(0, 4).join("/"))).toEqual([
        "tenants/t/segments/2026-11-25",
        "tenants/t/segments/2026-11-26",
      ]);
      expect(await storedLines(store, "t")).toEqual(["after", "before"]);
    }));
});

test("a flush lets others run while it gathers streams that take long to sort", async () => {
  const store = await openTestStore(memoryObjectStore());
  function* slowStreams(): Generator<StreamBatch> {
    for (let second = 0; second < 5; second++) {
      const endMs = performance.now() + 15;
      while (performance.now() < endMs);
      yield* batchesOf({ app: "web" }, [entry(second, "line")]);
    }
  }
  let turns = 0;
  let isFlushed = false;
  const others = (async () => {
    while (!isFlushed) {
      await new Promise((resolve) => setImmediate(resolve));
      turns += 1;
    }
  })();
  await store.flush([{ tenant: "t", streams: slowStreams() }], 1, () => (isFlushed = true));
  await others;
  expect(turns).toBeGreaterThanOrEqual(4);
});

test.for<{ title: string; matchers: Matcher[]; from: number; to: number; want: string[] }>([
  { title: "everything", matchers: [], from: 0, to: 100, want: ["a1", "a2", "b1", "b2"] },
  { title: "a label", matchers: [{ name: "app", operator: "=", value: "a" }], from: 0, to: 100, want: ["a1", "a2"] },
  {
    title: "a missing label",
    matchers: [{ name: "x", operator: "=", value: "" }],
    from: 0,
    to: 100,
    want: ["a1", "a2", "b1", "b2"],
  },
  {
    title: "a regular expression",
    matchers: [{ name: "app", operator: "=~", value: "b|c" }],
    from: 0,
    to: 100,
    want: ["b1", "b2"],
  },
  { title: "the first instant", matchers: [], from: 20, to: 100, want: ["a2", "b2"] },
  { title: "not the last instant", matchers: [], from: 0, to: 20, want: ["a1", "b1"] },
  { title: "no time at all", matchers: [], from: 11, to: 20, want: [] },
])("select gives only the blocks wanted: $title", async ({ matchers, from, to, want }) => {
  const store = await openTestStore(memoryObjectStore());
  const streams = (second: number, n: number) => [
    ...batchesOf({ app: "a" }, [entry(second, `a${n}`)]),
    ...batchesOf({ app: "b" }, [entry(second, `b${n}`)]),
  ];
  await store.flush([{ tenant: "t", streams: streams(10, 1) }], 1, () => {});
  await store.flush([{ tenant: "t", streams: streams(20, 2) }], 2, () => {});
  const range = { startNs: dayStart + BigInt(from) * 1_000_000_000n, endNs: dayStart + BigInt(to) * 1_000_000_000n };
  const blocks = await store.select({ tenant: "t", matchers, ...range });
  const batches = await Promise.all(blocks.map((block) => block.load()));
  expect(batches.flatMap((batch) => entriesOf(batch).map(({ line }) => line)).sort()).toEqual(want);
  const series = await store.series({ tenant: "t", selectors: [matchers], ...range });
  expect(series.map(labelsToRecord)).toEqual([...new Set(want.map((line) => line[0]))].map((app) => ({ app })));
});

test("series of several selectors are their union, of none all", async () => {
  const store = await openTestStore(memoryObjectStore());
  const streams = ["a", "b", "c"].flatMap((app) => batchesOf({ app }, [entry(1, app)]));
  await store.flush([{ tenant: "t", streams }], 1, () => {});
  const selector = (value: string): Matcher[] => [{ name: "app", operator: "=", value }];
  const series = async (selectors: Matcher[][]) =>
    (await store.series({ tenant: "t", selectors, ...allTime })).map(({ 0: pair }) => pair!.value);
  expect(await series([selector("c"), selector("a")])).toEqual(["a", "c"]);
  expect(await series([])).toEqual(["a", "b", "c"]);
});

test("blocks come in order of arrival, and their counts need no load", async () => {
  const store = await openTestStore(memoryObjectStore());
  await flushLines(store, "t", 1, [entry(5, "late in the day, but first")]);
  await flushLines(store, "t", 2, [entry(1, "early, but second"), entry(2, "x")]);
  const blocks = await selectAll(store, "t");
  expect(
    blocks.map(({ minNs, maxNs, count, rawBytes }) => [minNs - dayStart, maxNs - dayStart, count, rawBytes]),
  ).toEqual([
    [5_000_000_000n, 5_000_000_000n, 1, 26],
    [1_000_000_000n, 2_000_000_000n, 2, 18],
  ]);
});

const hostileTenants = [
  "a",
  "A",
  "a/b",
  "../a",
  "..",
  ".",
  "",
  "%",
  "%41",
  "a%2Fb",
  "a\0b",
  "é",
  "*".repeat(150),
  "*".repeat(151),
];

test("tenants with hostile names see their own lines and nobody else's", async () => {
  for (const { use } of objectStores) {
    await use(async (objectStore) => {
      const store = await openTestStore(objectStore);
      const tenants = hostileTenants.map((tenant) => ({
        tenant,
        streams: batchesOf({ app: "web" }, [entry(1, `of ${tenant}`)]),
      }));
      await store.flush(tenants, 1, () => {});
      const reopened = await openTestStore(objectStore);
      for (const tenant of hostileTenants) {
        expect(await storedLines(reopened, tenant)).toEqual([`of ${tenant}`]);
      }
      const keys = await keysOf(objectStore, "tenants/");
      expect(keys.length).toBe(hostileTenants.length);
      expect(new Set(keys.map((key) => key.toLowerCase().split("/")[1])).size).toBe(hostileTenants.length - 1);
    });
  }
});

test("random entries over several flushes come out as they went in, in order", async () => {
  const anEntry = fc.record({
    app: fc.constantFrom("a", "b", "c"),
    second: fc.integer({ min: 0, max: 3 * 86_400 }),
    line: fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(anEntry, { maxLength: 30 }), { maxLength: 6 }), async (flushes) => {
      const objectStore = memoryObjectStore();
      const store = await openTestStore(objectStore, { snapshotInterval: 2 });
      const want = new Map<string, Entry[]>();
      for (const [i, items] of flushes.entries()) {
        const unique = new Map(items.map((item) => [JSON.stringify([item.app, item.second, item.line]), item]));
        const byApp = Map.groupBy(unique.values(), ({ app }) => app);
        const streams = [...byApp].flatMap(([app, ofApp]) =>
          batchesOf(
            { app },
            ofApp.map(({ second, line }) => entry(second, line)),
          ),
        );
        await store.flush([{ tenant: "t", streams }], i + 1, () => {});
        for (const [app, ofApp] of byApp) {
          const known = want.get(`{app="${app}"}`) ?? [];
          want.set(`{app="${app}"}`, [...known, ...ofApp.map(({ second, line }) => entry(second, line))]);
        }
      }
      const expected = new Map([...want].map(([stream, entries]) => [stream, sortedOnce(entries)]));
      expect(await entriesByStream(await openTestStore(objectStore), "t")).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

/** Ascending by time, equal times in order of arrival, repeats once. */
function sortedOnce(entries: readonly Entry[]): Entry[] {
  const once = new Map(entries.toReversed().map((item) => [`${item.timestampNs} ${item.line}`, item]));
  const kept = new Set(once.values());
  return entries.filter((item) => kept.has(item)).sort((a, b) => Number(a.timestampNs - b.timestampNs));
}

test("a block costs one GET of its own bytes, and none while it is in memory", async () => {
  const requests: string[] = [];
  const objectStore = interceptedObjectStore(memoryObjectStore(), (operation, key, request) => {
    if (key.startsWith("tenants/")) {
      requests.push(operation);
    }
    return request();
  });
  await flushLines(await openTestStore(objectStore), "t", 1, [entry(1, "x")]);
  const store = await openTestStore(objectStore);
  requests.length = 0;
  const [blocks] = await Promise.all([selectAll(store, "t"), selectAll(store, "t"), selectAll(store, "t")]);
  expect(requests).toEqual(["get"]);
  await Promise.all([blocks[0]!.load(), blocks[0]!.load()]);
  await (await selectAll(store, "t"))[0]!.load();
  expect(requests).toEqual(["get", "get"]);
});

test("a cancelled query reads nothing more", async () => {
  const store = await openTestStore(memoryObjectStore());
  await flushLines(store, "t", 1, [entry(1, "x")]);
  const signal = AbortSignal.abort();
  const cancelled = expect.objectContaining({ code: "cancelled" });
  await expect(store.select({ tenant: "t", matchers: [], ...allTime }, signal)).rejects.toEqual(cancelled);
  await expect((await selectAll(store, "t"))[0]!.load(signal)).rejects.toEqual(cancelled);
});

test("a closed store refuses, after the flush under way is done", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore);
  const flushed = flushLines(store, "t", 1, [entry(1, "x")]);
  await store.close();
  await flushed;
  const refused = expect.objectContaining({ code: "unavailable", message: "the store is closed" });
  await expect(flushLines(store, "t", 2, [entry(2, "y")])).rejects.toEqual(refused);
  await expect(selectAll(store, "t")).rejects.toEqual(refused);
  await expect(store.refresh()).rejects.toEqual(refused);
  expect(await storedLines(await openTestStore(objectStore), "t")).toEqual(["x"]);
});
