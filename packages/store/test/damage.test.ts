import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { expect, test } from "vitest";
import { entry, flushLines, keysOf, openTestStore, selectAll, storedLines } from "./harness.ts";

const lastEntry = "manifest/000000000004";
const snapshot = "manifest/snapshot-000000000003";

async function written(): Promise<ObjectStore> {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, { snapshotInterval: 3 });
  for (let i = 1; i <= 3; i++) {
    await flushLines(store, "t", i, [entry(i, `line ${i}`)]);
  }
  return objectStore;
}

const damages: readonly { title: string; damage: (bytes: Uint8Array) => Uint8Array }[] = [
  { title: "a flipped bit", damage: (bytes) => bytes.with(bytes.length >> 1, bytes[bytes.length >> 1]! ^ 1) },
  { title: "a missing end", damage: (bytes) => bytes.slice(0, -1) },
  { title: "no bytes", damage: () => new Uint8Array() },
  { title: "other bytes", damage: () => new TextEncoder().encode("not found, sorry for the inconvenience") },
];

test.for([lastEntry, snapshot].flatMap((key) => damages.map((kind) => ({ ...kind, key }))))(
  "a manifest object $key with $title is refused by name",
  async ({ key, damage }) => {
    const objectStore = await written();
    await objectStore.put(key, [damage(await objectStore.get(key))]);
    const corrupt = expect.objectContaining({ code: "corrupt", message: expect.stringContaining(key) });
    await expect(openTestStore(objectStore)).rejects.toEqual(corrupt);
  },
);

test("a manifest entry that is missing before another is refused by name", async () => {
  const objectStore = await written();
  await flushLines(await openTestStore(objectStore), "t", 4, [entry(4, "line 4")]);
  await objectStore.remove(lastEntry);
  await expect(openTestStore(objectStore)).rejects.toEqual(
    expect.objectContaining({
      code: "corrupt",
      message: `manifest object ${lastEntry} is missing, but not later ones`,
    }),
  );
});

test("objects in the manifest's folder that are not ours are let be", async () => {
  const objectStore = await written();
  await objectStore.put("manifest/README.txt", [new Uint8Array(3)]);
  await objectStore.put("manifest/snapshot-x", [new Uint8Array(3)]);
  expect(await storedLines(await openTestStore(objectStore), "t")).toEqual(["line 1", "line 2", "line 3"]);
});

async function readAll(objectStore: ObjectStore): Promise<string[]> {
  return storedLines(await openTestStore(objectStore), "t");
}

test.for([
  ...damages,
  { title: "a damaged block", damage: (bytes: Uint8Array) => bytes.with(10, bytes[10]! ^ 0x40) },
  { title: "half its bytes", damage: (bytes: Uint8Array) => bytes.slice(0, bytes.length >> 1) },
])("a segment with $title is refused by name", async ({ damage }) => {
  const objectStore = await written();
  const [key] = await keysOf(objectStore, "tenants/");
  await objectStore.put(key!, [damage(await objectStore.get(key!))]);
  const corrupt = expect.objectContaining({ code: "corrupt", message: expect.stringContaining(key!) });
  await expect(readAll(objectStore)).rejects.toEqual(corrupt);
});

test("a segment that is missing is refused by name, and only when it is wanted", async () => {
  const objectStore = await written();
  const [key] = await keysOf(objectStore, "tenants/");
  await objectStore.remove(key!);
  const corrupt = { code: "corrupt", message: `segment ${key!} is missing from the object store` };
  await expect(readAll(objectStore)).rejects.toEqual(expect.objectContaining(corrupt));
  expect(await selectAll(await openTestStore(objectStore), "somebody else")).toEqual([]);
});

test("a segment in the place of another tenant's is refused", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore);
  await flushLines(store, "t", 1, [entry(1, "secret")]);
  await flushLines(store, "u", 2, [entry(1, "secret")]);
  const [key, other] = await keysOf(objectStore, "tenants/");
  await objectStore.put(key!, [await objectStore.get(other!)]);
  await expect(readAll(objectStore)).rejects.toEqual(
    expect.objectContaining({
      code: "corrupt",
      message: `segment ${key!} is of another tenant or day than the manifest says`,
    }),
  );
});
