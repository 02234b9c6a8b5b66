import { ServiceError, type Entry } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import type { DeleteOptions, DeletionMode, Store } from "@sluice/store";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { countingMetrics } from "./counting-metrics.ts";
import { cancelPeriodMs, testDeletes } from "./deletes-harness.ts";
import {
  allTime,
  batchesOf,
  dayStart,
  entry,
  flushLines,
  interceptedObjectStore,
  keysOf,
  objectStores,
  openTestStore,
  selectAll,
  storedLines,
} from "./harness.ts";

const clockStart = Number(dayStart / 1_000_000n) + 12 * 3_600_000;
const flushMemory = async (): Promise<void> => {};

async function opened(objectStore: ObjectStore = memoryObjectStore(), options: Partial<DeleteOptions> = {}) {
  const clock = virtualClock(clockStart);
  const metrics = countingMetrics();
  const deletes = { ...testDeletes, ...options };
  const store = await openTestStore(objectStore, { clock, metrics, deletes, blockCacheBytesMax: 0 });
  return { objectStore, clock, metrics, store };
}

/** Two streams; web has a line each ten seconds of the first minute, of which two are secret. */
async function flushTwoStreams(store: Store, walCovered = 1): Promise<void> {
  const lines = ["zero", "secret one", "two", "three", "secret four", "five"];
  const web = lines.map((line, i) => entry(i * 10, line));
  const streams = [...batchesOf({ app: "web" }, web), ...batchesOf({ app: "db" }, [entry(5, "query secret")])];
  await store.flush([{ tenant: "t", streams }], walCovered, () => {});
}

function addDelete(store: Store, query: string, startSeconds = 0, endSeconds = 59, tenant = "t") {
  const [startNs, endNs] = [startSeconds, endSeconds].map((seconds) => dayStart + BigInt(seconds) * 1_000_000_000n);
  return store.deletes.add({ tenant, query, startNs: startNs!, endNs: endNs! });
}

async function appsOf(store: Store, startSeconds = 0, endSeconds = 60): Promise<string[]> {
  const [startNs, endNs] = [startSeconds, endSeconds].map((seconds) => dayStart + BigInt(seconds) * 1_000_000_000n);
  const series = await store.series({ tenant: "t", selectors: [], startNs: startNs!, endNs: endNs! });
  return series.map((labels) => labels.map(({ value }) => value).join("/"));
}

test.for([
  { title: "a stream", query: "app=web", from: 0, to: 59, left: ["query secret"] },
  { title: "both ends included", query: "app=web", from: 10, to: 40, left: ["five", "query secret", "zero"] },
  {
    title: "lines with a text",
    query: "app=web secret",
    from: 0,
    to: 59,
    left: ["five", "query secret", "three", "two", "zero"],
  },
  {
    title: "lines with a text in a part of the time",
    query: "app=web secret",
    from: 0,
    to: 39,
    left: ["five", "query secret", "secret four", "three", "two", "zero"],
  },
])("lines are hidden at once, then removed: $title", async ({ query, from, to, left }) => {
  const { store, clock, objectStore } = await opened();
  await flushTwoStreams(store);
  await addDelete(store, query, from, to);
  expect(await storedLines(store, "t")).toEqual(left);
  await clock.advance(cancelPeriodMs - 1);
  expect((await store.applyDeletes({ flushMemory })).linesDeleted).toBe(0);
  await clock.advance(1);
  const result = await store.applyDeletes({ flushMemory });
  expect(result).toMatchObject({ linesDeleted: 7 - left.length, requestsProcessed: 1 });
  expect(store.deletes.list("t")).toMatchObject([{ state: "processed" }]);
  // A store that knows of no requests finds no trace of the lines.
  await objectStore.remove((await keysOf(objectStore, "deletes/")).find((key) => key.endsWith(".request"))!);
  expect(await storedLines(await openTestStore(objectStore), "t")).toEqual(left);
});

