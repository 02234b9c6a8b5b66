import { batchOf, labelsFromRecord, lineTextAt, type BlockRef } from "@sluice/model";
import { expect, test } from "vitest";
import { withoutOverlaps } from "./querier.ts";

function block(stream: string, entries: readonly (readonly [number, string])[]): BlockRef {
  const batch = batchOf(entries.map(([at, line]) => ({ timestampNs: BigInt(at), line })));
  return {
    labels: labelsFromRecord({ stream }),
    minNs: BigInt(entries[0]![0]),
    maxNs: BigInt(entries.at(-1)![0]),
    count: entries.length,
    rawBytes: batch.bytes.length,
    load: async () => batch,
  };
}

async function linesOf(ref: BlockRef): Promise<readonly string[]> {
  const batch = await ref.load();
  return Array.from({ length: batch.count }, (_, i) => lineTextAt(batch, i));
}

test("blocks of one stream that overlap become one, which shows a repeated entry once", async () => {
  const merged = withoutOverlaps([
    block("a", [
      [1, "one"],
      [5, "five"],
    ]),
    block("a", [
      [5, "five"],
      [6, "six"],
    ]),
    block("a", [
      [3, "three"],
      [5, "other five"],
    ]),
  ]);
  expect(merged).toHaveLength(1);
  expect(merged[0]).toMatchObject({ minNs: 1n, maxNs: 6n, mayRepeat: true });
  expect(await linesOf(merged[0]!)).toEqual(["one", "three", "five", "other five", "six"]);
});

test("blocks that only follow each other, and blocks of other streams, stay as they are", () => {
  const blocks = [
    block("a", [
      [1, "x"],
      [2, "y"],
    ]),
    block("a", [[3, "z"]]),
    block("b", [
      [1, "x"],
      [9, "y"],
    ]),
  ];
  expect(withoutOverlaps(blocks)).toEqual(blocks);
});

test("a long block swallows all that lie within it, however they come", async () => {
  const merged = withoutOverlaps([
    block("a", [[4, "d"]]),
    block("a", [
      [1, "a"],
      [9, "i"],
    ]),
    block("a", [[6, "f"]]),
  ]);
  expect(merged).toHaveLength(1);
  expect(await linesOf(merged[0]!)).toEqual(["a", "d", "f", "i"]);
});
