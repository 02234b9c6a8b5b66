import { batchOf, entriesOf, labelsFromRecord, printLabels, type Entry, type Matcher } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryEntries, sortedOnce } from "../test/arbitrary-entries.ts";
import { dayOf } from "./day.ts";
import { Head } from "./head.ts";
import { mergeBatches } from "./sort-batch.ts";

const web = labelsFromRecord({ app: "web" });
const startNs = 1_767_571_200_000_000_000n;

async function read(head: Head, matchers: readonly Matcher[] = []): Promise<Entry[]> {
  const blocks = head.select(matchers, 0n, 2n ** 63n - 1n);
  const batches = await Promise.all(blocks.map((block) => block.load()));
  return batches
    .flatMap((batch) => entriesOf(batch))
    .sort((a, b) => (a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : 0));
}

test("what was appended is read in order, each entry once, and flushed in batches of one day", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryEntries, { maxLength: 5 }), async (pushes) => {
      const head = new Head();
      for (const entries of pushes) {
        head.append(web, batchOf(entries));
      }
      const wanted = sortedOnce(pushes.flat());
      expect(await read(head)).toEqual(wanted);
      const flushed = [...head.streams()].flatMap(({ batch }) => {
        const entries = entriesOf(batch);
        expect(new Set(entries.map(({ timestampNs }) => dayOf(timestampNs))).size).toBe(1);
        return entries;
      });
      expect(flushed).toEqual(wanted);
    }),
  );
});

test("a selected block does not change when the head grows", async () => {
  const head = new Head();
  head.append(web, batchOf([{ timestampNs: startNs, line: "first" }]));
  const [block] = head.select([], 0n, startNs * 2n);
  head.append(
    web,
    batchOf(Array.from({ length: 5000 }, (_, i) => ({ timestampNs: startNs - BigInt(i), line: `later ${i}` }))),
  );
  expect(block).toMatchObject({ count: 1, minNs: startNs, maxNs: startNs, mayRepeat: false });
  expect(entriesOf(await block!.load())).toEqual([{ timestampNs: startNs, line: "first" }]);
});

test("lines that came in order, some of equal time, are not sorted when the head has grown since they were selected", async () => {
  const head = new Head();
  const push = (first: number): void =>
    head.append(
      web,
      batchOf(
        Array.from({ length: 1000 }, (_, i) => ({
          timestampNs: startNs + BigInt((first + i) >> 1),
          line: `line ${first + i}`,
        })),
      ),
    );
  for (let first = 0; first < 50_000; first += 1000) {
    push(first);
  }
  const blocks = head.select([], 0n, startNs * 2n);
  push(50_000);
  const batches = await Promise.all(blocks.map((block) => block.load()));
  expect(batches.reduce((sum, { count }) => sum + count, 0)).toBe(50_000);
  // Views of the head's own memory, which grows in steps: nothing was sorted, compared or copied.
  const { bytes } = batches.at(-1)!;
  expect(bytes.buffer.byteLength).toBeGreaterThan(bytes.byteLength);
  expect(blocks.length).toBeGreaterThan(1);
  expect(blocks.every(({ minNs }, i) => i === 0 || minNs >= blocks[i - 1]!.maxNs)).toBe(true);
});

test("a busy stream is read and flushed in blocks that do not overlap, until a line comes late", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat(90_000), { minLength: 20, maxLength: 60 }),
      fc.boolean(),
      async (sizes, isLate) => {
        const entries = sizes.map((size, i) => ({
          timestampNs: startNs + BigInt(i - (i % 3)),
          line: `${i} ${"x".repeat(size)}`,
          ...(i % 2 === 0 ? { metadata: labelsFromRecord({ row: `${i % 4}` }) } : {}),
        }));
        const late = { timestampNs: startNs - 1n, line: "late" };
        const head = new Head();
        for (let from = 0; from < entries.length; from += 7) {
          head.append(web, batchOf(entries.slice(from, from + 7)));
        }
        const before = head.select([], 0n, startNs * 2n);
        if (isLate) {
          head.append(web, batchOf([late]));
        }
        expect(before.every(({ minNs }, i) => i === 0 || minNs >= before[i - 1]!.maxNs)).toBe(true);
        expect(before.reduce((sum, { rawBytes }) => sum + rawBytes, 0)).toBe(
          entries.reduce((sum, { line }) => sum + line.length, 0),
        );
        const loaded = await Promise.all(before.map(async (block) => entriesOf(await block.load())));
        expect(loaded.flat()).toEqual(entries);
        expect(before.flatMap((block) => entriesOf(mergeBatches(block.parts())))).toEqual(entries);
        const flushed = [...head.streams()].flatMap(({ batch }) => entriesOf(batch));
        expect(flushed).toEqual(isLate ? [late, ...entries] : entries);
      },
    ),
    { numRuns: 30 },
  );
});