test("a block of which all is deleted is dropped from the plan and from its segment unread; others tell that they must be read", async () => {
  const { store, clock, metrics } = await opened();
  await flushTwoStreams(store);
  await addDelete(store, "app=web");
  const blocks = await selectAll(store, "t");
  expect(blocks).toMatchObject([{ count: 1 }]);
  expect(blocks[0]!.mayRepeat).toBeUndefined();
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({ flushMemory });
  expect(metrics.valueOf("sluice_store_blocks_read_total")).toBe(0);
  expect(metrics.valueOf("sluice_store_delete_blocks_total", { outcome: "dropped" })).toBe(1);
  expect(metrics.valueOf("sluice_store_lines_deleted_total")).toBe(6);
  await addDelete(store, "app=db secret");
  const [touched] = await selectAll(store, "t");
  expect(touched!.mayRepeat).toBe(true);
  expect((await touched!.load()).count).toBe(0);
});

test("blocks that hold no deleted line can be counted without being read: their skip filters say so", async () => {
  const { store, metrics } = await opened();
  for (let i = 1; i <= 5; i++) {
    await flushLines(store, "t", i, [entry(i, `id=${i}${i}${i}${i} done`), entry(i + 0.5, "another")]);
  }
  await addDelete(store, "app=web id=3333 d");
  const request = { tenant: "t", matchers: [], ...allTime };
  const unread = await store.select(request);
  expect(unread.every(({ mayRepeat }) => mayRepeat === true)).toBe(true);
  expect(metrics.valueOf("sluice_store_filter_bytes_read_total")).toBe(0);
  const blocks = await store.select({ ...request, isCounting: true });
  expect(blocks.map(({ mayRepeat }) => mayRepeat === true)).toEqual([false, false, true, false, false]);
  expect(metrics.valueOf("sluice_store_blocks_read_total")).toBe(0);
  expect(await storedLines(store, "t")).not.toContain("id=3333 done");
  expect((await storedLines(store, "t")).length).toBe(9);
});

test("a segment of which nothing is left is dropped, and one without such a line stays as it is", async () => {
  const { store, clock, objectStore } = await opened();
  await flushLines(store, "t", 1, [entry(1, "secret")]);
  await flushLines(store, "t", 2, [entry(2, "open")]);
  const [, kept] = await keysOf(objectStore, "tenants/");
  await addDelete(store, "app=web secret");
  await clock.advance(cancelPeriodMs);
  expect(await store.applyDeletes({ flushMemory })).toEqual({
    linesDeleted: 1,
    segmentsDropped: 1,
    segmentsRewritten: 0,
    requestsProcessed: 1,
  });
  expect(await storedLines(store, "t")).toEqual(["open"]);
  expect(await keysOf(objectStore, "tenants/")).toContain(kept);
});

test("streams are left out of series where no line of theirs is left", async () => {
  const { store } = await opened();
  await flushTwoStreams(store);
  await addDelete(store, "app=web", 10, 30);
  expect(await appsOf(store)).toEqual(["db", "web"]);
  expect(await appsOf(store, 15, 25)).toEqual([]);
  expect(await appsOf(store, 15, 41)).toEqual(["web"]);
  // Which lines are left of this one, only the block can tell.
  await addDelete(store, "app=db secret");
  expect(await appsOf(store)).toEqual(["web"]);
});

test("to say that a stream has a line left takes one block of it, or none outside of the request's times", async () => {
  const { store, metrics } = await opened();
  for (let i = 1; i <= 20; i++) {
    await flushLines(store, "t", i, [entry(i, `id=${i}${i}${i}${i} done`)]);
  }
  await addDelete(store, "app=web id=9999 d", 0, 10);
  expect(await appsOf(store)).toEqual(["web"]);
  expect(metrics.valueOf("sluice_store_filter_bytes_read_total")).toBe(0);
  expect(await appsOf(store, 1, 10)).toEqual(["web"]);
  expect(metrics.valueOf("sluice_store_filter_bytes_read_total")).toBe(32);
  expect(metrics.valueOf("sluice_store_blocks_read_total")).toBe(0);
});

test("a request is about lines that come while it is active, and not about those that come later", async () => {
  const { store, clock } = await opened();
  await addDelete(store, "app=web");
  await flushLines(store, "t", 1, [entry(1, "while")]);
  expect(await storedLines(store, "t")).toEqual([]);
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({ flushMemory: () => flushLines(store, "t", 2, [entry(2, "in memory until now")]) });
  expect(await storedLines(store, "t")).toEqual([]);
  await flushLines(store, "t", 3, [entry(3, "later")]);
  expect(await storedLines(store, "t")).toEqual(["later"]);
});

