import { ServiceError } from "@sluice/model";
import { expect, test } from "vitest";
import { memoryObjectStore } from "./memory.ts";
import type { ObjectStore, PutOptions } from "./object-store.ts";
import { probeConditionalPut } from "./probe-conditional-put.ts";

type Put = (store: ObjectStore, key: string, body: readonly Uint8Array[], options?: PutOptions) => Promise<void>;

/** A store in memory whose puts are done by `put`. */
function storeWith(put: Put): ObjectStore {
  const store = memoryObjectStore();
  return { ...store, put: (key, body, options) => put(store, key, body, options) };
}

test.for<{ title: string; put: Put; want: object }>([
  {
    title: "a store that does it right",
    put: (store, ...args) => store.put(...args),
    want: { conditionalPut: "atomic", rounds: 20, writers: 8, detail: "exactly one of 8 writers won each of 20 races" },
  },
  {
    title: "a store that ignores the condition",
    put: (store, key, body) => store.put(key, body),
    want: { conditionalPut: "unsupported", rounds: 0, detail: expect.stringContaining("ignores the condition") },
  },
  {
    title: "a store that refuses the condition",
    put: async () => {
      throw new ServiceError("unprocessable", "cannot write only if absent");
    },
    want: { conditionalPut: "unsupported", rounds: 0, detail: "cannot write only if absent" },
  },
  {
    title: "a store that looks first and writes later",
    put: async (store, key, body, options) => {
      const isTaken = (await store.stat(key)) !== undefined;
      await new Promise((resolve) => setImmediate(resolve));
      if (isTaken && options?.ifAbsent === true) {
        throw new ServiceError("already_exists", "taken");
      }
      await store.put(key, body);
    },
    want: { conditionalPut: "notAtomic", rounds: 1, detail: "in round 1 of 20, 8 of 8 writers won" },
  },
  {
    title: "a store that says no to one and keeps its bytes",
    put: async (store, key, body, options) => {
      await store.put(key, body, options).catch(async (error: unknown) => {
        await store.put(key, body);
        throw error;
      });
    },
    want: {
      conditionalPut: "notAtomic",
      detail: expect.stringContaining("the winner's object is not the one that stayed"),
    },
  },
])("the probe sees $title, and leaves nothing behind", async ({ put, want }) => {
  const store = storeWith(put);
  expect(await probeConditionalPut(store, { prefix: "probe" })).toMatchObject(want);
  expect(await store.list("")[Symbol.asyncIterator]().next()).toMatchObject({ done: true });
});

test("a store that fails in the middle is not judged", async () => {
  let puts = 0;
  const store = storeWith(async (store, ...args) => {
    puts += 1;
    if (puts === 30) {
      throw new ServiceError("unavailable", "away");
    }
    await store.put(...args);
  });
  await expect(probeConditionalPut(store, { prefix: "probe" })).rejects.toMatchObject({ code: "unavailable" });
});
