import { labelsFromRecord, type Entry } from "@sluice/model";
import { expect, test } from "vitest";
import { memoryQuerier } from "../../test/memory-querier.ts";
import { minePatterns, type PatternQuery } from "./mine-patterns.ts";

const second = 1_000_000_000n;
const level = (value: string): Pick<Entry, "metadata"> => ({
  metadata: labelsFromRecord({ detected_level: value }),
});

function queryOf(entries: readonly Entry[], given: Partial<PatternQuery> = {}): PatternQuery {
  return {
    querier: memoryQuerier([{ labels: labelsFromRecord({ app: "a" }), entries }], 100),
    tenant: "t",
    matchers: [],
    startNs: 0n,
    endNs: 1_000_000n * second,
    stepMs: 10_000,
    linesMax: 10_000,
    bytesMax: 1_000_000,
    ...given,
  };
}

const { signal } = new AbortController();

test("lines are grouped by level and step, and cut to the range", async () => {
  const entries = [
    { timestampNs: 5n * second, line: "too early 0" },
    { timestampNs: 12n * second, line: "it works 1", ...level("info") },
    { timestampNs: 19n * second, line: "it works 2", ...level("INFO") },
    { timestampNs: 20n * second, line: "it works 3", ...level("info") },
    { timestampNs: 21n * second, line: "it works 4", ...level("verbose") },
    { timestampNs: 22n * second, line: "it works 5" },
    { timestampNs: 30n * second, line: "too late 6" },
  ];
  const answer = await minePatterns(queryOf(entries, { startNs: 10n * second, endNs: 30n * second }), signal);
  expect(answer).toEqual({
    sampledPart: 1,
    patterns: [
      {
        pattern: "it works <_>",
        level: "info",
        samples: [
          [10, 2],
          [20, 1],
        ],
      },
      { pattern: "it works <_>", level: "unknown", samples: [[20, 2]] },
    ],
  });
});

test.for([
  { title: "some lines of all blocks", linesMax: 2500 },
  { title: "some lines of some blocks", linesMax: 300 },
])("of too many lines $title are looked at, and counts are scaled up", async ({ linesMax }) => {
  const entries = Array.from({ length: 10_000 }, (_, i) => ({
    timestampNs: BigInt(i) * (second / 10n),
    line: `it works ${i}`,
  }));
  const { patterns, sampledPart } = await minePatterns(queryOf(entries, { linesMax, stepMs: 100_000 }), signal);
  expect(sampledPart * 10_000).toBeLessThanOrEqual(linesMax);
  expect(sampledPart * 10_000).toBeGreaterThan(linesMax / 3);
  const [{ pattern, samples } = { pattern: "", samples: [] }] = patterns;
  expect(pattern).toBe("it works <_>");
  expect(samples).toHaveLength(10);
  const total = samples.reduce((sum, [, count]) => sum + count, 0);
  expect(Math.abs(total - 10_000)).toBeLessThan(500);
});

test.for([
  { title: "begins", startNs: 20_000n, endNs: 30_000n, wanted: 10_000 },
  { title: "ends", startNs: 0n, endNs: 100n, wanted: 100 },
])("a large block in which the range $title does not hide lines", async ({ startNs, endNs, wanted }) => {
  const streams = ["a", "b"].map((app) => ({
    labels: labelsFromRecord({ app }),
    entries: Array.from({ length: 30_000 }, (_, i) => ({ timestampNs: BigInt(i), line: `it works ${i}` })),
  }));
  const limits = { linesMax: 1_000_000, bytesMax: 1_000_000_000 };
  const query = queryOf([], { ...limits, querier: memoryQuerier(streams, 30_000), startNs, endNs });
  const { patterns } = await minePatterns(query, signal);
  expect(patterns.map(({ samples }) => samples)).toEqual([[[0, 2 * wanted]]]);
});

test("the work ends when nobody waits for it", async () => {
  const controller = new AbortController();
  controller.abort();
  await expect(minePatterns(queryOf([{ timestampNs: 1n, line: "x y" }]), controller.signal)).rejects.toThrow(
    "cancelled",
  );
});
