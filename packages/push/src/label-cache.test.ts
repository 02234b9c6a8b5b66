import { expect, test } from "vitest";
import { LabelCache } from "./label-cache.ts";
import { parseStreamLabels } from "./stream-labels.ts";

const textOf = (i: number): string => `{app="a-${String(i).padStart(4, "0")}"}`;

test("a text is parsed once, and always the same", () => {
  const cache = new LabelCache();
  const labels = cache.read('{b="2", a="1",}');
  expect(labels).toEqual(parseStreamLabels('{a="1", b="2"}'));
  expect(cache.read('{b="2", a="1",}')).toBe(labels);
});

test("it keeps what is in use and forgets the rest", () => {
  const cache = new LabelCache(20 * 350);
  const first = cache.read(textOf(0));
  for (let i = 1; i < 1000; i++) {
    cache.read(textOf(i));
    expect(cache.read(textOf(0))).toBe(first);
    expect(cache.size).toBeLessThanOrEqual(20);
  }
  const seventh = cache.read(textOf(7));
  expect(seventh).toEqual(parseStreamLabels(textOf(7)));
});

test("a text that is larger than the cache is read and not kept", () => {
  const cache = new LabelCache(1000);
  expect(cache.read(`{a="${"x".repeat(500)}"}`)).toHaveLength(1);
  expect(cache.size).toBe(0);
});

test("short texts are not held without end", () => {
  const cache = new LabelCache(1_000_000);
  for (let i = 0; i < 10_000; i++) {
    cache.read(`{a="${i}"}`);
  }
  expect(cache.size).toBeGreaterThan(1000);
  expect(cache.size).toBeLessThan(3500);
});

test("errors come every time", () => {
  const cache = new LabelCache();
  expect(() => cache.read("{a=}")).toThrow("parse error");
  expect(() => cache.read("{a=}")).toThrow("parse error");
  expect(cache.size).toBe(0);
});
