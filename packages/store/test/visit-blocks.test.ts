import { printLabels } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import type { BlockFacts, Store, VisitRequest } from "@sluice/store";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { testDeletes } from "./deletes-harness.ts";
import { allTime, dayStart, entry, flushLines, openTestStore, unavailable } from "./harness.ts";

const minuteMs = 60_000;
const webOnly = [{ name: "app", operator: "=~", value: "w.*" }] as const;

async function openFilledStore(objectStore: ObjectStore): Promise<Store> {
  const store = await openTestStore(objectStore, {
    clock: virtualClock(Number(dayStart / 1_000_000n) + 10 * minuteMs),
    deletes: testDeletes,
    retentionOf: () => ({
      periodMs: 0,
      rules: [{ matchers: [{ name: "app", operator: "=", value: "old" }], priority: 1, periodMs: minuteMs }],
    }),
  });
  for (const [i, app] of ["web", "old", "db"].entries()) {
    const lines = Array.from({ length: 20 }, (_, second) => entry(second, `${app} line`));
    await flushLines(store, "t", i + 1, lines, { app });
  }
  return store;
}

async function visited(store: Store, request: VisitRequest): Promise<readonly string[]> {
  const found: string[] = [];
  await store.visitBlocks(request, (block) => found.push(describe(block)));
  return found;
}

function describe({ labels, minNs, maxNs, count, rawBytes }: BlockFacts): string {
  return `${printLabels(labels)} ${minNs - dayStart}..${maxNs - dayStart} ${count} lines ${rawBytes} bytes`;
}

test.for<{ readonly title: string; readonly request: VisitRequest }>([
  { title: "everything", request: { tenant: "t", matchers: [], ...allTime } },
  { title: "some streams", request: { tenant: "t", matchers: webOnly, ...allTime } },
  { title: "no stream", request: { tenant: "nobody", matchers: [], ...allTime } },
  {
    title: "a range before all lines",
    request: { tenant: "t", matchers: [], startNs: dayStart - 9n, endNs: dayStart },
  },
])("a visit sees the blocks that a select would give, without any read: $title", async ({ request }) => {
  const objectStore = memoryObjectStore();
  const store = await openFilledStore(objectStore);
  const day = { startNs: dayStart, endNs: dayStart + 86_400_000_000_000n };
  await store.deletes.add({ tenant: "t", query: "app=db", ...day });
  const selected = (await store.select(request)).map(describe);
  expect(selected.every((text) => text.startsWith('{app="web"}'))).toBe(true);
  objectStore.get = () => Promise.reject(unavailable());
  expect(await visited(store, request)).toEqual(selected);
});

test("a visit ends when nobody waits for it any more", async () => {
  const store = await openFilledStore(memoryObjectStore());
  const request = { tenant: "t", matchers: [], ...allTime };
  await expect(store.visitBlocks(request, () => {}, AbortSignal.abort())).rejects.toMatchObject({ code: "cancelled" });
});
