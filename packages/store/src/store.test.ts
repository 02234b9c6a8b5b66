import { batchOf, entriesOf, labelsFromRecord } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import { quietLogger, quietMetrics, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { openStore } from "./store.ts";

test("smoke", async () => {
  const objectStore = memoryObjectStore();
  const options = { objectStore, logger: quietLogger, metrics: quietMetrics, clock: virtualClock() };
  const store = await openStore(options);
  const labels = labelsFromRecord({ app: "a" });
  const entries = [
    { timestampNs: 5n, line: "one" },
    { timestampNs: 6n, line: "two" },
  ];
  let committed = 0;
  await store.flush([{ tenant: "t", streams: [{ labels, batch: batchOf(entries) }] }], 3, () => void committed++);
  expect(committed).toBe(1);
  for (const s of [store, await openStore(options)]) {
    const blocks = await s.select({ tenant: "t", matchers: [], startNs: 0n, endNs: 10n });
    expect(blocks.length).toBe(1);
    expect(entriesOf(await blocks[0]!.load())).toEqual(entries);
    expect(s.walCovered).toBe(3);
  }
});
