import { basename } from "node:path";
import { encodeBlock, type BlockEncoder } from "@sluice/chunk";
import { memoryObjectStore } from "@sluice/object-store";
import { expect, test } from "vitest";
import { inspectFile } from "../src/inspect/inspect-file.ts";
import { batchesOf, entry, keysOf, openTestStore } from "./harness.ts";

async function written(): Promise<Map<string, Uint8Array>> {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, { snapshotInterval: 2 });
  const streams = [
    ...batchesOf({ app: "web" }, [
      entry(1, "first"),
      { ...entry(2, "second"), metadata: [{ name: "user", value: "eve" }] },
    ]),
    ...batchesOf({ app: "db" }, [entry(3, "\u001b[31mred\u001b[0m")]),
  ];
  await store.flush([{ tenant: "team a", streams }], 7, () => {});
  const files = new Map<string, Uint8Array>();
  for (const key of await keysOf(objectStore, "")) {
    files.set(key, await objectStore.get(key));
  }
  return files;
}

async function inspect(bytes: Uint8Array, path: string, showLines = false) {
  const printed: string[] = [];
  const problems = await inspectFile(bytes, path, { showLines, print: (text) => void printed.push(text) });
  return { text: printed.join("\n"), problems };
}

test("a segment: what is in it, what it takes, and its lines when asked for", async () => {
  const [[key, bytes]] = [...(await written())].filter(([name]) => name.endsWith(".seg")) as [[string, Uint8Array]];
  const { text, problems } = await inspect(bytes, `/somewhere/${key}`);
  expect(problems).toEqual([]);
  expect(text).toContain("segment of tenant team a, 2026-11-25");
  expect(text).toContain("2 streams, 2 blocks, 3 lines");
  expect(text).toContain('  label app: 2 values ("db" 1, "web" 1)');
  expect(text).toMatch(/ {4}filters +\d.* %/u);
  expect(text).toContain('{app="web"}\n  block at byte ');
  expect(text).toMatch(/\(body \d+, times \d+, metadata \d+\), filter 32$/mu);
  expect(text).toContain("2026-11-25T00:00:01Z to 2026-11-25T00:00:02Z");
  expect(text).not.toContain("first");
  const { text: withLines } = await inspect(bytes, key, true);
  expect(withLines).toContain("2026-11-25T00:00:01Z first\n");
  expect(withLines).toContain('2026-11-25T00:00:02Z second  {user="eve"}');
  // Lines are anyone's: they do not reach the terminal as commands to it.
  expect(withLines).toContain("\\x1b[31mred\\x1b[0m");
});

test("every byte of a segment is accounted for, ids that were taken out of the lines, too", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore);
  const lines = Array.from({ length: 50 }, (_, i) => entry(i, `id=6ba7b810-9dad-11d1-80b4-00c04fd4${3000 + i} a\nb`));
  await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, lines) }], 1, () => {});
  const [key] = await keysOf(objectStore, "tenants/");
  const { text } = await inspect(await objectStore.get(key!), key!);
  expect(text).toMatch(/ {4}ids +[1-9][\d.]* % /u);
  expect(text).toMatch(/\(body \d+, times \d+, lengths \d+, ids \d+\), filter/u);
});

test("objects of the manifest, whatever they are called", async () => {
  const files = [...(await written())].filter(([key]) => key.startsWith("manifest/"));
  expect(files.map(([key]) => key)).toEqual([
    "manifest/000000000001",
    "manifest/000000000002",
    "manifest/snapshot-000000000002",
  ]);
  for (const [key, bytes] of files) {
    for (const path of [key, "copy.bin"]) {
      const { text, problems } = await inspect(bytes, path);
      expect(problems).toEqual([]);
      expect(text).toMatch(/^manifest (entry|snapshot) [12], /u);
    }
  }
  const { text } = await inspect(files[1]![1], files[1]![0]);
  expect(text).toContain("WAL wal covered up to 7");
  expect(text).toContain("  + tenants/team%20a/segments/2026-11-25/0000000000000007-1.1-");
});

test("every damaged byte is told", async () => {
  for (const [key, bytes] of await written()) {
    for (let i = 0; i < bytes.length; i++) {
      const { problems } = await inspect(bytes.with(i, bytes[i]! ^ (1 << (i % 8))), key);
      expect(problems.length, `byte ${i} of ${key}`).toBeGreaterThan(0);
    }
    for (const length of [0, 1, bytes.length >> 1, bytes.length - 1]) {
      expect((await inspect(bytes.subarray(0, length), key)).problems.length).toBeGreaterThan(0);
    }
  }
});

test("a skip filter that does not fit its lines is told, though every checksum is right", async () => {
  const blockEncoder: BlockEncoder = {
    concurrency: 1,
    encode: async (batch) => ({ ...encodeBlock(batch), filter: new Uint8Array(32) }),
  };
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, { blockEncoder });
  await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, [entry(1, "first line")]) }], 1, () => {});
  const [key] = await keysOf(objectStore, "tenants/");
  const { problems } = await inspect(await objectStore.get(key!), key!);
  expect(problems).toEqual([`the skip filter of block at byte 8 of ${basename(key!)} hides some of its lines`]);
});

test("a skip filter may be larger than it has to be: how large is up to its writer", async () => {
  const blockEncoder: BlockEncoder = {
    concurrency: 1,
    encode: async (batch) => ({ ...encodeBlock(batch), filter: new Uint8Array(64).fill(0xff) }),
  };
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, { blockEncoder });
  await store.flush([{ tenant: "t", streams: batchesOf({ app: "web" }, [entry(1, "first line")]) }], 1, () => {});
  const [key] = await keysOf(objectStore, "tenants/");
  expect((await inspect(await objectStore.get(key!), key!)).problems).toEqual([]);
});

test("a file that is none of ours", async () => {
  const { problems } = await inspect(new TextEncoder().encode("hello, I am a text and nothing else"), "notes.txt");
  expect(problems).toEqual([expect.stringContaining("notes.txt")]);
});
