import type { BlockRef } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import type { Store } from "@sluice/store";
import { expect, test } from "vitest";
import {
  batchesOf,
  entry,
  flushLines,
  interceptedObjectStore,
  keysOf,
  openTestStore,
  selectAll,
  storedLines,
  unavailable,
} from "./harness.ts";

const isEntry = (key: string): boolean => /^manifest\/\d+$/u.test(key);

test("nothing is visible before the commit, and everything from the tick of onCommitted on", async () => {
  let store: Store | undefined;
  const before: Promise<readonly BlockRef[]>[] = [];
  let isCommitted = false;
  const objectStore = interceptedObjectStore(memoryObjectStore(), async (_operation, _key, request) => {
    const answer = await request();
    if (store !== undefined && !isCommitted) {
      before.push(selectAll(store, "a"), selectAll(store, "b"));
    }
    return answer;
  });
  store = await openTestStore(objectStore);
  const opened = store;
  const tenants = ["a", "b"].map((tenant) => ({ tenant, streams: batchesOf({ app: "web" }, [entry(1, "x")]) }));
  let atCommit: Promise<readonly BlockRef[]>[] = [];
  await opened.flush(tenants, 5, () => {
    isCommitted = true;
    expect(opened.walCovered).toBe(5);
    atCommit = [selectAll(opened, "a"), selectAll(opened, "b")];
  });
  expect(before.length).toBeGreaterThanOrEqual(6);
  expect((await Promise.all(before)).flat()).toEqual([]);
  expect((await Promise.all(atCommit)).map((blocks) => blocks.length)).toEqual([1, 1]);
});

test("a select sees what was committed when it was called, not what is when it goes on", async () => {
  const store = await openTestStore(memoryObjectStore());
  await flushLines(store, "t", 1, [entry(1, "x")]);
  const selected = selectAll(store, "t");
  await flushLines(store, "t", 2, [entry(2, "y")]);
  expect((await selected).length).toBe(1);
});

test("an empty flush moves walCovered alone", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore);
  let committed = 0;
  await store.flush([], 3, () => void committed++);
  await store.flush([{ tenant: "t", streams: [] }], 4, () => void committed++);
  expect(committed).toBe(2);
  expect((await openTestStore(objectStore)).walCovered).toBe(4);
  expect(await keysOf(objectStore, "tenants/")).toEqual([]);
});

test("stores that race for the manifest both win in the end", async () => {
  const objectStore = interceptedObjectStore(memoryObjectStore(), async (_operation, _key, request) => {
    await new Promise((resolve) => setImmediate(resolve));
    return request();
  });
  const names = ["one", "two", "three"];
  const stores = await Promise.all(
    names.map((walName) => openTestStore(objectStore, { walName, snapshotInterval: 4 })),
  );
  const want: string[] = [];
  await Promise.all(
    stores.map(async (store, s) => {
      for (let i = 1; i <= 12; i++) {
        want.push(`${names[s]!} ${i}`);
        await flushLines(store, "t", i * (s + 1), [entry(i, `${names[s]!} ${i}`)]);
      }
    }),
  );
  for (const [s, store] of stores.entries()) {
    await store.refresh();
    expect(store.walCovered).toBe(12 * (s + 1));
    expect(await storedLines(store, "t")).toEqual(want.toSorted());
    expect((await openTestStore(objectStore, { walName: names[s]! })).walCovered).toBe(12 * (s + 1));
  }
});

test("a crash between the segment and the manifest leaves an orphan that nobody sees", async () => {
  const inner = memoryObjectStore();
  const crashing = interceptedObjectStore(inner, (operation, key, request) =>
    operation === "put" && isEntry(key) && !key.endsWith("1") ? Promise.reject(unavailable()) : request(),
  );
  const store = await openTestStore(crashing);
  let committed = 0;
  const streams = batchesOf({ app: "web" }, [entry(1, "x")]);
  await expect(store.flush([{ tenant: "t", streams }], 3, () => void committed++)).rejects.toEqual(unavailable());
  expect(committed).toBe(0);
  expect((await keysOf(inner, "tenants/")).length).toBe(1);
  expect(await selectAll(store, "t")).toEqual([]);
  // After the crash the WAL gives the line again, with others.
  const restarted = await openTestStore(inner);
  expect(restarted.walCovered).toBe(0);
  expect(await selectAll(restarted, "t")).toEqual([]);
  await flushLines(restarted, "t", 4, [entry(1, "x"), entry(2, "y")]);
  expect(await storedLines(restarted, "t")).toEqual(["x", "y"]);
});

