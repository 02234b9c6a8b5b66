import { labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { runRangeQuery } from "../src/index.ts";
import { memoryQuerier, type StoredStream } from "./memory-querier.ts";

const secondNs = 1_000_000_000n;
const count = 200;
const tooMuch = "the query needs more than 256 MB of memory for its series";

/** Many series with a sample at every step, and as many that have theirs one after the other. */
const streams: readonly StoredStream[] = Array.from({ length: count }, (_, i) => [
  {
    labels: labelsFromRecord({ app: "a", side: "many", m: `${i}` }),
    entries: [{ timestampNs: 0n, line: "x" }],
  },
  {
    labels: labelsFromRecord({ app: "a", side: "one", p: `${i}` }),
    entries: [{ timestampNs: BigInt(i) * 2n * secondNs, line: "x" }],
  },
]).flat();

function run(query: string, steps: number, signal = new AbortController().signal): Promise<unknown> {
  return runRangeQuery(
    {
      querier: memoryQuerier(streams, 10),
      tenant: "tenant",
      query,
      startNs: 0n,
      endNs: BigInt(steps - 1) * secondNs,
      stepMs: 1000,
      limit: 10,
      direction: "forward",
    },
    signal,
  );
}

test("series that meet many partners do not become more than memory holds", async () => {
  const query = `count_over_time({side="many"}[1h]) * on(app) group_left(p) count_over_time({side="one"}[1s])`;
  await expect(run(query, 1000)).rejects.toThrow(tooMuch);
});

test("constants of a query do not become more than memory holds", async () => {
  let query = "vector(1)";
  for (let depth = 0; depth < 12; depth++) {
    query = `(${query} or ${query})`;
  }
  await expect(run(query, 11_000)).rejects.toThrow(tooMuch);
});

test("a query is cancelled between operations on series that are there", async () => {
  const query = `count_over_time({side="many"}[1d])${" >= 0".repeat(300)}`;
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 200);
  await expect(run(query, 5000, controller.signal)).rejects.toMatchObject({ code: "cancelled" });
});
