import { entriesOf, printLabels, type BlockRef, type SelectRequest } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import { openStoreReader, type Store, type StoreReader } from "@sluice/store";
import { quietLogger, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { countingMetrics } from "./counting-metrics.ts";
import { testDeletes } from "./deletes-harness.ts";
import { allTime, dayStart, entry, flushLines, openTestStore } from "./harness.ts";

const minuteMs = 60_000;
const needle = new TextEncoder().encode("secret");

const requests: readonly SelectRequest[] = [
  { tenant: "t", matchers: [], ...allTime },
  { tenant: "t", matchers: [], ...allTime, isCounting: true },
  { tenant: "t", matchers: [{ name: "app", operator: "=~", value: "w.*" }], ...allTime },
  { tenant: "t", matchers: [], ...allTime, needles: [needle] },
  { tenant: "t", matchers: [], startNs: entry(100, "").timestampNs, endNs: entry(200, "").timestampNs },
  { tenant: "nobody", matchers: [], ...allTime },
];

async function setUp() {
  const objectStore = memoryObjectStore();
  const clock = virtualClock(Number(dayStart / 1_000_000n) + 10 * minuteMs);
  const store = await openTestStore(objectStore, {
    clock,
    deletes: testDeletes,
    retentionOf: () => ({
      periodMs: 0,
      rules: [{ matchers: [{ name: "app", operator: "=", value: "old" }], priority: 1, periodMs: 8 * minuteMs }],
    }),
  });
  const metrics = countingMetrics();
  const reader = openStoreReader({
    objectStore,
    logger: quietLogger,
    metrics,
    clock,
    compileDelete: testDeletes.compile,
    footerCacheBytesMax: 1_000_000,
    filterCacheBytesMax: 1_000_000,
    blockCacheBytesMax: 1_000_000,
  });
  for (const [i, app] of ["web", "old", "db"].entries()) {
    const lines = Array.from({ length: 300 }, (_, second) =>
      entry(second, `${app} ${second % 50 ? "line" : "secret"}`),
    );
    await flushLines(store, "t", i + 1, lines, { app });
  }
  return { store, reader, metrics };
}

/** As another thread would get it. */
async function elsewhere(store: Store, reader: StoreReader, request: SelectRequest): Promise<readonly BlockRef[]> {
  return reader.select(reader.viewOf(structuredClone(store.snapshot(request))), request);
}

async function contentOf(blocks: readonly BlockRef[]): Promise<unknown> {
  const batches = await Promise.all(blocks.map((block) => block.load()));
  return blocks.map(({ labels, minNs, maxNs, count, rawBytes, mayRepeat }, i) => ({
    labels: printLabels(labels),
    minNs,
    maxNs,
    count,
    rawBytes,
    mayRepeat,
    entries: entriesOf(batches[i]!),
  }));
}

async function expectSame(store: Store, reader: StoreReader): Promise<void> {
  for (const request of requests) {
    const expected = await contentOf(await store.select(request));
    expect(await contentOf(await elsewhere(store, reader, request))).toEqual(expected);
    const { tenant, startNs, endNs, matchers } = request;
    const wanted = { tenant, startNs, endNs, selectors: [matchers] };
    const view = reader.viewOf(structuredClone(store.snapshot(request)));
    expect(await reader.series(view, wanted)).toEqual(await store.series(wanted));
  }
}

test("a reader answers from a snapshot what the store would: what is deleted or too old is not shown", async () => {
  const { store, reader } = await setUp();
  await expectSame(store, reader);
  const day = { startNs: dayStart, endNs: dayStart + 86_400_000_000_000n };
  const { id } = await store.deletes.add({ tenant: "t", query: "app=web secret", ...day });
  await store.deletes.add({ tenant: "t", query: "app=db", ...day });
  const counted = await elsewhere(store, reader, requests[1]!);
  expect(counted.map(({ labels }) => printLabels(labels))).toEqual(['{app="web"}', '{app="old"}']);
  await expectSame(store, reader);
  await store.deletes.cancel("t", id);
  await expectSame(store, reader);
});

test("what is flushed or deleted after the snapshot changes nothing", async () => {
  const { store, reader, metrics } = await setUp();
  const request = requests[0]!;
  const snapshot = store.snapshot(request);
  const before = await contentOf(await store.select(request));
  await store.deletes.add({ tenant: "t", query: "app=web", startNs: 0n, endNs: allTime.endNs });
  await flushLines(store, "t", 4, [entry(400, "late")]);
  expect(await contentOf(await reader.select(reader.viewOf(snapshot), request))).toEqual(before);
  expect(metrics.valueOf("sluice_store_blocks_read_total")).toBe(3);
});
