import { expect, test } from "vitest";
import { unclearValue, ValueTable } from "./value-table.ts";

const encoder = new TextEncoder();

function numberIn(table: ValueTable, text: string): number {
  const bytes = encoder.encode(`<${text}>`);
  return table.numberOf(bytes, 1, bytes.length - 1);
}

test("equal values have one number, also when there are many of them, and it leads back to their text", () => {
  const table = new ValueTable();
  const texts = Array.from({ length: 50_000 }, (_, i) => `value ${i * 7919}`);
  const numbers = texts.map((text) => numberIn(table, text));
  expect(numbers).toEqual(texts.map((_, i) => i + 1));
  expect(texts.map((text) => numberIn(table, text))).toEqual(numbers);
  expect(numbers.map((number) => table.textOf(number))).toEqual(texts);
  expect([table.count, table.sizeBytes]).toEqual([texts.length, texts.join("").length]);
});

test("values that were made to have one hash do not make it slow: most get no number", () => {
  const table = new ValueTable();
  const texts = colliding();
  expect(new Set(texts).size).toBe(256);
  const numbers = texts.map((text) => numberIn(table, text));
  const known = numbers.filter((number) => number !== unclearValue);
  expect(known.length).toBeLessThan(100);
  expect(new Set(known).size).toBe(known.length);
  expect(numberIn(table, "another")).toBe(known.length + 1);
});

test("nothing is left of values that were forgotten", () => {
  const table = new ValueTable();
  numberIn(table, "a long value ".repeat(10_000));
  table.clear();
  expect([table.count, table.sizeBytes]).toEqual([0, 0]);
  expect([numberIn(table, "b"), table.textOf(1)]).toEqual([1, "b"]);
});

/** FNV-1a goes on from one state with both of a pair, when all pairs before it were there. */
const pairs = [
  ["7yzx", "e6ad"],
  ["33zx", "epad"],
  ["33zx", "epad"],
  ["33zx", "epad"],
  ["33zx", "epad"],
  ["33zx", "epad"],
  ["33zx", "epad"],
  ["33zx", "epad"],
] as const;

function colliding(): readonly string[] {
  return pairs.reduce<readonly string[]>(
    (texts, pair) => texts.flatMap((text) => pair.map((part) => text + part)),
    [""],
  );
}
