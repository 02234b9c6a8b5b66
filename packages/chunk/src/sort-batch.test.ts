import { batchOf, entriesOf, type Entry } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryEntries, sortedOnce } from "../test/arbitrary-entries.ts";
import { mergeBatches, splitBatch } from "./sort-batch.ts";

test("batches merge as one sorted run in which every entry is once", () => {
  fc.assert(
    fc.property(fc.array(arbitraryEntries, { minLength: 1, maxLength: 4 }), (runs) => {
      const merged = mergeBatches(runs.map((entries) => batchOf(entries)));
      expect(entriesOf(merged)).toEqual(sortedOnce(runs.flat()));
    }),
  );
});

test("a split batch is the batch again, in runs of the wanted size", () => {
  fc.assert(
    fc.property(arbitraryEntries, fc.integer({ min: 1, max: 100 }), (entries, rawBytesMax) => {
      const runs = [...splitBatch(batchOf(entries), rawBytesMax)];
      expect(runs.flatMap((run) => entriesOf(run))).toEqual(entries);
      for (const run of runs) {
        const isOneInstant = run.deltaNs[0] === run.deltaNs[run.count - 1];
        expect(run.count === 1 || isOneInstant || run.bytes.length - 1 <= rawBytesMax * 4).toBe(true);
        expect(run.metadata?.sets.length ?? 0).toBeLessThanOrEqual(run.count + 1);
      }
    }),
  );
});

test("entries of equal time stay in order of arrival; the same line with other metadata is another entry", () => {
  const at = (line: string, trace?: string): Entry =>
    trace === undefined
      ? { timestampNs: 5n, line }
      : { timestampNs: 5n, line, metadata: [{ name: "trace", value: trace }] };
  const merged = mergeBatches([
    batchOf([at("b"), at("a"), at("b", "1")]),
    batchOf([at("c"), at("b"), at("b", "1"), at("b", "2")]),
  ]);
  expect(entriesOf(merged)).toEqual([at("b"), at("a"), at("b", "1"), at("c"), at("b", "2")]);
});

test("a cut does not divide an instant, as long as the run stays within four times the wanted size", () => {
  const entries = Array.from({ length: 40 }, (_, i) => ({
    timestampNs: BigInt(Math.floor(i / 10)),
    line: `line ${i}`.padEnd(9),
  }));
  const runs = [...splitBatch(batchOf(entries), 50)];
  expect(runs.map((run) => run.count)).toEqual([10, 10, 10, 10]);
  const oneInstant = batchOf(entries.map(({ line }) => ({ timestampNs: 7n, line })));
  expect([...splitBatch(oneInstant, 50)].map((run) => run.count)).toEqual([20, 20]);
});
