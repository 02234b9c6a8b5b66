import { dayOf, mergeBatches, type StreamBatch } from "@sluice/chunk";
import {
  batchOf,
  entriesOf,
  labelsFromRecord,
  printLabels,
  ServiceError,
  type BlockRef,
  type Entry,
  type EntryBatch,
} from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { memoryObjectStore, openFileSystemObjectStore, type ObjectStore } from "@sluice/object-store";
import { openStore, type Store, type StoreOptions } from "@sluice/store";
import { quietLogger, quietMetrics, temporaryDirectory, virtualClock } from "@sluice/testkit";

export function openTestStore(objectStore: ObjectStore, options?: Partial<StoreOptions>): Promise<Store> {
  return openStore({ objectStore, logger: quietLogger, metrics: quietMetrics, clock: virtualClock(), ...options });
}

/** Every object store that the store is tested over. */
export const objectStores: readonly {
  readonly name: string;
  readonly use: (test: (objectStore: ObjectStore) => Promise<void>) => Promise<void>;
}[] = [
  { name: "memory", use: (test) => test(memoryObjectStore()) },
  {
    name: "file system",
    async use(test) {
      await using directory = await temporaryDirectory();
      await test(await openFileSystemObjectStore({ directory: directory.path, fs: nodeFileSystem }));
    },
  },
];

/** 2026-11-25T00:00:00Z */
export const dayStart = 1_795_564_800_000_000_000n;

export function entry(secondsOfDay: number, line: string): Entry {
  return { timestampNs: dayStart + BigInt(Math.round(secondsOfDay * 1e9)), line };
}

/** One batch per day of a stream, as heads give them. */
export function batchesOf(labels: Record<string, string>, entries: readonly Entry[]): StreamBatch[] {
  const days = Map.groupBy(entries, ({ timestampNs }) => dayOf(timestampNs));
  return [...days.values()].map((ofDay) => ({
    labels: labelsFromRecord(labels),
    batch: batchOf(ofDay.toSorted((a, b) => Number(a.timestampNs - b.timestampNs))),
  }));
}

export async function flushLines(
  store: Store,
  tenant: string,
  walCovered: number,
  entries: readonly Entry[],
  labels: Record<string, string> = { app: "web" },
): Promise<void> {
  await store.flush([{ tenant, streams: batchesOf(labels, entries) }], walCovered, () => {});
}

export const allTime = { startNs: -(2n ** 63n), endNs: 2n ** 63n - 1n };

export function selectAll(store: Store, tenant: string): Promise<readonly BlockRef[]> {
  return store.select({ tenant, matchers: [], ...allTime });
}

/** Everything a tenant has, merged per stream as a querier does. */
export async function entriesByStream(store: Store, tenant: string): Promise<Map<string, Entry[]>> {
  const batches = new Map<string, EntryBatch[]>();
  for (const block of await selectAll(store, tenant)) {
    const text = printLabels(block.labels);
    batches.set(text, [...(batches.get(text) ?? []), await block.load()]);
  }
  return new Map([...batches].map(([text, ofStream]) => [text, entriesOf(mergeBatches(ofStream))]));
}

/** The lines of all blocks, unmerged and sorted: what came twice is there twice. */
export async function storedLines(store: Store, tenant: string): Promise<string[]> {
  const batches = await Promise.all((await selectAll(store, tenant)).map((block) => block.load()));
  return batches.flatMap((batch) => entriesOf(batch).map(({ line }) => line)).sort();
}

/** What stands between the store and its object store in a test: runs the request, or not, or fails after it. */
export type Intercept = <Answer>(operation: string, key: string, request: () => Promise<Answer>) => Promise<Answer>;

export function interceptedObjectStore(inner: ObjectStore, intercept: Intercept): ObjectStore {
  return {
    put: (key, body, options) => intercept("put", key, () => inner.put(key, body, options)),
    get: (key, range) => intercept("get", key, () => inner.get(key, range)),
    stat: (key) => intercept("stat", key, () => inner.stat(key)),
    remove: (key) => intercept("remove", key, () => inner.remove(key)),
    async *list(prefix, startAfter) {
      yield* await intercept("list", prefix, () => collected(inner.list(prefix, startAfter)));
    },
  };
}

export function unavailable(): ServiceError {
  return new ServiceError("unavailable", "the object store did not answer");
}

export async function keysOf(objectStore: ObjectStore, prefix: string): Promise<string[]> {
  return (await collected(objectStore.list(prefix))).map(({ key }) => key);
}

async function collected<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const all: Item[] = [];
  for await (const item of items) {
    all.push(item);
  }
  return all;
}
