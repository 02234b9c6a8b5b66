import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileSystem } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { quietLogger, temporaryDirectory, virtualClock, type VirtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { countedMetrics } from "../../test/counted-metrics.ts";
import { memoryObjectStore } from "../memory.ts";
import type { ByteRange, ObjectStore } from "../object-store.ts";
import { objectStoreSuite } from "../testing/suite.ts";
import { cacheFileBytes } from "./cache-file.ts";
import { openDiskCache, type CachedObjectStore, type DiskCacheOptions } from "./disk-cache.ts";

const pageBytes = 64 * 1024;
const isImmutable = (key: string): boolean => key.startsWith("s/");

objectStoreSuite("a store with a disk cache", async () => {
  const temporary = await temporaryDirectory();
  const store = await open(memoryObjectStore(), temporary.path, { isImmutable: () => true });
  return {
    store,
    async [Symbol.asyncDispose]() {
      await store.settled();
      await temporary[Symbol.asyncDispose]();
    },
  };
});

async function open(
  inner: ObjectStore,
  directory: string,
  options?: Partial<DiskCacheOptions>,
): Promise<CachedObjectStore> {
  return openDiskCache(inner, {
    directory,
    bytesMax: 100 << 20,
    isImmutable,
    fs: nodeFileSystem,
    clock: virtualClock(),
    logger: quietLogger,
    metrics: countedMetrics().metrics,
    ...options,
  });
}

interface World extends AsyncDisposable {
  readonly directory: string;
  /** What the store behind the cache was asked to read. */
  readonly asked: (ByteRange | undefined)[];
  readonly inner: ObjectStore;
  readonly clock: VirtualClock;
  readonly values: Record<string, number>;
  readonly open: (options?: Partial<DiskCacheOptions>) => Promise<CachedObjectStore>;
}

async function world(): Promise<World> {
  const temporary = await temporaryDirectory();
  const memory = memoryObjectStore();
  const asked: World["asked"] = [];
  const { metrics, values } = countedMetrics();
  const clock = virtualClock();
  const inner: ObjectStore = {
    ...memory,
    async get(key, range) {
      asked.push(range);
      return memory.get(key, range);
    },
  };
  return {
    directory: temporary.path,
    asked,
    inner,
    clock,
    values,
    open: (options) => open(inner, temporary.path, { clock, metrics, ...options }),
    [Symbol.asyncDispose]: () => temporary[Symbol.asyncDispose](),
  };
}

const body = Uint8Array.from({ length: 5 * pageBytes + 123 }, (_, i) => (i * 7919) >> 7);

function part({ offset, length }: ByteRange): Uint8Array {
  return body.slice(offset, offset + length);
}

async function files(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

test.for<{ title: string; range: ByteRange }>([
  { title: "the same range", range: { offset: 1000, length: 4 * pageBytes } },
  { title: "its first byte", range: { offset: 1000, length: 1 } },
  { title: "its last byte", range: { offset: 1000 + 4 * pageBytes - 1, length: 1 } },
  { title: "exactly a page of the file", range: { offset: 1000 + pageBytes, length: pageBytes } },
  { title: "what reaches over two pages", range: { offset: 1000 + pageBytes - 7, length: 14 } },
])("what was read is read from the disk again, also after a restart: $title", async ({ range }) => {
  await using made = await world();
  await made.inner.put("s/a", [body]);
  const store = await made.open();
  await store.get("s/a", { offset: 1000, length: 4 * pageBytes });
  await store.settled();
  const reopened = await made.open();
  for (const one of [store, reopened]) {
    expect(await one.get("s/a", range)).toEqual(part(range));
  }
  expect(made.asked.length).toBe(1);
  await reopened.get("s/a", { offset: 999, length: 2 });
  expect(made.asked.length).toBe(2);
});

test("what is put needs no read; what may change, and whole objects, pass by", async () => {
  await using made = await world();
  const store = await made.open();
  await store.put("s/a", [body.subarray(0, 100), body.subarray(100)]);
  expect(await store.get("s/a", { offset: 90, length: 2 * pageBytes })).toEqual(
    part({ offset: 90, length: 2 * pageBytes }),
  );
  expect(made.asked).toEqual([]);
  await store.put("manifest/1", [body]);
  await store.get("manifest/1", { offset: 0, length: 10 });
  await store.get("s/a");
  expect(made.asked.length).toBe(2);
  expect((await files(made.directory)).length).toBe(1);
  await store.remove("s/a");
  expect(await files(made.directory)).toEqual([]);
  await expect(store.get("s/a", { offset: 0, length: 1 })).rejects.toMatchObject({ code: "not_found" });
});

test("reads at the same time share one request, and each has bytes of its own", async () => {
  await using made = await world();
  await made.inner.put("s/a", [body]);
  const store = await made.open();
  const range = { offset: 10, length: 1000 };
  const reads = await Promise.all([
    store.get("s/a", range),
    store.get("s/a", range),
    store.get("s/a", { offset: 20, length: 5 }),
  ]);
  expect(made.asked.length).toBe(1);
  reads[0].fill(0);
  expect(reads[1]).toEqual(part(range));
  expect(reads[2]).toEqual(part({ offset: 20, length: 5 }));
  // What a caller does to its bytes before they are on the disk never shows.
  await store.settled();
  expect(await store.get("s/a", range)).toEqual(part(range));
});

test("a larger range takes the place of those in it", async () => {
  await using made = await world();
  await made.inner.put("s/a", [body]);
  const store = await made.open();
  await store.get("s/a", { offset: 10, length: 10 });
  await store.get("s/a", { offset: 50, length: 10 });
  await store.get("s/a", { offset: 0, length: 1000 });
  await store.settled();
  expect((await files(made.directory)).length).toBe(1);
  expect(store.cachedBytes).toBe(cacheFileBytes(1000));
});

test("the size is bounded, what was used longest ago goes first, and a smaller bound holds from the start", async () => {
  await using made = await world();
  const bytesMax = 10 * cacheFileBytes(1000);
  const store = await made.open({ bytesMax });
  for (let i = 0; i < 10; i++) {
    await store.put(`s/${i}`, [body.subarray(0, 1000)]);
  }
  await store.get("s/0", { offset: 0, length: 5 });
  await store.put("s/10", [body.subarray(0, 1000)]);
  expect(store.cachedBytes).toBe(bytesMax);
  await store.get("s/0", { offset: 0, length: 5 });
  expect(made.asked.length).toBe(0);
  await store.get("s/1", { offset: 0, length: 5 });
  expect(made.asked.length).toBe(1);
  await store.settled();
  const smaller = await made.open({ bytesMax: bytesMax / 2 });
  await smaller.settled();
  expect(smaller.cachedBytes).toBeLessThanOrEqual(bytesMax / 2);
  const left = await Promise.all((await files(made.directory)).map((path) => readFile(path)));
  expect(left.reduce((sum, { length }) => sum + length, 0)).toBe(smaller.cachedBytes);
  // One that could never fit is not kept, and pushes nothing out.
  await smaller.put("s/large", [body]);
  expect(smaller.cachedBytes).toBeGreaterThan(0);
});

test("many small files are bounded by their number", async () => {
  await using made = await world();
  await made.inner.put("s/a", [body]);
  const store = await made.open({ filesMax: 3 });
  for (let offset = 0; offset < 6; offset++) {
    await store.get("s/a", { offset: offset * 10, length: 5 });
    await store.settled();
  }
  expect((await files(made.directory)).length).toBe(3);
  made.asked.length = 0;
  await store.get("s/a", { offset: 50, length: 5 });
  expect(made.asked).toEqual([]);
});

test("what others need of the disk stays free, or becomes so", async () => {
  await using made = await world();
  let free = 10_000;
  const store = await made.open({ freeBytes: async () => free, freeBytesMin: 5000 });
  await store.put("s/a", [body.subarray(0, 3000)]);
  free = 7000;
  await store.put("s/b", [body.subarray(0, 1000)]);
  expect((await files(made.directory)).length).toBe(2);
  free = 4500;
  await store.trim();
  expect((await files(made.directory)).length).toBe(1);
  free = 100;
  await store.put("s/c", [body.subarray(0, 1000)]);
  expect(await files(made.directory)).toEqual([]);
  expect(await store.get("s/c", { offset: 0, length: 10 })).toEqual(part({ offset: 0, length: 10 }));
});

test("a file that is cut anywhere, or has any bit flipped, is never served: it is dropped, and the store is asked", async () => {
  await using made = await world();
  const small = body.subarray(0, pageBytes + 100);
  await made.inner.put("s/a", [small]);
  const range = { offset: 0, length: small.length };
  let store = await made.open();
  await store.get("s/a", range);
  await store.settled();
  const [path] = await files(made.directory);
  const good = await readFile(path!);
  const positions = [...Array(40).keys(), pageBytes, pageBytes + 19, pageBytes + 20, good.length - 1];
  const damages: (readonly [string, Uint8Array])[] = positions.flatMap((position) => {
    const flipped = Buffer.from(good);
    flipped[position]! ^= 1 << (position % 8);
    return [
      [`flipped at ${position}`, flipped] as const,
      [`cut at ${position}`, good.subarray(0, position)] as const,
      [
        `zeros from ${position}`,
        Buffer.concat([good.subarray(0, position), Buffer.alloc(good.length - position)]),
      ] as const,
    ];
  });
  for (const [what, damaged] of damages) {
    await writeFile(path!, damaged);
    store = await made.open();
    made.asked.length = 0;
    expect(Buffer.compare(await store.get("s/a", range), small), what).toBe(0);
    expect(made.asked.length, what).toBe(1);
    await store.settled();
    expect(await files(made.directory), what).not.toContain(path!);
    expect(Buffer.compare(await store.get("s/a", range), small), what).toBe(0);
    expect(made.asked.length, what).toBe(1);
    const [kept] = await files(made.directory);
    await nodeFileSystem.rename(kept!, path!);
  }
  expect(made.values['sluice_disk_cache_errors_total {"operation":"read"}']).toBe(damages.length);
});

test("a file of another object, or another stretch of it, is not taken for the one that is wanted", async () => {
  await using made = await world();
  await made.inner.put("s/a", [body]);
  await made.inner.put("s/b", [body.toReversed()]);
  const store = await made.open();
  const range = { offset: 0, length: 1000 };
  await store.get("s/a", range);
  await store.get("s/b", range);
  await store.settled();
  const [one, other] = await files(made.directory);
  await nodeFileSystem.rename(one!, other!);
  expect(await store.get("s/a", range)).toEqual(part(range));
  expect(await store.get("s/b", range)).toEqual(body.toReversed().slice(0, 1000));
  await store.settled();
});

test.for(["open create", "append", "makeDirectory", "open read"])(
  "a disk that fails at %s costs a request and no more; after a while it is tried again",
  async (failing) => {
    await using made = await world();
    let isFailing = false;
    const fail = (call: string): void => {
      if (isFailing && call === failing) {
        throw Object.assign(new Error("ENOSPC: no space left on device"), { code: "ENOSPC" });
      }
    };
    const fs: FileSystem = {
      ...nodeFileSystem,
      async makeDirectory(path) {
        fail("makeDirectory");
        await nodeFileSystem.makeDirectory(path);
      },
      async open(path, mode) {
        fail(`open ${mode}`);
        const file = await nodeFileSystem.open(path, mode);
        const append = async (parts: readonly Uint8Array[]): Promise<void> => {
          fail("append");
          await file.append(parts);
        };
        return {
          append,
          read: file.read.bind(file),
          sync: file.sync.bind(file),
          truncate: file.truncate.bind(file),
          sizeBytes: file.sizeBytes.bind(file),
          close: file.close.bind(file),
        };
      },
    };
    await made.inner.put("s/a", [body]);
    const store = await made.open({ fs });
    const range = { offset: 0, length: 1000 };
    isFailing = true;
    for (let i = 0; i < 3; i++) {
      expect(await store.get("s/a", range)).toEqual(part(range));
      await store.settled();
      await store.put(`s/new-${i}`, [body]);
    }
    expect(Object.keys(made.values).some((name) => name.startsWith("sluice_disk_cache_errors_total"))).toBe(true);
    isFailing = false;
    await made.clock.advance(60_000);
    await store.get("s/a", range);
    await store.settled();
    made.asked.length = 0;
    expect(await store.get("s/a", range)).toEqual(part(range));
    expect(made.asked).toEqual([]);
    // Nothing of what failed is left.
    const paths = await files(made.directory);
    const sizes = await Promise.all(paths.map(async (path) => (await readFile(path)).length));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(store.cachedBytes);
  },
);

test("a directory that cannot be used is said at the start", async () => {
  await using made = await world();
  await writeFile(`${made.directory}/file`, "");
  await expect(open(made.inner, `${made.directory}/file/cache`)).rejects.toMatchObject({
    code: "unavailable",
    message: expect.stringMatching(/^cannot use .*\/file\/cache as a disk cache: ENOTDIR/u),
  });
});
