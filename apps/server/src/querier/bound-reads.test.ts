import { batchOf, labelsFromRecord, type BlockRef, type Querier, type SelectRequest } from "@sluice/model";
import { expect, test } from "vitest";
import { boundReads } from "./bound-reads.ts";

const request: SelectRequest = { tenant: "t", matchers: [], startNs: 0n, endNs: 10n };

/** Three blocks of a KiB each. */
function blocks(): readonly BlockRef[] {
  const labels = labelsFromRecord({ app: "x" });
  return [1n, 2n, 3n].map((ns) => ({
    labels,
    minNs: ns,
    maxNs: ns,
    count: 1,
    rawBytes: 1024,
    load: async () => batchOf([{ timestampNs: ns, line: "y".repeat(1024) }]),
  }));
}

const querier: Querier = { select: async () => blocks(), series: async () => [] };

const told =
  "the query would read too many bytes (query: 3.0 KiB, limit: 2.0 KiB); consider adding more specific stream selectors or reduce the time range of the query. Labels, times and filters leave 3 blocks to it; /loki/api/v1/explain tells what each of them rules out";

test("who reads all that was selected is refused before the first block", async () => {
  const bound = boundReads(querier, { bytesMax: 2048, readsAll: true });
  await expect(bound.select(request)).rejects.toMatchObject({ code: "bad_data", message: told });
});

test("who may be done early is refused before the block that would be too much", async () => {
  const bound = boundReads(querier, { bytesMax: 2048, readsAll: false });
  const [first, second, third] = await bound.select(request);
  expect((await first!.load()).count).toBe(1);
  expect(await second!.scan!((batch) => batch.count)).toBe(1);
  await expect(third!.load()).rejects.toMatchObject({ code: "bad_data", message: told });
});

test("blocks that are counted unread cost nothing", async () => {
  const bound = boundReads(querier, { bytesMax: 2048, readsAll: true });
  const counted = await bound.select({ ...request, isCounting: true });
  expect(counted.map(({ count, rawBytes, minNs, maxNs }) => [count, rawBytes, minNs, maxNs])).toHaveLength(3);
  await counted[0]!.load();
});

test("several selects of one query add up; without a limit there is none", async () => {
  const bound = boundReads(querier, { bytesMax: 5000, readsAll: true });
  await bound.select(request);
  await expect(bound.select(request)).rejects.toThrow("query: 6.0 KiB");
  expect(boundReads(querier, { bytesMax: 0, readsAll: true })).toBe(querier);
});
