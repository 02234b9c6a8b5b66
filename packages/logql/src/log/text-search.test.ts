import { expect, test } from "vitest";
import { findsLess, textSearchOf } from "../syntax/index.ts";
import { compileTextSearch } from "./text-search.ts";

test.for([
  { pattern: "info", yes: ["info"], no: ["xinfo", "INFO"] },
  { pattern: "info|warn", yes: ["info", "warn"], no: ["information", ""] },
  { pattern: "(info)", yes: ["info"], no: ["xinfo"] },
  { pattern: "(?i)info", yes: ["INFO", "info"], no: ["xinfo"] },
  { pattern: ".*", yes: ["", "a\nb"], no: [] },
  { pattern: "", yes: ["", "anything"], no: [] },
  { pattern: ".+", yes: ["a"], no: [""] },
  { pattern: "err.*", yes: ["err", "error", "xerr"], no: ["er"] },
  { pattern: ".*err.*", yes: ["xerrx"], no: ["er"] },
  { pattern: "warn|warning", yes: ["warn", "warning", "xwarn"], no: ["war"] },
  { pattern: "in(fo|put)", yes: ["info", "xinput"], no: ["in"] },
  { pattern: "info|.*", yes: ["info"], no: ["warn"] },
])("a label filter searches for $pattern", ({ pattern, yes, no }) => {
  const test1 = compileTextSearch(textSearchOf(pattern, true)!);
  expect([yes.filter((text) => !test1(text)), no.filter(test1)]).toEqual([[], []]);
});

test.for(["[a-z]+", "a.b", "^info$", "in.*fo", "in(?i)fo", "(?s).*", "a{2}", "i.+"])(
  "%s stays an expression",
  (pattern) => {
    expect(textSearchOf(pattern, true)).toBeUndefined();
  },
);

test.for([
  { pattern: "foo|.*", less: true },
  { pattern: "foo|", less: true },
  { pattern: "foo|bar", less: false },
  { pattern: ".*", less: false },
  { pattern: "[a-z]|.*", less: false },
])("a line filter finds less than $pattern: $less", ({ pattern, less }) => {
  expect(findsLess(pattern)).toBe(less);
});

test.for([
  { name: "text", pattern: "a".repeat(100_000), value: "a".repeat(100_000) },
  { name: "text in pieces", pattern: "(?:ab)".repeat(20_000), value: "ab".repeat(20_000) },
  { name: "list", pattern: Array.from({ length: 20_000 }, (_, i) => `${i}x`).join("|"), value: "19999x" },
])("a long $name is searched for", ({ pattern, value }) => {
  const start = performance.now();
  const finds = compileTextSearch(textSearchOf(pattern, true)!);
  expect([finds(value), finds("b")]).toEqual([true, false]);
  // It takes a tenth of a second; copying the text for each of its letters takes minutes.
  expect(performance.now() - start).toBeLessThan(5000);
});

test("a long beginning with many ends stays an expression", () => {
  const ends = Array.from({ length: 10_000 }, (_, i) => `${String.fromCodePoint(0x4e_00 + i)}x`);
  expect(textSearchOf(`${"a".repeat(60_000)}(?:${ends.join("|")})`, true)).toBeUndefined();
});