test("a request that is cancelled shows its lines again, once and for all", async () => {
  const { store, clock, objectStore } = await opened();
  await flushTwoStreams(store);
  const { id } = await addDelete(store, "app=web");
  await expect(store.deletes.cancel("other", id)).rejects.toMatchObject({ code: "not_found" });
  await store.deletes.cancel("t", id);
  expect((await storedLines(store, "t")).length).toBe(7);
  expect(store.deletes.list("t")).toEqual([]);
  await expect(store.deletes.cancel("t", id)).rejects.toThrow("could not find delete request with given id");
  // Whether its objects are there still or not.
  const reopened = await openTestStore(objectStore, { clock, deletes: testDeletes });
  expect((await storedLines(reopened, "t")).length).toBe(7);
  await clock.advance(cancelPeriodMs);
  expect((await reopened.applyDeletes({ flushMemory })).linesDeleted).toBe(0);
  expect(await keysOf(objectStore, "deletes/")).toEqual([]);
});

test("tenants do not affect each other", async () => {
  const { store, clock } = await opened();
  await flushLines(store, "t", 1, [entry(1, "mine")]);
  await flushLines(store, "u", 2, [entry(1, "theirs")]);
  await addDelete(store, "app=web", 0, 59, "u");
  expect(store.deletes.list("t")).toEqual([]);
  expect(await storedLines(store, "t")).toEqual(["mine"]);
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({ flushMemory });
  expect(await storedLines(store, "t")).toEqual(["mine"]);
  expect(await storedLines(store, "u")).toEqual([]);
});

test.for<{ mode: DeletionMode; shown: number; processed: number }>([
  { mode: "disabled", shown: 7, processed: 0 },
  { mode: "filter-only", shown: 1, processed: 0 },
  { mode: "filter-and-delete", shown: 1, processed: 1 },
])("deletion mode $mode", async ({ mode, shown, processed }) => {
  const { store, clock } = await opened(memoryObjectStore(), { modeOf: () => mode });
  await flushTwoStreams(store);
  await addDelete(store, "app=web");
  expect((await storedLines(store, "t")).length).toBe(shown);
  await clock.advance(cancelPeriodMs);
  expect((await store.applyDeletes({ flushMemory })).requestsProcessed).toBe(processed);
});

test.for(objectStores)("requests survive a restart, and other stores see them when they refresh: $name", ({ use }) =>
  use(async (objectStore) => {
    const { store, clock } = await opened(objectStore);
    const other = await openTestStore(objectStore, { clock, deletes: testDeletes, walName: "other" });
    await flushTwoStreams(store);
    const request = await addDelete(store, "app=web");
    const reopened = await openTestStore(objectStore, { clock, deletes: testDeletes });
    expect(await storedLines(reopened, "t")).toEqual(["query secret"]);
    expect(reopened.deletes.list("t")).toEqual([{ ...request, state: "active", doneShare: 0 }]);
    await other.refresh();
    expect(await storedLines(other, "t")).toEqual(["query secret"]);
    await clock.advance(cancelPeriodMs);
    await store.applyDeletes({ flushMemory });
    await other.refresh();
    expect(await storedLines(other, "t")).toEqual(["query secret"]);
    expect(other.deletes.list("t")).toMatchObject([{ state: "processed" }]);
    await expect(other.deletes.cancel("t", request.id)).rejects.toMatchObject({ code: "bad_data" });
  }),
);

test("of a cancellation and a completion by two stores one wins", async () => {
  const { store, clock, objectStore } = await opened();
  await flushTwoStreams(store);
  const request = await addDelete(store, "app=web");
  const other = await openTestStore(objectStore, { clock, deletes: testDeletes, walName: "other" });
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({ flushMemory });
  await expect(other.deletes.cancel("t", request.id)).rejects.toThrow("already processed");
  expect(other.deletes.list("t")).toMatchObject([{ state: "processed" }]);

  const second = await addDelete(store, "app=db");
  await other.refresh();
  await other.deletes.cancel("t", second.id);
  await clock.advance(cancelPeriodMs);
  // It has not heard of the cancellation when it begins; its own refresh tells it.
  expect((await store.applyDeletes({ flushMemory })).linesDeleted).toBe(0);
  expect(await storedLines(store, "t")).toEqual(["query secret"]);
});

