import { quietMetrics, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { countedMetrics } from "../test/counted-metrics.ts";
import { countingObjectStore } from "./counting.ts";
import { memoryObjectStore } from "./memory.ts";
import { objectStoreSuite } from "./testing/suite.ts";

objectStoreSuite("a store that counts", async () => ({
  store: countingObjectStore(memoryObjectStore(), quietMetrics, virtualClock()),
  async [Symbol.asyncDispose]() {},
}));

test("requests are counted by outcome, bytes by direction", async () => {
  const { metrics, values } = countedMetrics();
  const store = countingObjectStore(memoryObjectStore(), metrics, virtualClock());
  await store.put("a", [new Uint8Array(10), new Uint8Array(5)]);
  await expect(store.put("a", [new Uint8Array(99)], { ifAbsent: true })).rejects.toThrow();
  await store.get("a");
  await store.get("a", { offset: 10, length: 100 });
  await expect(store.get("b")).rejects.toThrow();
  await store.stat("b");
  await store.remove("b");
  for await (const _ of store.list("")) {
    break;
  }
  await expect(store.list("/")[Symbol.asyncIterator]().next()).rejects.toThrow();
  expect(values).toEqual({
    'sluice_object_store_requests_total {"operation":"put","outcome":"ok"}': 1,
    'sluice_object_store_requests_total {"operation":"put","outcome":"already_exists"}': 1,
    'sluice_object_store_requests_total {"operation":"get","outcome":"ok"}': 2,
    'sluice_object_store_requests_total {"operation":"get","outcome":"not_found"}': 1,
    'sluice_object_store_requests_total {"operation":"stat","outcome":"ok"}': 1,
    'sluice_object_store_requests_total {"operation":"remove","outcome":"ok"}': 1,
    'sluice_object_store_requests_total {"operation":"list","outcome":"ok"}': 1,
    'sluice_object_store_requests_total {"operation":"list","outcome":"bad_data"}': 1,
    'sluice_object_store_bytes_total {"operation":"put"}': 15,
    'sluice_object_store_bytes_total {"operation":"get"}': 20,
  });
});
