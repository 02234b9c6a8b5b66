import { labelsFromRecord, type SelectRequest } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import { defaultReadAhead, type Store } from "@sluice/store";
import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { testDeletes } from "./deletes-harness.ts";
import { allTime, dayStart, entry, flushLines, openTestStore } from "./harness.ts";

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

/** One block of each stream: a (20 lines, one of them special), b (20 lines), and c. */
async function openFilledStore(): Promise<Store> {
  const store = await openTestStore(memoryObjectStore(), {
    clock: virtualClock(Number(dayStart / 1_000_000n) + 600_000),
    deletes: testDeletes,
    readAhead: defaultReadAhead,
  });
  for (const [i, app] of ["a", "b", "c"].entries()) {
    const lines = Array.from({ length: 20 }, (_, second) =>
      entry(second + i * 100, `line of id${app} number${second}`),
    );
    await flushLines(store, "t", i + 1, lines, { app });
  }
  return store;
}

const everything: SelectRequest = { tenant: "t", matchers: [], ...allTime };

test("a plan without filters is all of the streams in the range", async () => {
  const store = await openFilledStore();
  const plan = await store.explain(everything);
  const blocks = await store.select(everything);
  expect(plan).toMatchObject({
    segments: 3,
    blocksOutside: 0,
    blocksInRange: 3,
    blocksFiltered: 0,
    blocks: 3,
    lines: 60,
  });
  expect(plan.streams).toEqual([{ app: "a" }, { app: "b" }, { app: "c" }].map(labelsFromRecord));
  expect(plan.rawBytes).toBe(blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0));
  expect(plan.storedBytes).toBeGreaterThan(0);
  expect(plan.requests).toBe(3);
});

test("labels and times prune before filters are asked", async () => {
  const store = await openFilledStore();
  const matchers = [{ name: "app", operator: "=~", value: "a|b" }] as const;
  const plan = await store.explain({ ...everything, matchers, startNs: dayStart, endNs: dayStart + 90_000_000_000n });
  expect(plan).toMatchObject({ segments: 1, blocksInRange: 1, blocks: 1, lines: 20 });
  expect(plan.streams).toEqual([labelsFromRecord({ app: "a" })]);
});

test("each needle and equality tells which blocks it rules out", async () => {
  const store = await openFilledStore();
  const needles = [utf8(" of ida "), utf8(" of "), utf8(" number7x ")];
  const plan = await store.explain({
    ...everything,
    needles,
    equalities: [{ name: "trace_id", value: "abcdef123456" }],
  });
  expect(plan).toMatchObject({ blocksInRange: 3, blocksFiltered: 3, blocks: 0, lines: 0, rawBytes: 0, requests: 0 });
  expect(plan.filteredByNeedle).toEqual([2, 0, 3]);
  expect(plan.filteredByEquality).toEqual([3]);
});

test("what is deleted as a whole is not read", async () => {
  const store = await openFilledStore();
  await store.deletes.add({ tenant: "t", query: "app=c", startNs: dayStart, endNs: dayStart + 86_400_000_000_000n });
  expect(await store.explain(everything)).toMatchObject({ blocksInRange: 3, blocksHidden: 1, blocks: 2, lines: 40 });
});
