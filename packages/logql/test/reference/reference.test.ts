import { createKernels } from "@sluice/kernels";
import type { QueryResult } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { printExpression, type MetricExpression } from "../../src/syntax/index.ts";
import type { StoredStream } from "../memory-querier.ts";
import { printResult, runCase, type EvalCommand } from "../query-test-language.ts";
import { originNs, randomStreams } from "./random-data.ts";
import { randomLogQuery, randomMetricQuery } from "./random-query.ts";
import { referenceStreams } from "./reference-log.ts";
import { referenceMatrix, referenceVector } from "./reference-metric.ts";
import type { ReferenceSample } from "./reference-vector.ts";

const kernels = createKernels();

const ways = [
  { blockSize: 1000, parts: 1 },
  { blockSize: 2, parts: 1 },
  { blockSize: 5, parts: 3, kernels },
  { blockSize: 1000, parts: 1, kernels },
];

const times = { startNs: originNs, stepMs: 30_000, intervalMs: 0, limit: 1000, direction: "forward" } as const;

async function rowsOf(answer: () => QueryResult | Promise<QueryResult>): Promise<readonly string[]> {
  try {
    return printResult(await answer());
  } catch (error) {
    return [kindOfError((error as Error).message)];
  }
}

/** Which of several errors comes first, and which series it names, is open. */
function kindOfError(message: string): string {
  const isExpected = /^(?:pipeline error|found duplicate series|multiple matches|count min sketches)/u.test(message);
  return isExpected ? "error" : `unexpected error: ${message}`;
}

function vectorOf(samples: readonly ReferenceSample[]): QueryResult {
  return { type: "vector", samples: samples.map((sample) => ({ ...sample, timestampMs: 0 })) };
}

async function expectSame(
  streams: readonly StoredStream[],
  query: string,
  command: EvalCommand,
  expected: readonly string[],
  isOrdered: boolean,
): Promise<void> {
  for (const way of ways) {
    const rows = await rowsOf(() => runCase({ streams, command, query }, way));
    const where = `${query} (blocks of ${way.blockSize}, ${way.parts} parts, ${"kernels" in way ? "SIMD" : "plain"})`;
    expect(isOrdered ? rows : rows.toSorted(), where).toEqual(isOrdered ? expected : expected.toSorted());
  }
}

test("random metric queries over a range are answered as the reference answers them", { timeout: 60_000 }, async () => {
  const stepMs = fc.constantFrom(7000, 30_000, 60_000);
  const any = randomStreams.chain(({ format, streams }) =>
    fc.record({ streams: fc.constant(streams), expression: randomMetricQuery(format), stepMs }),
  );
  await fc.assert(
    fc.asyncProperty(any, async ({ streams, expression, stepMs: step }) => {
      const endNs = originNs + BigInt(step) * 1_000_000n * 7n + 1_000_000_000n;
      const command: EvalCommand = { ...times, kind: "range", endNs, stepMs: step, seriesMax: 100_000 };
      const stepNs = BigInt(step) * 1_000_000n;
      const expected = await rowsOf(() => referenceMatrix(expression, streams, originNs, endNs, stepNs));
      await expectSame(streams, printExpression(expression), command, expected, true);
    }),
    { numRuns: 200 },
  );
});

test(
  "random metric queries at an instant are answered as the reference answers them",
  { timeout: 60_000 },
  async () => {
    const seconds = fc.integer({ min: 0, max: 400 });
    const any = randomStreams.chain(({ format, streams }) =>
      fc.record({ streams: fc.constant(streams), expression: randomMetricQuery(format), seconds }),
    );
    await fc.assert(
      fc.asyncProperty(any, async ({ streams, expression, seconds: at }) => {
        const startNs = originNs + BigInt(at) * 1_000_000_000n;
        const command: EvalCommand = { ...times, kind: "instant", startNs, endNs: startNs, seriesMax: 100_000 };
        const expected = await rowsOf(() => vectorOf(referenceVector(expression, streams, startNs, true)));
        // Order is that of values only where the outermost function sorts; among groups it is open.
        await expectSame(streams, printExpression(expression), command, expected, sorts(expression));
      }),
      { numRuns: 200 },
    );
  },
);

function sorts(expression: MetricExpression): boolean {
  return (
    expression.kind === "vectorAggregation" && (expression.operation === "sort" || expression.operation === "sort_desc")
  );
}

test("random log queries are answered as the reference answers them", { timeout: 60_000 }, async () => {
  const any = randomStreams.chain(({ format, streams }) =>
    fc.record({
      streams: fc.constant(apart(streams)),
      log: randomLogQuery(format),
      limit: fc.constantFrom(1, 5, 20, 1000),
      direction: fc.constantFrom("forward", "backward"),
      intervalMs: fc.constantFrom(0, 0, 10_000),
      from: fc.integer({ min: 0, max: 100 }),
      length: fc.integer({ min: 0, max: 300 }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(any, async ({ streams, log, from, length, ...options }) => {
      const startNs = originNs + BigInt(from) * 1_000_000_000n;
      const endNs = startNs + BigInt(length) * 1_000_000_000n;
      const command: EvalCommand = { ...times, ...options, kind: "logs", startNs, endNs, seriesMax: 500 };
      const expected = await rowsOf(() => referenceStreams(log, streams, command));
      const withoutDetails = (rows: readonly string[]): readonly string[] =>
        rows.map((row) => row.replace(/__error_details__="(?:[^"\\]|\\.)*"/u, ""));
      for (const way of ways) {
        const rows = await rowsOf(() => runCase({ streams, command, query: printExpression(log) }, way));
        expect(withoutDetails(rows), printExpression(log)).toEqual(withoutDetails(expected));
      }
    }),
    { numRuns: 200 },
  );
});

/** No two streams have a line of the same time: whose comes first is open. */
function apart(streams: readonly StoredStream[]): readonly StoredStream[] {
  return streams.map(({ labels, entries }, i) => ({
    labels,
    entries: entries.map((entry) => ({ ...entry, timestampNs: entry.timestampNs + BigInt(i) })),
  }));
}
