import { labelsFromRecord, ServiceError } from "@sluice/model";
import type { BlockFacts } from "@sluice/store";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { TimeBuckets } from "./time-buckets.ts";
import { Volumes, type VolumesOptions } from "./volumes.ts";

const web = labelsFromRecord({ app: "web", env: "prod" });
const db = labelsFromRecord({ app: "db", env: "prod" });

function block(labels: BlockFacts["labels"], minNs: bigint, maxNs: bigint, rawBytes: number): BlockFacts {
  return { labels, minNs, maxNs, count: 1, rawBytes };
}

async function volumes(
  options: Partial<VolumesOptions> & Pick<VolumesOptions, "buckets">,
  ...blocks: readonly BlockFacts[]
): Promise<readonly Readonly<Record<string, number>>[]> {
  const all = new Volumes({ aggregateBy: "series", labels: undefined, seriesMax: 100, ...options });
  for (const one of blocks) {
    all.add(one);
  }
  const top = await all.top(10);
  return top.map((inBucket) => Object.fromEntries(inBucket.map(({ name, bytes }) => [name, bytes])));
}

test("the first bucket ends at a multiple of the step, the last one at the end", () => {
  const buckets = new TimeBuckets(7n, 25n, 10n);
  expect(buckets.count).toBe(3);
  expect([0, 1, 2].map((i) => [buckets.beginOf(i), buckets.endOf(i)])).toEqual([
    [7n, 10n],
    [10n, 20n],
    [20n, 25n],
  ]);
  expect([7n, 9n, 10n, 19n, 20n, 24n].map((ns) => buckets.indexOf(ns))).toEqual([0, 0, 1, 1, 2, 2]);
});

test.for([
  [0n, 10n, 10n, 1],
  [0n, 11n, 10n, 2],
  [-5n, 5n, 10n, 2],
  [5n, 5n, 10n, 1],
  [0n, 100n, undefined, 1],
] as const)("from %d to %d in steps of %d are %d buckets", ([startNs, endNs, stepNs, count]) => {
  expect(new TimeBuckets(startNs, endNs, stepNs).count).toBe(count);
});

test("a block within a bucket counts there, exactly", async () => {
  const buckets = new TimeBuckets(0n, 30n, 10n);
  const found = await volumes({ buckets }, block(web, 1n, 9n, 100), block(web, 11n, 11n, 7), block(db, 12n, 13n, 8));
  const [webName, dbName] = ['{app="web", env="prod"}', '{app="db", env="prod"}'];
  expect(found).toEqual([
    { [webName]: 100, [dbName]: 0 },
    { [webName]: 7, [dbName]: 8 },
    { [webName]: 0, [dbName]: 0 },
  ]);
});

test("a block over several buckets counts in each with its part of the time", async () => {
  const buckets = new TimeBuckets(0n, 40n, 10n);
  const found = await volumes({ buckets, labels: new Set(["app"]) }, block(web, 5n, 35n, 300));
  expect(found.map((inBucket) => inBucket['{app="web"}'])).toEqual([50, 100, 100, 50]);
});

test("a block that reaches out of the range counts with what is in it", async () => {
  const buckets = new TimeBuckets(10n, 20n);
  expect(await volumes({ buckets, aggregateBy: "labels" }, block(web, 0n, 40n, 400))).toEqual([{ app: 100, env: 100 }]);
});

test("what is in all buckets together is what the blocks hold", async () => {
  const anyBlock = fc
    .tuple(fc.nat(1000), fc.nat(1000), fc.nat(10_000))
    .map(([start, length, bytes]) => block(web, BigInt(start), BigInt(start + length), bytes));
  await fc.assert(
    fc.asyncProperty(fc.array(anyBlock, { maxLength: 20 }), fc.integer({ min: 1, max: 500 }), async (blocks, step) => {
      const buckets = new TimeBuckets(0n, 2001n, BigInt(step));
      const found = await volumes({ buckets, labels: new Set(["app"]) }, ...blocks);
      const sum = found.reduce((all, inBucket) => all + (inBucket['{app="web"}'] ?? 0), 0);
      // Each bucket is rounded by itself.
      const held = blocks.reduce((all, { rawBytes }) => all + rawBytes, 0);
      expect(Math.abs(sum - held)).toBeLessThanOrEqual(buckets.count);
    }),
    { numRuns: 200 },
  );
});

test("the largest come first, and there are only so many", async () => {
  const all = new Volumes({
    aggregateBy: "series",
    labels: undefined,
    seriesMax: 2,
    buckets: new TimeBuckets(0n, 10n),
  });
  all.add(block(db, 1n, 1n, 5));
  all.add(block(web, 1n, 1n, 6));
  expect((await all.top(1))[0]!.map(({ bytes }) => bytes)).toEqual([6]);
  expect(() => all.add(block(labelsFromRecord({ app: "cache" }), 1n, 1n, 1))).toThrow(
    new ServiceError("bad_data", "the query hit the max number of series limit (limit: 2 series)"),
  );
});

test("what would not fit into memory is refused", () => {
  const buckets = new TimeBuckets(0n, 11_000n, 1n);
  const all = new Volumes({ aggregateBy: "series", labels: undefined, seriesMax: 100_000, buckets });
  expect(() => {
    for (let i = 0; i < 1000; i++) {
      all.add(block(labelsFromRecord({ app: String(i) }), 1n, 1n, 1));
    }
  }).toThrow(/are too many points\. Try increasing the value of the step parameter$/u);
});
