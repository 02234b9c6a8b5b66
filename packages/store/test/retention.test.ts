import { entriesOf } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import type { RetentionPolicy, Store } from "@sluice/store";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { allTime, batchesOf, entry, flushLines, keysOf, openTestStore, storedLines } from "./harness.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const day0Ms = Date.UTC(2026, 10, 25);

/** Debug lines are kept for a day, audit lines forever, the rest for three days. */
const policy: RetentionPolicy = {
  periodMs: 3 * dayMs,
  rules: [
    { matchers: [{ name: "level", operator: "=", value: "debug" }], priority: 1, periodMs: dayMs },
    { matchers: [{ name: "app", operator: "=", value: "audit" }], priority: 2, periodMs: 0 },
  ],
};

async function written(clock = virtualClock(day0Ms + 12 * hourMs)) {
  const objectStore = memoryObjectStore();
  let current = policy;
  const store = await openTestStore(objectStore, {
    clock,
    retentionOf: (tenant) => (tenant === "other" ? { periodMs: 0, rules: [] } : current),
    footerCacheBytesMax: 0,
  });
  const streams = [
    ...batchesOf({ app: "web", level: "debug" }, [entry(3600, "debug 1h"), entry(10 * 3600, "debug 10h")]),
    ...batchesOf({ app: "web", level: "info" }, [entry(3600, "info 1h"), entry(10 * 3600, "info 10h")]),
  ];
  await store.flush([{ tenant: "t", streams }], 1, () => {});
  await flushLines(store, "other", 2, [entry(1, "other")]);
  const setPolicy = (next: RetentionPolicy): void => {
    current = next;
  };
  return { objectStore, store, clock, setPolicy };
}

async function appsOf(store: Store): Promise<string[]> {
  const series = await store.series({ tenant: "t", selectors: [], ...allTime });
  return series.map((labels) => labels.map(({ value }) => value).join("/"));
}

test("lines that are too old are not shown from the moment they are, though they are there", async () => {
  const { store, clock, objectStore } = await written();
  expect(await storedLines(store, "t")).toEqual(["debug 10h", "debug 1h", "info 10h", "info 1h"]);
  await clock.advance(13 * hourMs);
  // It is 01:00 of the next day; a line of exactly the period's age is shown.
  expect((await storedLines(store, "t")).length).toBe(4);
  await clock.advance(1);
  expect(await storedLines(store, "t")).toEqual(["debug 10h", "info 10h", "info 1h"]);
  const [cut] = await store.select({
    tenant: "t",
    matchers: [{ name: "level", operator: "=", value: "debug" }],
    ...allTime,
  });
  expect(cut!.mayRepeat).toBe(true);
  expect(entriesOf(await cut!.load())).toEqual([entry(10 * 3600, "debug 10h")]);
  expect(await appsOf(store)).toEqual(["web/debug", "web/info"]);
  await clock.advance(10 * hourMs);
  expect(await storedLines(store, "t")).toEqual(["info 10h", "info 1h"]);
  expect(await appsOf(store)).toEqual(["web/info"]);
  expect((await keysOf(objectStore, "tenants/t/")).length).toBe(1);
});

test("a segment is written again without streams that are too old as a whole, once, and dropped when all are", async () => {
  const { store, clock, objectStore } = await written();
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 0, segmentsRewritten: 0 });
  await clock.advance(14 * hourMs);
  // In part only: that can wait.
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 0, segmentsRewritten: 0 });
  await clock.advance(10 * hourMs);
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 0, segmentsRewritten: 1 });
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 0, segmentsRewritten: 0 });
  // Without the policy the old lines do not come back.
  const plain = await openTestStore(objectStore, { walName: "plain" });
  expect(await storedLines(plain, "t")).toEqual(["info 10h", "info 1h"]);
  await clock.advance(2 * dayMs);
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 1, segmentsRewritten: 0 });
  await plain.refresh();
  expect(await storedLines(plain, "t")).toEqual([]);
  expect(await storedLines(plain, "other")).toEqual(["other"]);
});

test("a segment with a stream that is kept forever is never dropped", async () => {
  const { store, clock } = await written();
  await flushLines(store, "t", 3, [entry(2, "audit")], { app: "audit", level: "debug" });
  await clock.advance(1000 * dayMs);
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 1, segmentsRewritten: 0 });
  expect(await storedLines(store, "t")).toEqual(["audit"]);
});

test("a policy that changes holds at once", async () => {
  const { store, clock, setPolicy } = await written();
  await clock.advance(2 * dayMs);
  setPolicy({ periodMs: 0, rules: [] });
  expect((await storedLines(store, "t")).length).toBe(4);
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 0, segmentsRewritten: 0 });
  setPolicy({ periodMs: dayMs, rules: [] });
  expect(await storedLines(store, "t")).toEqual([]);
  expect(await store.applyRetention()).toEqual({ segmentsDropped: 1, segmentsRewritten: 0 });
});

test("compaction leaves out what is too old", async () => {
  const { store, clock, objectStore } = await written();
  await flushLines(store, "t", 3, [entry(1, "more of it, so that it is of a size to be merged with"), entry(2, "x")]);
  await clock.advance(26 * hourMs);
  expect((await store.compact()).segmentsRemoved).toBe(2);
  const plain = await openTestStore(objectStore, { walName: "plain" });
  expect(await storedLines(plain, "t")).not.toContain("debug 10h");
  expect(await storedLines(plain, "t")).toContain("info 10h");
});
