import { quietMetrics } from "@sluice/testkit";
import { expect, test } from "vitest";
import { ByteCache } from "./byte-cache.ts";
import { createStoreMetrics } from "./store-metrics.ts";

function newCache(bytesMax: number): {
  get: (key: string) => Promise<string>;
  loads: string[];
  cache: ByteCache<string>;
} {
  const metrics = createStoreMetrics(quietMetrics);
  const cache = new ByteCache<string>({ name: "test", bytesMax, metrics }, (value) => value.length);
  const loads: string[] = [];
  const get = (key: string): Promise<string> =>
    cache.getOrLoad(key, async () => {
      loads.push(key);
      await Promise.resolve();
      return key;
    });
  return { get, loads, cache };
}

test("who asks while it is loaded waits for the same load", async () => {
  const { get, loads } = newCache(100);
  expect(await Promise.all([get("aa"), get("aa"), get("aa")])).toEqual(["aa", "aa", "aa"]);
  await get("aa");
  expect(loads).toEqual(["aa"]);
});

test("what was used longest ago goes first", async () => {
  const { get, loads, cache } = newCache(6);
  for (const key of ["aa", "bb", "cc", "aa", "dd", "aa", "bb"]) {
    await get(key);
  }
  expect(loads).toEqual(["aa", "bb", "cc", "dd", "bb"]);
  expect(cache.bytes).toBe(6);
});

test("what is larger than the cache is given but not kept", async () => {
  const { get, loads, cache } = newCache(3);
  await get("aa");
  expect(await get("xxxx")).toBe("xxxx");
  await get("xxxx");
  await get("aa");
  expect(loads).toEqual(["aa", "xxxx", "xxxx"]);
  expect(cache.bytes).toBe(2);
});

test("a load that failed is tried again", async () => {
  const { cache } = newCache(10);
  await expect(cache.getOrLoad("a", () => Promise.reject(new Error("once")))).rejects.toThrow("once");
  expect(await cache.getOrLoad("a", () => Promise.resolve("a"))).toBe("a");
});
