import { readFileSync } from "node:fs";
import { readFooter } from "@sluice/chunk";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { encodeRecord } from "../src/manifest/format.ts";
import { entryKey } from "../src/manifest/keys.ts";
import { describeFooter, segmentKey } from "../src/segment.ts";
import { allTime, entriesByStream, keysOf, openTestStore, selectAll } from "./harness.ts";

const golden = new URL("../../chunk/testdata/segment-v1.seg", import.meta.url);
const needles = [new TextEncoder().encode("-absent-")];

/** A store as it was left by the version before: segments of version 1, of one day. */
async function oldStore(segmentCount: number): Promise<ObjectStore> {
  const objectStore = memoryObjectStore();
  const bytes = new Uint8Array(readFileSync(golden));
  const footer = readFooter(bytes, "the golden file");
  const footerBytes = new DataView(bytes.buffer).getUint32(bytes.length - 16, true) + 16;
  for (let sequence = 1; sequence <= segmentCount; sequence++) {
    const key = await segmentKey(footer.tenant, footer.day, `000000000000000${sequence}-1.${sequence}`, [bytes]);
    await objectStore.put(key, [bytes]);
    const segment = describeFooter({ footer, sizeBytes: bytes.length, footerBytes }, key);
    const walCovered = new Map([["wal", sequence]]);
    const record = { kind: "entry", sequence, walCovered, removed: [], added: [segment] } as const;
    await objectStore.put(entryKey(sequence), [encodeRecord(record)]);
  }
  return objectStore;
}

test("segments of the version before are read, and compaction makes new ones of them, with filters", async () => {
  const objectStore = await oldStore(2);
  const store = await openTestStore(objectStore, {
    clock: virtualClock(Date.UTC(2026, 0, 5, 12)),
    compaction: { segmentCountMin: 2 },
  });
  const before = await entriesByStream(store, "team-a");
  expect([...before.keys()]).toEqual(['{app="db"}', '{app="web", pod="web-0"}']);
  // They have no filters to skip their blocks by.
  expect((await store.select({ tenant: "team-a", matchers: [], ...allTime, needles })).length).toBe(4);
  expect(await store.compact()).toMatchObject({ segmentsRemoved: 2, segmentsAdded: 1 });
  for (const opened of [store, await openTestStore(objectStore)]) {
    expect((await selectAll(opened, "team-a")).length).toBe(2);
    expect(await entriesByStream(opened, "team-a")).toEqual(before);
    expect(await opened.select({ tenant: "team-a", matchers: [], ...allTime, needles })).toEqual([]);
  }
  expect((await keysOf(objectStore, "tenants/")).filter((key) => key.includes("compacted")).length).toBe(1);
});
