import { batchOf, labelsFromRecord, lineTextAt, type BlockRef } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { withoutOverlaps } from "./overlaps.ts";

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

test("blocks come in the order in which they lie on the store, whatever their streams", () => {
  const [first, second, third, fourth] = [
    block("a", [[1, "x"]]),
    block("b", [[1, "x"]]),
    block("a", [
      [5, "x"],
      [9, "y"],
    ]),
    block("c", [[1, "x"]]),
  ] as const;
  const overlapping = block("a", [[7, "z"]]);
  expect(withoutOverlaps([first, second, third, fourth])).toEqual([first, second, third, fourth]);
  const merged = withoutOverlaps([first, second, third, fourth, overlapping]);
  expect(merged.map(({ labels, minNs }) => [labels[0]!.value, minNs])).toEqual([
    ["a", 1n],
    ["b", 1n],
    ["a", 5n],
    ["c", 1n],
  ]);
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

test("of a long chain of overlaps a reader loads no more than it needs", async () => {
  let loads = 0;
  const chain = Array.from({ length: 100 }, (_, i) => {
    const part = block("a", [
      [10 * i, `${i} first`],
      [10 * i + 11, `${i} last`],
    ]);
    return { ...part, load: () => ((loads += 1), part.load()) };
  });
  const merged = withoutOverlaps(chain);
  expect(merged.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  expect(await linesOf(merged.at(-1)!)).toContain("99 last");
  expect(loads).toBeLessThan(20);
});

test("whatever the blocks, their entries come once and in order, in blocks that do not overlap", async () => {
  const time = fc.integer({ min: -50, max: 200 });
  const entries = fc
    .array(time, { minLength: 1, maxLength: 5 })
    .map((times) => [...new Set(times)].sort((a, b) => a - b));
  await fc.assert(
    fc.asyncProperty(fc.array(entries, { maxLength: 60 }), async (blocks) => {
      const merged = withoutOverlaps(
        blocks.map((times) =>
          block(
            "a",
            times.map((at) => [at, `${at}`]),
          ),
        ),
      ).toSorted((a, b) => Number(a.minNs - b.minNs));
      for (const [i, { minNs }] of merged.entries()) {
        expect(i === 0 || minNs > merged[i - 1]!.maxNs).toBe(true);
      }
      const lines = (await Promise.all(merged.map(linesOf))).flat();
      expect(lines).toEqual([...new Set(blocks.flat())].sort((a, b) => a - b).map(String));
    }),
  );
});
