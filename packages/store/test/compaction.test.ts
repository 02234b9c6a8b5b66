import { mergeBatches } from "@sluice/chunk";
import { entriesOf, type Entry } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import type { Store } from "@sluice/store";
import { quietLogger, randomHex, seededRng, virtualClock } from "@sluice/testkit";
import fc from "fast-check";
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

/** The day of the entries goes on. */
const duringDay = { clock: virtualClock(Date.UTC(2026, 10, 25, 12)), compaction: { segmentCountMin: 3 } };

async function flushEach(store: Store, lines: readonly Entry[]): Promise<void> {
  for (const line of lines) {
    await flushLines(store, "t", store.walCovered + 1, [line]);
  }
}

async function segmentCount(store: Store): Promise<number> {
  return (await selectAll(store, "t")).length;
}

async function merged(store: Store): Promise<Entry[]> {
  return entriesOf(mergeBatches(await Promise.all((await selectAll(store, "t")).map((block) => block.load()))));
}

test("small segments become one, whose blocks are joined", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, duringDay);
  await flushEach(store, [entry(1, "a"), entry(2, "b")]);
  expect(await store.compact()).toEqual({ segmentsRemoved: 0, segmentsAdded: 0, bytesRead: 0, bytesWritten: 0 });
  await flushEach(store, [entry(3, "c")]);
  const before = await selectAll(store, "t");
  const result = await store.compact();
  expect(result).toEqual(expect.objectContaining({ segmentsRemoved: 3, segmentsAdded: 1 }));
  for (const opened of [store, await openTestStore(objectStore)]) {
    expect((await selectAll(opened, "t")).map(({ count }) => count)).toEqual([3]);
    expect(await merged(opened)).toEqual([entry(1, "a"), entry(2, "b"), entry(3, "c")]);
    expect(opened.walCovered).toBe(3);
  }
  // Who selected before still finds the segments.
  expect((await Promise.all(before.map((block) => block.load()))).flatMap(entriesOf).length).toBe(3);
  expect((await keysOf(objectStore, "tenants/")).length).toBe(4);
});

test("entries of one instant stay in order of arrival, also against what comes later and what is of another day", async () => {
  const store = await openTestStore(memoryObjectStore(), duringDay);
  const nextDay = 86_400;
  await flushEach(store, [entry(1, "1"), entry(nextDay, "x"), entry(1, "2"), entry(1, "3"), entry(1, "4")]);
  const compaction = store.compact();
  await flushEach(store, [entry(1, "5")]);
  await compaction;
  await flushEach(store, [entry(1, "6")]);
  expect((await merged(store)).map(({ line }) => line).join("")).toBe("123456x");
  await store.compact();
  expect((await merged(store)).map(({ line }) => line).join("")).toBe("123456x");
});

test("an entry that came several times is stored once", async () => {
  const store = await openTestStore(memoryObjectStore(), duringDay);
  await flushEach(store, [entry(1, "a"), entry(1, "b"), entry(1, "a")]);
  expect((await storedLines(store, "t")).length).toBe(3);
  await store.compact();
  expect(await storedLines(store, "t")).toEqual(["a", "b"]);
});

test("when the day is over two are enough, and what is large already stays", async () => {
  const clock = virtualClock(Date.UTC(2026, 10, 25, 23));
  const store = await openTestStore(memoryObjectStore(), { clock });
  await flushEach(store, [entry(1, "a"), entry(2, "b")]);
  await store.compact();
  expect(await segmentCount(store)).toBe(2);
  await clock.advance(3 * 3_600_000 + 1);
  await store.compact();
  expect(await segmentCount(store)).toBe(1);
  await flushEach(store, [entry(3, randomHex(seededRng(1), 4000)), entry(4, "c")]);
  // Those two are not worth it: most bytes would be written again for nothing.
  expect((await store.compact()).segmentsRemoved).toBe(0);
  expect(await segmentCount(store)).toBe(3);
});

test("random entries over many segments and streams come out as they went in", async () => {
  const arbitraryEntry = fc.record({
    second: fc.integer({ min: 0, max: 20 }),
    line: fc.string({ maxLength: 20 }),
    app: fc.constantFrom("a", "b", "c"),
    user: fc.constantFrom(undefined, "x", "y"),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(arbitraryEntry, { minLength: 1 }), { minLength: 3, maxLength: 8 }),
      async (flushes) => {
        const rng = seededRng(1);
        const store = await openTestStore(memoryObjectStore(), duringDay);
        // Segments of about one size, so that all are merged.
        for (const [i, flushed] of flushes.entries()) {
          const filler = { second: 21, line: randomHex(rng, 2000), app: "a", user: undefined };
          const streams = [...Map.groupBy([...flushed, filler], ({ app }) => app)].flatMap(([app, ofApp]) =>
            batchesOf(
              { app },
              ofApp.map(({ second, line, user }) => ({
                ...entry(second, line),
                ...(user === undefined ? {} : { metadata: [{ name: "user", value: user }] }),
              })),
            ),
          );
          await store.flush([{ tenant: "t", streams }], i + 1, () => {});
        }
        const read = async (): Promise<Map<string, Entry[]>> => {
          const byApp = Map.groupBy(await selectAll(store, "t"), ({ labels }) => labels[0]!.value);
          const all = new Map<string, Entry[]>();
          for (const [app, blocks] of [...byApp].sort(([a], [b]) => (a < b ? -1 : 1))) {
            all.set(app, entriesOf(mergeBatches(await Promise.all(blocks.map((block) => block.load())))));
          }
          return all;
        };
        const before = await read();
        expect((await store.compact()).segmentsRemoved).toBe(flushes.length);
        expect(await read()).toEqual(before);
        // Nothing is stored twice, and no two blocks of a stream overlap any more.
        const counts = (await selectAll(store, "t")).map(({ count }) => count);
        expect(counts.length).toBe(before.size);
        expect(counts).toEqual([...before.values()].map(({ length }) => length));
      },
    ),
    { numRuns: 60 },
  );
});

