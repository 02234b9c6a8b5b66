import { execFile } from "node:child_process";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { nodeFileSystem } from "@sluice/model/node";
import { memoryObjectStore, openFileSystemObjectStore, type ObjectStore } from "@sluice/object-store";
import { randomInt, seededRng, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { checkStore } from "../src/fsck/check-store.ts";
import { readOnlyDirectory } from "../src/fsck/read-only-directory.ts";
import { entry, flushLines, keysOf, openTestStore } from "./harness.ts";

const orphan = "tenants/t/segments/2026-11-25/0000000000000009-1.1-00000000000000000000000000000000.seg";

async function fill(objectStore: ObjectStore): Promise<void> {
  const store = await openTestStore(objectStore, { snapshotInterval: 3, compaction: { segmentCountMin: 2 } });
  for (let i = 1; i <= 4; i++) {
    await flushLines(store, "t", i, [entry(i, `line ${i}`), entry(i + 10, "two\nlines")]);
  }
  await store.compact();
  await flushLines(store, "u", 5, [{ ...entry(5, "x"), metadata: [{ name: "user", value: "y" }] }]);
  await flushLines(store, "u", 6, [entry(6, "z")]);
}

test("a store that is whole is told so, with what it holds and what nothing names", async () => {
  const objectStore = memoryObjectStore();
  await fill(objectStore);
  await objectStore.put(orphan, [new Uint8Array(1)]);
  await objectStore.put("tenants/t/README.txt", [new Uint8Array(1)]);
  const progress: number[] = [];
  const report = await checkStore(objectStore, { onProgress: (done) => void progress.push(done) });
  expect(report).toEqual(expect.objectContaining({ problems: [], segmentCount: 3, lineCount: 10 }));
  expect(report.orphans).toEqual(expect.arrayContaining([orphan]));
  // The four that were compacted away, too.
  expect(report.orphans.length).toBe(5);
  expect(report.foreign).toEqual(["tenants/t/README.txt"]);
  expect(progress).toEqual([0, 1, 2, 3]);
});

test("whatever byte of whatever object is damaged, it is named", async () => {
  const objectStore = memoryObjectStore();
  await fill(objectStore);
  const { orphans } = await checkStore(objectStore);
  const keys = (await keysOf(objectStore, "")).filter((key) => !orphans.includes(key));
  expect(keys.length).toBeGreaterThan(5);
  const rng = seededRng(1);
  for (const key of keys) {
    const good = await objectStore.get(key);
    for (let i = 0; i < 40; i++) {
      const at = randomInt(rng, good.length);
      await objectStore.put(key, [good.with(at, good[at]! ^ (1 << randomInt(rng, 8)))]);
      const { problems } = await checkStore(objectStore);
      expect(problems, `byte ${at} of ${key}`).toEqual(expect.arrayContaining([expect.stringContaining(key)]));
    }
    await objectStore.put(key, [good.subarray(0, randomInt(rng, good.length))]);
    expect((await checkStore(objectStore)).problems.join("\n")).toContain(key);
    await objectStore.put(key, [good]);
  }
  expect((await checkStore(objectStore)).problems).toEqual([]);
});

test.for([
  { title: "a segment", pick: (key: string) => key.includes("compacted"), want: /^segment \S+ is missing$/u },
  { title: "a manifest entry", pick: (key: string) => key.endsWith("/000000000007"), want: /000000000007 is missing/u },
])("$title that is missing is named", async ({ pick, want }) => {
  const objectStore = memoryObjectStore();
  await fill(objectStore);
  const key = (await keysOf(objectStore, "")).find(pick);
  await objectStore.remove(key!);
  const { problems } = await checkStore(objectStore);
  expect(problems).toEqual([expect.stringMatching(want)]);
});

test("a segment in the place of another one is noticed", async () => {
  const objectStore = memoryObjectStore();
  await fill(objectStore);
  const mine = (await keysOf(objectStore, "tenants/t/")).find((key) => key.includes("compacted"))!;
  const [others] = await keysOf(objectStore, "tenants/u/");
  await objectStore.put(mine, [await objectStore.get(others!)]);
  expect((await checkStore(objectStore)).problems.join("\n")).toContain(mine);
});

test("the command line: 0 when all is well, 1 when not, 2 when it cannot be told; it writes nothing", async () => {
  await using directory = await temporaryDirectory();
  const store = join(directory.path, "store");
  await fill(await openFileSystemObjectStore({ directory: store, fs: nodeFileSystem }));
  const before = await keysOf(readOnlyDirectory(directory.path) as ObjectStore, "");
  const good = await run("fsck", "--data", directory.path);
  expect(good.code).toBe(0);
  expect(good.stdout).toContain("3 segments");
  expect(good.stderr).toContain("checked 3 of 3 segments");
  expect(await keysOf(readOnlyDirectory(directory.path) as ObjectStore, "")).toEqual(before);

  const key = before.find((name) => name.includes("compacted"))!.slice("store/".length);
  const path = join(store, key);
  const bytes = await readFile(path);
  await writeFile(path, bytes.with(20, bytes[20]! ^ 1));
  const bad = await run("fsck", "--data", directory.path);
  expect(bad.code).toBe(1);
  expect(bad.stdout).toContain(`WRONG   segment ${key}`);
  expect((await run("inspect", path)).code).toBe(1);
  await writeFile(path, bytes);

  await rename(join(store, "manifest"), join(store, "elsewhere"));
  expect((await run("fsck", "--data", directory.path)).code).toBe(2);
  expect((await run("fsck")).code).toBe(2);
  await rm(path);
  expect((await run("inspect", path)).code).toBe(2);
});

async function run(command: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const script = join(import.meta.dirname, `../src/cli/${command}.ts`);
  try {
    return { code: 0, ...(await promisify(execFile)(process.execPath, [script, ...args])) };
  } catch (error) {
    return error as { code: number; stdout: string; stderr: string };
  }
}