test("where others write, too, a request is processed only when their lines have had the time to come", async () => {
  const settleMs = 600_000;
  const { store, clock, objectStore } = await opened(memoryObjectStore(), { settleMs });
  const other = await openTestStore(objectStore, { clock, deletes: testDeletes, walName: "other" });
  await addDelete(store, "app=web");
  await clock.advance(cancelPeriodMs);
  expect((await store.applyDeletes({ flushMemory })).requestsProcessed).toBe(0);
  await flushLines(other, "t", 1, [entry(1, "was in the memory of the other")]);
  await clock.advance(settleMs);
  expect(await store.applyDeletes({ flushMemory })).toMatchObject({ linesDeleted: 1, requestsProcessed: 1 });
  await other.refresh();
  expect(await storedLines(other, "t")).toEqual([]);
});

test("how much is done shows while it is being done", async () => {
  const shares: number[] = [];
  let isLooking = false;
  const looking = interceptedObjectStore(memoryObjectStore(), (operation, _key, request) => {
    shares.push(...(operation === "put" && isLooking ? store.deletes.list("t").map(({ doneShare }) => doneShare) : []));
    return request();
  });
  const { store, clock } = await opened(looking);
  isLooking = true;
  for (let i = 0; i < 4; i++) {
    await flushLines(store, "t", i + 1, [entry(i, `secret ${i}`), entry(i + 0.5, `open ${i}`)]);
  }
  await addDelete(store, "app=web secret");
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({ flushMemory });
  // Each segment is put and committed; at the end comes the mark that it is processed.
  expect(shares.slice(-9)).toEqual([0, 0, 0.25, 0.25, 0.5, 0.5, 0.75, 0.75, 1]);
  expect(await storedLines(store, "t")).toEqual(["open 0", "open 1", "open 2", "open 3"]);
});

test("a segment that is damaged keeps its request active, and the others are done", async () => {
  const { store, clock, objectStore } = await opened();
  await flushLines(store, "t", 1, [entry(1, "secret"), entry(2, "open")]);
  await flushLines(store, "t", 2, [entry(3, "secret"), entry(4, "open, too")]);
  const [damaged] = await keysOf(objectStore, "tenants/");
  const bytes = Buffer.from(await objectStore.get(damaged!));
  bytes[20]! ^= 1;
  await objectStore.put(damaged!, [bytes]);
  await addDelete(store, "app=web secret");
  await clock.advance(cancelPeriodMs);
  expect(await store.applyDeletes({ flushMemory })).toMatchObject({ linesDeleted: 1, requestsProcessed: 0 });
  expect(store.deletes.list("t")).toMatchObject([{ state: "active" }]);
});

test("a request's object that is damaged, or is another tenant's, is named: none is passed over in silence", async () => {
  const { store, objectStore } = await opened();
  await addDelete(store, "app=web");
  const [key] = await keysOf(objectStore, "deletes/");
  const good = await objectStore.get(key!);
  for (let i = 0; i < good.length; i++) {
    const bad = Buffer.from(good);
    bad[i]! ^= 0x10;
    await objectStore.put(key!, [bad]);
    const opening = opened(objectStore).then(
      () => undefined,
      (error: unknown) => error,
    );
    const error = await opening;
    expect(error, `byte ${i}`).toBeInstanceOf(ServiceError);
    expect((error as ServiceError).code).toBe("corrupt");
    expect((error as ServiceError).message).toContain(key);
  }
  await objectStore.remove(key!);
  await objectStore.put(key!.replace("/t/", "/u/"), [good]);
  await expect(opened(objectStore)).rejects.toMatchObject({ code: "corrupt" });
});

test("there is a bound on requests that wait", { timeout: 30_000 }, async () => {
  const { store } = await opened();
  for (let i = 0; i < 1000; i++) {
    await addDelete(store, "app=web");
  }
  await expect(addDelete(store, "app=web")).rejects.toMatchObject({ code: "rate_limited" });
  await addDelete(store, "app=web", 0, 1, "another");
});

test("selects that were begun before a line was removed can still be read", async () => {
  const { store, clock } = await opened();
  await flushTwoStreams(store);
  const before: Entry[] = [entry(1, "x")];
  await flushLines(store, "t", 2, before);
  await addDelete(store, "app=web secret");
  const blocks = await store.select({ tenant: "t", matchers: [], ...allTime });
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({ flushMemory });
  const counts = await Promise.all(blocks.map(async (block) => (await block.load()).count));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(6);
});