test("of two stores that merge the same, one has done it for nothing", async () => {
  const objectStore = memoryObjectStore();
  const one = await openTestStore(objectStore, { ...duringDay, walName: "one" });
  await flushEach(one, [entry(1, "a"), entry(2, "b"), entry(3, "c")]);
  const two = await openTestStore(objectStore, { ...duringDay, walName: "two" });
  const results = await Promise.all([one.compact(), two.compact()]);
  expect(results.reduce((sum, { segmentsAdded }) => sum + segmentsAdded, 0)).toBe(1);
  for (const store of [one, two]) {
    await store.refresh();
    expect(await storedLines(store, "t")).toEqual(["a", "b", "c"]);
  }
});

test("a flush is recognised by its repetition though its segment was compacted away meanwhile", async () => {
  const inner = memoryObjectStore();
  let losses = 0;
  const objectStore = interceptedObjectStore(inner, async (operation, key, request) => {
    const answer = await request();
    if (operation === "put" && key.startsWith("manifest/") && losses > 0) {
      losses -= 1;
      throw unavailable();
    }
    return answer;
  });
  const store = await openTestStore(objectStore, duringDay);
  await flushEach(store, [entry(1, "a"), entry(2, "b")]);
  losses = 1;
  let committed = 0;
  const flush = (): Promise<void> =>
    store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, [entry(3, "c")]) }], 3, () => void committed++);
  await expect(flush()).rejects.toEqual(unavailable());
  const other = await openTestStore(inner, { ...duringDay, walName: "other" });
  expect((await other.compact()).segmentsRemoved).toBe(3);
  // The writer itself does not compact what it does not know to be there.
  await expect(store.compact()).resolves.toEqual(expect.objectContaining({ segmentsRemoved: 0 }));
  await flush();
  expect(committed).toBe(1);
  for (const opened of [store, await openTestStore(inner)]) {
    expect(await storedLines(opened, "t")).toEqual(["a", "b", "c"]);
  }
});

test("a flush under a position that is covered already is refused, for it would be taken for done", async () => {
  const store = await openTestStore(memoryObjectStore());
  await flushLines(store, "t", 5, [entry(1, "a")]);
  await expect(flushLines(store, "t", 5, [entry(2, "b")])).rejects.toThrow("a flush covers more of the WAL");
});

test("a damaged segment is named in the log and left alone; its neighbours are merged", async () => {
  const objectStore = memoryObjectStore();
  const errors: unknown[] = [];
  const logger = { ...quietLogger, error: (_message: string, fields?: unknown) => void errors.push(fields) };
  const store = await openTestStore(objectStore, { ...duringDay, logger });
  await flushEach(
    store,
    Array.from({ length: 9 }, (_, i) => entry(i, `line ${i}`)),
  );
  const [, damaged] = await keysOf(objectStore, "tenants/");
  const bytes = await objectStore.get(damaged!);
  await objectStore.put(damaged!, [bytes.with(10, bytes[10]! ^ 1)]);
  expect((await store.compact()).segmentsRemoved).toBe(7);
  expect(errors).toEqual([expect.objectContaining({ error: expect.stringContaining(damaged!) })]);
  expect(await segmentCount(store)).toBe(3);
  errors.length = 0;
  await store.compact();
  expect(errors).toEqual([]);
});

test("a compaction that is cancelled or whose object store fails changes nothing", async () => {
  const inner = memoryObjectStore();
  let fails = false;
  const objectStore = interceptedObjectStore(inner, (operation, key, request) =>
    fails && operation === "put" && key.includes("compacted") ? Promise.reject(unavailable()) : request(),
  );
  const store = await openTestStore(objectStore, duringDay);
  await flushEach(store, [entry(1, "a"), entry(2, "b"), entry(3, "c")]);
  await expect(store.compact(AbortSignal.abort())).rejects.toEqual(expect.objectContaining({ code: "cancelled" }));
  fails = true;
  await expect(store.compact()).rejects.toEqual(unavailable());
  expect(await segmentCount(store)).toBe(3);
  fails = false;
  await store.compact();
  expect(await segmentCount(store)).toBe(1);
});

test("others have their turn while much is merged", async () => {
  const store = await openTestStore(memoryObjectStore(), duringDay);
  for (let i = 1; i <= 8; i++) {
    const lines = Array.from({ length: 20_000 }, (_, n) =>
      entry(n / 1000, `flush ${i} line ${n} ${"x".repeat(n % 100)}`),
    );
    await flushLines(store, "t", i, lines);
  }
  let turns = 0;
  let isRunning = true;
  const watch = (): void => {
    turns += 1;
    if (isRunning) {
      setImmediate(watch);
    }
  };
  setImmediate(watch);
  const { rawBytes } = (await selectAll(store, "t"))[0]!;
  expect((await store.compact()).segmentsRemoved).toBe(8);
  isRunning = false;
  // A turn at least for every block that is read, and so every 10 ms or less.
  expect(rawBytes).toBeGreaterThan(100_000);
  expect(turns).toBeGreaterThan(8 * 6);
});
