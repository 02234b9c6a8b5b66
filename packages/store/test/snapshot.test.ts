import { memoryObjectStore } from "@sluice/object-store";
import { expect, test } from "vitest";
import {
  entry,
  flushLines,
  interceptedObjectStore,
  keysOf,
  openTestStore,
  storedLines,
  unavailable,
} from "./harness.ts";

const linesTo = (count: number): string[] => Array.from({ length: count }, (_, i) => `line ${i + 1}`).sort();

test("snapshots keep the manifest short, however many flushes there were", async () => {
  const objectStore = memoryObjectStore();
  const store = await openTestStore(objectStore, { snapshotInterval: 5 });
  for (let i = 1; i <= 40; i++) {
    await flushLines(store, "t", i, [entry(i, `line ${i}`)]);
    expect((await keysOf(objectStore, "manifest/")).length).toBeLessThanOrEqual(2 * 5 + 2);
  }
  const manifest = await keysOf(objectStore, "manifest/snapshot-");
  expect(manifest).toEqual(["manifest/snapshot-000000000035", "manifest/snapshot-000000000040"]);
  const reopened = await openTestStore(objectStore, { snapshotInterval: 5 });
  expect(reopened.walCovered).toBe(40);
  for (const opened of [store, reopened]) {
    expect(await storedLines(opened, "t")).toEqual(linesTo(40));
  }
});

test("opening again and again does not make the manifest long either", async () => {
  const objectStore = memoryObjectStore();
  for (let i = 0; i < 30; i++) {
    await openTestStore(objectStore, { snapshotInterval: 4 });
  }
  expect((await keysOf(objectStore, "manifest/")).length).toBeLessThanOrEqual(2 * 4 + 2);
});

test("a writer that lagged behind the pruning finds out, though its number is free again", async () => {
  const objectStore = memoryObjectStore();
  const lagging = await openTestStore(objectStore, { walName: "lagging", snapshotInterval: 3 });
  const busy = await openTestStore(objectStore, { walName: "busy", snapshotInterval: 3 });
  for (let i = 1; i <= 12; i++) {
    await flushLines(busy, "t", i, [entry(i, `line ${i}`)]);
  }
  expect(await keysOf(objectStore, "manifest/00000000000")).not.toContain("manifest/000000000002");
  await flushLines(lagging, "t", 1, [entry(20, "line 13")]);
  await busy.refresh();
  for (const opened of [lagging, busy, await openTestStore(objectStore, { walName: "lagging" })]) {
    expect(await storedLines(opened, "t")).toEqual(linesTo(13));
  }
});

test("a snapshot that cannot be written is tried again at the next commit", async () => {
  const inner = memoryObjectStore();
  let fails = true;
  const objectStore = interceptedObjectStore(inner, (operation, key, request) =>
    fails && operation === "put" && key.includes("snapshot") ? Promise.reject(unavailable()) : request(),
  );
  const warnings: string[] = [];
  const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  const store = await openTestStore(objectStore, { snapshotInterval: 2, logger });
  await flushLines(store, "t", 1, [entry(1, "line 1")]);
  expect(warnings).toEqual(["cannot write a snapshot of the manifest"]);
  fails = false;
  await flushLines(store, "t", 2, [entry(2, "line 2")]);
  expect(await keysOf(inner, "manifest/snapshot-")).toEqual(["manifest/snapshot-000000000003"]);
  expect(await storedLines(store, "t")).toEqual(linesTo(2));
});