test.for([
  { title: "of the manifest entry", isLost: isEntry },
  { title: "of a segment", isLost: (key: string) => key.endsWith(".seg") },
])("a lost answer $title: the retry adds nothing twice", async ({ isLost }) => {
  const inner = memoryObjectStore();
  let losses = 0;
  const objectStore = interceptedObjectStore(inner, async (operation, key, request) => {
    const answer = await request();
    if (operation === "put" && isLost(key) && losses > 0) {
      losses -= 1;
      throw unavailable();
    }
    return answer;
  });
  const store = await openTestStore(objectStore);
  await flushLines(store, "t", 1, [entry(1, "first")]);
  losses = 1;
  let committed = 0;
  const flush = (): Promise<void> =>
    store.flush(
      [
        { tenant: "t", streams: batchesOf({ app: "web" }, [entry(2, "x"), entry(86_402, "y")]) },
        { tenant: "u", streams: batchesOf({ app: "web" }, [entry(2, "z")]) },
      ],
      5,
      () => void committed++,
    );
  await expect(flush()).rejects.toEqual(unavailable());
  // Its writer still holds the lines: they may not show up here as well.
  await store.refresh();
  expect(committed).toBe(0);
  expect(await storedLines(store, "t")).toEqual(["first"]);
  await flush();
  expect(committed).toBe(1);
  await flushLines(store, "t", 6, [entry(3, "last")]);
  for (const opened of [store, await openTestStore(inner)]) {
    expect(opened.walCovered).toBe(6);
    expect(await storedLines(opened, "t")).toEqual(["first", "last", "x", "y"]);
    expect(await storedLines(opened, "u")).toEqual(["z"]);
  }
  expect((await keysOf(inner, "tenants/")).length).toBe(5);
});

test("an object store that repeats a put whose answer was lost, and then finds the number taken, has committed", async () => {
  const inner = memoryObjectStore();
  await openTestStore(inner);
  let isRepeating = false;
  const objectStore = interceptedObjectStore(inner, async (operation, key, request) => {
    const answer = await request();
    return operation === "put" && isEntry(key) && isRepeating ? request() : answer;
  });
  const store = await openTestStore(objectStore);
  isRepeating = true;
  await flushLines(store, "t", 1, [entry(1, "x")]);
  expect(store.walCovered).toBe(1);
  for (const opened of [store, await openTestStore(inner)]) {
    expect(await storedLines(opened, "t")).toEqual(["x"]);
  }
});

test.for([
  { title: "after", isLate: true },
  { title: "before", isLate: false },
])("a put of an earlier process that arrives $title the next one has opened adds nothing twice", async ({ isLate }) => {
  const inner = memoryObjectStore();
  let withheld: (() => Promise<unknown>) | undefined;
  let isCut = false;
  const objectStore = interceptedObjectStore(inner, (operation, key, request) => {
    if (isCut && operation === "put" && isEntry(key)) {
      withheld = request;
      return Promise.reject(unavailable());
    }
    return request();
  });
  const dying = await openTestStore(objectStore);
  isCut = true;
  await expect(flushLines(dying, "t", 1, [entry(1, "x")])).rejects.toEqual(unavailable());
  if (!isLate) {
    await withheld!();
  }
  const store = await openTestStore(inner);
  if (isLate) {
    await expect(withheld!()).rejects.toEqual(expect.objectContaining({ code: "already_exists" }));
  }
  expect(store.walCovered).toBe(isLate ? 0 : 1);
  // The WAL is replayed from there.
  await flushLines(store, "t", 2, isLate ? [entry(1, "x"), entry(2, "y")] : [entry(2, "y")]);
  expect(await storedLines(store, "t")).toEqual(["x", "y"]);
});

test("two flushes at once are the caller's mistake", async () => {
  const store = await openTestStore(memoryObjectStore());
  const first = flushLines(store, "t", 1, [entry(1, "x")]);
  await expect(flushLines(store, "t", 2, [entry(2, "y")])).rejects.toThrow("one flush at a time");
  await first;
});
