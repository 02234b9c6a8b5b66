import { instantOf, compareLabels, labelsFromRecord, type Direction } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LogCollector } from "./log-collector.ts";

interface Block {
  readonly app: string;
  /** Ascending. */
  readonly times: readonly number[];
}

const noSet = { stream: [], metadata: [], parsed: [] };
const encoder = new TextEncoder();

function collectorOf(limit: number, direction: Direction, interval: number): LogCollector {
  return new LogCollector({ limit, direction, intervalNs: BigInt(interval) });
}

/** Gives all lines of the blocks to a collector, as a query does; answers with those that it chose. */
function collect(blocks: readonly Block[], limit: number, direction: Direction, interval: number): string[] {
  const collector = collectorOf(limit, direction, interval);
  const forward = blocks.toSorted((a, b) => a.times[0]! - b.times[0]!).map((block, ordinal) => ({ ...block, ordinal }));
  const ordered =
    direction === "forward"
      ? forward
      : forward.toSorted((a, b) => b.times.at(-1)! - a.times.at(-1)! || b.ordinal - a.ordinal);
  for (const { app, times, ordinal } of ordered) {
    collector.settleBefore(BigInt(direction === "forward" ? times[0]! : times.at(-1)!));
    if (collector.isFull) {
      break;
    }
    collector.beginBlock({ labels: labelsFromRecord({ app }), ordinal });
    const rows = [...times.keys()];
    for (const row of direction === "forward" ? rows : rows.toReversed()) {
      const { seconds, nanos } = instantOf(BigInt(times[row]!));
      const line = encoder.encode(`${app} ${ordinal} ${row} at ${times[row]}`);
      if (!collector.offer(seconds, nanos, line, 0, line.length, noSet)) {
        break;
      }
    }
    collector.endBlock();
  }
  const { lines, rows } = collector.finish();
  return rows.map((row) => new TextDecoder().decode(lines.bytes.subarray(lines.starts[row], lines.ends[row])));
}

/** The same by sorting all lines. */
function choose(blocks: readonly Block[], limit: number, direction: Direction, interval: number): string[] {
  const lines = blocks
    .toSorted((a, b) => a.times[0]! - b.times[0]!)
    .flatMap(({ app, times }, ordinal) => times.map((time, row) => ({ app, time, ordinal, row })))
    .sort(
      (a, b) =>
        a.time - b.time ||
        compareLabels(labelsFromRecord({ app: a.app }), labelsFromRecord({ app: b.app })) ||
        a.ordinal - b.ordinal ||
        a.row - b.row,
    );
  const chosen: string[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { app, time, ordinal, row } of direction === "forward" ? lines : lines.reverse()) {
    const isFar = !Number.isFinite(last) || Math.abs(time - last) >= interval;
    if (isFar && chosen.length < limit) {
      chosen.push(`${app} ${ordinal} ${row} at ${time}`);
      last = time;
    }
  }
  return chosen;
}

test("the lines of blocks that overlap are those that come first when all are sorted", { timeout: 60_000 }, () => {
  const block = fc.record({
    app: fc.constantFrom("a", "b", "c"),
    start: fc.constantFrom(0, 0, 1, 1500),
    count: fc.constantFrom(1, 300, 600),
    step: fc.constantFrom(0, 0, 1, 3),
  });
  const blocks = fc.array(block, { minLength: 1, maxLength: 16, size: "max" }).map((all) =>
    all.map(({ app, start, count, step }): Block => {
      return { app, times: Array.from({ length: count }, (_, i) => start + i * step + ((i * 7) % (step || 1))) };
    }),
  );
  fc.assert(
    fc.property(
      blocks,
      fc.constantFrom(1, 2, 200, 300, 500, 100_000),
      fc.constantFrom<Direction>("forward", "backward"),
      fc.constantFrom(0, 0, 1, 10, 1000),
      (given, limit, direction, interval) => {
        const ascending = given.map(({ app, times }) => ({ app, times: times.toSorted((a, b) => a - b) }));
        expect(collect(ascending, limit, direction, interval)).toEqual(choose(ascending, limit, direction, interval));
      },
    ),
    { numRuns: 600 },
  );
});

test.for([0, 1_000_000])("lines that are not wanted are let go of, with an interval of %i ns", (interval) => {
  const collector = collectorOf(10, "forward", interval);
  const line = encoder.encode("a line ".repeat(100));
  for (let start = 0; start < 1_000_000; start += 1000) {
    collector.settleBefore(BigInt(start));
    if (!collector.isFull) {
      collector.beginBlock({ labels: labelsFromRecord({ app: "a" }), ordinal: start });
      for (let i = 0; i < 1000 && collector.offer(0, start + i, line, 0, line.length, noSet); i++) {
        // It takes all that it wants.
      }
      collector.endBlock();
    }
  }
  expect(collector.finish().lines.count).toBeLessThan(5000);
});