test("streams are selected by their labels and the time of their entries", () => {
  const head = new Head();
  const db = labelsFromRecord({ app: "db", pod: "db-0" });
  head.append(web, batchOf([{ timestampNs: startNs, line: "x" }]));
  head.append(db, batchOf([{ timestampNs: startNs + 1000n, line: "x" }]));
  const isDb: Matcher = { name: "app", operator: "=", value: "db" };
  const names = (matchers: readonly Matcher[], fromNs: bigint, toNs: bigint): string[] =>
    head.select(matchers, fromNs, toNs).map(({ labels }) => printLabels(labels));
  expect(names([isDb], 0n, startNs * 2n)).toEqual(['{app="db", pod="db-0"}']);
  expect(names([], startNs, startNs + 1000n)).toEqual(['{app="web"}']);
  expect(names([], startNs + 1n, startNs + 1001n)).toEqual(['{app="db", pod="db-0"}']);
  expect(head.series([[isDb]], startNs, startNs + 2000n)).toEqual([db]);
  expect(head.series([[isDb]], startNs, startNs + 500n)).toEqual([]);
  expect(head.series([], startNs, startNs + 2000n)).toEqual([web, db]);
});

test("times before the epoch and across midnight fall into their days", async () => {
  const head = new Head();
  const entries = [-1n, 0n, 86_399_999_999_999n, 86_400_000_000_000n].map((timestampNs) => ({
    timestampNs,
    line: "x",
  }));
  head.append(web, batchOf(entries));
  const blocks = head.select([], -10n, 10n ** 18n);
  expect(blocks.map(({ minNs, maxNs }) => [minNs, maxNs])).toEqual([
    [-1n, -1n],
    [0n, 86_399_999_999_999n],
    [86_400_000_000_000n, 86_400_000_000_000n],
  ]);
});

test("a head of many quiet streams stays small", () => {
  const head = new Head();
  for (let i = 0; i < 1000; i++) {
    head.append(labelsFromRecord({ pod: `p${i}` }), batchOf([{ timestampNs: startNs, line: "x" }]));
  }
  expect(head.streamCount).toBe(1000);
  expect(head.entryCount).toBe(1000);
  // Small buffers, not block-sized ones: ten thousand such streams fit into 25 MB.
  expect(head.sizeBytes).toBeLessThan(2_500_000);
  expect(head.sizeBytes).toBeGreaterThan(1_000_000);
});

test("what is kept to find repeats of the latest entries counts as memory, and is let go", () => {
  const head = new Head();
  const labels = labelsFromRecord({ app: "web" });
  const line = (i: number, timestampNs: bigint) => ({ timestampNs, line: `${i} ${"x".repeat(1000)}` });
  const lines = Array.from({ length: 2000 }, (_, i) => line(i, 5n));
  head.append(labels, batchOf(lines));
  const { sizeBytes } = head;
  expect(sizeBytes).toBeGreaterThan(2 * 2000 * 1000);
  head.append(labels, batchOf([line(0, 6n)]));
  expect(head.sizeBytes).toBeLessThan(sizeBytes - 1000 * 1000);
});

test("long label values count as memory", () => {
  const head = new Head();
  head.append(labelsFromRecord({ app: "x".repeat(50_000) }), batchOf([{ timestampNs: startNs, line: "x" }]));
  expect(head.sizeBytes).toBeGreaterThan(50_000);
});

test("a repeat of the latest entries is not even kept, entries of an earlier time make the block uncertain", async () => {
  const head = new Head();
  const push = (...lines: readonly string[]): void =>
    head.append(web, batchOf(lines.map((line) => ({ timestampNs: startNs + 5n, line }))));
  push("a", "b");
  push("b", "a", "c");
  expect(head.select([], 0n, startNs * 2n)).toMatchObject([{ count: 3, mayRepeat: false }]);
  head.append(web, batchOf([{ timestampNs: startNs + 4n, line: "late" }]));
  const [repeating] = head.select([], 0n, startNs * 2n);
  expect(repeating).toMatchObject({ count: 4, mayRepeat: true });
  expect(entriesOf(mergeBatches(repeating!.parts()))).toEqual(entriesOf(await repeating!.load()));
});
