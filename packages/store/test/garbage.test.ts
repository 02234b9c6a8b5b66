import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import type { Store } from "@sluice/store";
import { virtualClock, type VirtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { entry, flushLines, interceptedObjectStore, keysOf, openTestStore, selectAll, storedLines } from "./harness.ts";

const segmentDeleteDelayMs = 1000;

interface World {
  readonly objectStore: ObjectStore;
  readonly clock: VirtualClock;
  readonly open: (walName: string, objectStore?: ObjectStore) => Promise<Store>;
}

function newWorld(): World {
  const inner = memoryObjectStore();
  const clock = virtualClock(Date.UTC(2026, 10, 25, 12));
  return {
    objectStore: inner,
    clock,
    open: (walName, objectStore = inner) =>
      openTestStore(objectStore, {
        walName,
        clock,
        segmentDeleteDelayMs,
        blockCacheBytesMax: 0,
        compaction: { segmentCountMin: 2 },
      }),
  };
}

test("a segment that was replaced stays for the delay, for selects that are under way, and goes then", async () => {
  const { objectStore, clock, open } = newWorld();
  const store = await open("one");
  await flushLines(store, "t", 1, [entry(1, "a")]);
  await flushLines(store, "t", 2, [entry(2, "b")]);
  const selected = await selectAll(store, "t");
  await store.compact();
  for (let elapsedMs = 0; elapsedMs < segmentDeleteDelayMs; elapsedMs += 100) {
    const { segments } = await store.collectGarbage();
    expect(segments).toEqual([]);
    for (const block of selected) {
      expect((await block.load()).count).toBe(1);
    }
    await clock.advance(100);
  }
  expect((await keysOf(objectStore, "tenants/")).length).toBe(3);
  await clock.advance(segmentDeleteDelayMs / 2);
  const planned = await store.collectGarbage({ isDryRun: true });
  expect(planned.segments.length).toBe(2);
  expect((await keysOf(objectStore, "tenants/")).length).toBe(3);
  const removed = await store.collectGarbage();
  expect(removed.segments).toEqual(planned.segments);
  expect(await keysOf(objectStore, "tenants/")).toEqual([expect.stringContaining("compacted")]);
  expect(await storedLines(store, "t")).toEqual(["a", "b"]);
});

test("a segment that is written and not yet committed is not taken from its writer; one that comes too late is written again", async () => {
  const { objectStore, clock, open } = newWorld();
  const collector = await open("collector");
  let stallMs = 0;
  const slow = interceptedObjectStore(objectStore, async (operation, key, request) => {
    const answer = await request();
    if (operation === "put" && key.endsWith(".seg")) {
      for (let stalledMs = 0; stalledMs < stallMs; stalledMs += 50) {
        await clock.advance(50);
        await collector.collectGarbage();
      }
    }
    return answer;
  });
  const store = await open("writer", slow);
  stallMs = segmentDeleteDelayMs / 2 - 100;
  await flushLines(store, "t", 1, [entry(1, "a")]);
  stallMs = segmentDeleteDelayMs * 3;
  await expect(flushLines(store, "t", 2, [entry(2, "b")])).rejects.toEqual(
    expect.objectContaining({ code: "unavailable", message: expect.stringContaining("too long ago") }),
  );
  stallMs = 0;
  await flushLines(store, "t", 2, [entry(2, "b")]);
  for (let i = 0; i < 60; i++) {
    await clock.advance(50);
    await collector.collectGarbage();
  }
  for (const opened of [store, await open("reader")]) {
    expect(await storedLines(opened, "t")).toEqual(["a", "b"]);
  }
  expect((await keysOf(objectStore, "tenants/")).length).toBe(2);
});

test("what a crash left behind is not made use of, for it may be on its way out", async () => {
  const { objectStore, clock, open } = newWorld();
  const collector = await open("collector");
  let isCut = true;
  const cut = interceptedObjectStore(objectStore, async (operation, key, request) => {
    if (isCut && operation === "put" && key.startsWith("manifest/")) {
      throw new Error("crash");
    }
    return request();
  });
  isCut = false;
  const dying = await open("writer", cut);
  isCut = true;
  await expect(flushLines(dying, "t", 1, [entry(1, "a")])).rejects.toThrow("crash");
  await collector.collectGarbage();
  await clock.advance(segmentDeleteDelayMs);
  await collector.collectGarbage();
  await clock.advance(segmentDeleteDelayMs);
  // Now it is due. The WAL gives the same flush again.
  const store = await open("writer");
  await flushLines(store, "t", 1, [entry(1, "a")]);
  expect((await collector.collectGarbage()).segments.length).toBe(1);
  expect(await storedLines(store, "t")).toEqual(["a"]);
});

test("what is not ours, or in a place that is not a segment's, is let be", async () => {
  const { objectStore, clock, open } = newWorld();
  const store = await open("one");
  const others = [
    "tenants/t/segments/2026-11-25/README.txt",
    "tenants/t/rules/alerts.yaml",
    "tenants/t/segments/2026-11-25/deep/0000000000000001-00000000000000000000000000000000.seg",
    "backup/tenants/t/segments/2026-11-25/0000000000000001-00000000000000000000000000000000.seg",
    "manifest/README.txt",
  ];
  const orphan = "tenants/t/segments/2026-11-25/0000000000000001-00000000000000000000000000000000.seg";
  for (const key of [...others, orphan]) {
    await objectStore.put(key, [new Uint8Array(3)]);
  }
  for (let i = 0; i < 4; i++) {
    await store.collectGarbage();
    await clock.advance(segmentDeleteDelayMs);
  }
  const left = await keysOf(objectStore, "");
  expect(left).toEqual(expect.arrayContaining(others));
  expect(left).not.toContain(orphan);
});

test("between a flush that rejected and its repetition nothing is removed", async () => {
  const { objectStore, clock, open } = newWorld();
  let isCut = false;
  const cut = interceptedObjectStore(objectStore, (operation, key, request) =>
    isCut && operation === "put" && key.startsWith("manifest/") ? Promise.reject(new Error("cut")) : request(),
  );
  const store = await open("one", cut);
  isCut = true;
  await expect(flushLines(store, "t", 1, [entry(1, "a")])).rejects.toThrow("cut");
  isCut = false;
  await store.collectGarbage();
  await clock.advance(segmentDeleteDelayMs);
  await expect(store.collectGarbage()).rejects.toEqual(expect.objectContaining({ code: "unavailable" }));
});
