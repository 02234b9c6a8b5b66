import { labelsFromRecord, type ResultStream } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSplittable, joinMatrices, splitSteps, splitTime, StreamsJoin } from "./split.ts";
import { parseQuery } from "./syntax/index.ts";

const time = fc.bigInt({ min: 0n, max: 2_000_000_000_000_000_000n });

test("parts of steps hold every step once, in order", () => {
  const any = fc.record({
    startNs: time,
    lengthMs: fc.nat(10_000_000),
    stepMs: fc.integer({ min: 1, max: 100_000 }),
    parts: fc.integer({ min: 1, max: 20 }),
  });
  fc.assert(
    fc.property(any, ({ startNs, lengthMs, stepMs, parts }) => {
      const endNs = startNs + BigInt(lengthMs) * 1_000_000n;
      const stepNs = BigInt(stepMs) * 1_000_000n;
      const spans = splitSteps({ startNs, endNs }, stepMs, parts);
      expect(spans.length).toBeLessThanOrEqual(parts);
      expect(spans[0]!.startNs).toBe(startNs);
      for (const [i, span] of spans.entries()) {
        expect((span.endNs - span.startNs) % stepNs).toBe(0n);
        expect(span.endNs).toBeGreaterThanOrEqual(span.startNs);
        const next = spans[i + 1];
        if (next === undefined) {
          expect(endNs - span.endNs).toBeLessThan(stepNs);
        } else {
          expect(next.startNs - span.endNs).toBe(stepNs);
        }
      }
    }),
  );
});

test("parts of time leave nothing out, and begin on multiples", () => {
  const any = fc.record({
    startNs: time,
    lengthNs: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    parts: fc.integer({ min: 1, max: 20 }),
    alignNs: fc.constantFrom(1n, 1000n, 3_600_000_000_000n),
  });
  fc.assert(
    fc.property(any, ({ startNs, lengthNs, parts, alignNs }) => {
      const endNs = startNs + lengthNs;
      const spans = splitTime({ startNs, endNs }, parts, alignNs);
      expect(spans.length).toBeLessThanOrEqual(parts);
      expect([spans[0]!.startNs, spans.at(-1)!.endNs]).toEqual([startNs, endNs]);
      for (const [i, span] of spans.entries()) {
        expect(span.endNs > span.startNs || spans.length === 1).toBe(true);
        if (i > 0) {
          expect(span.startNs).toBe(spans[i - 1]!.endNs);
          expect(span.startNs % alignNs).toBe(0n);
        }
      }
    }),
  );
});

test.for<[query: string, intervalMs: number, expected: boolean]>([
  ['{app="a"}', 0, true],
  ['{app="a"}', 1000, false],
  ['rate({app="a"}[1m])', 1000, true],
])("whether a query can be split: %s, interval %i", ([query, intervalMs, expected]) => {
  expect(isSplittable(parseQuery(query), intervalMs)).toBe(expected);
});

describe("joining matrices", () => {
  const series = (app: string, ...points: readonly (readonly [number, number])[]) => ({
    labels: labelsFromRecord({ app }),
    points: points.map(([timestampMs, value]) => ({ timestampMs, value })),
  });

  test("points of a series follow each other, series are in the order of labels", () => {
    const joined = joinMatrices([[series("b", [1, 1])], [series("a", [2, 5]), series("b", [2, 2])]], 2);
    expect(joined).toEqual({ type: "matrix", series: [series("a", [2, 5]), series("b", [1, 1], [2, 2])] });
  });

  test("the limit on series holds for the whole", () => {
    expect(() => joinMatrices([[series("a", [1, 1])], [series("b", [2, 2])]], 1)).toThrow(
      "maximum number of series (1) reached for a single query",
    );
  });
});

describe("joining streams", () => {
  const stream = (app: string, ...times: readonly number[]): ResultStream => ({
    labels: labelsFromRecord({ app }),
    entries: times.map((t) => ({ timestampNs: BigInt(t), line: `${app}${t}`, metadata: [], parsed: [] })),
  });

  test("lines are taken part by part until the limit, the rest of a part by time", () => {
    const join = new StreamsJoin(5, "forward");
    expect(join.add([stream("b", 1, 3), stream("a", 2)])).toBe("taken");
    expect(join.remaining).toBe(2);
    expect(join.add([stream("b", 12, 13), stream("a", 10, 14)])).toBe("taken");
    expect(join.remaining).toBe(0);
    expect(join.finish()).toEqual({ type: "streams", streams: [stream("a", 2, 10), stream("b", 1, 3, 12)] });
  });

  test("a stream may have very many lines", () => {
    const join = new StreamsJoin(1_000_000, "forward");
    const { labels, entries } = stream("a", 1);
    expect(join.add([{ labels, entries: Array.from({ length: 400_000 }, () => entries[0]!) }])).toBe("taken");
    expect(join.remaining).toBe(600_000);
  });

  test("backward the newest count", () => {
    const join = new StreamsJoin(3, "backward");
    expect(join.add([stream("a", 14, 10), stream("b", 13, 12)])).toBe("taken");
    expect(join.finish()).toEqual({ type: "streams", streams: [stream("a", 14), stream("b", 13, 12)] });
  });

  test("a part is asked for again when nobody can tell which of its lines count", () => {
    const join = new StreamsJoin(1, "forward");
    expect(join.add([stream("a", 7), stream("b", 7)])).toBe("again");
    expect(join.remaining).toBe(1);
    expect(join.add([stream("b", 7)])).toBe("taken");
    expect(join.finish()).toEqual({ type: "streams", streams: [stream("b", 7)] });
  });

  test("lines of one stream that have one time are no reason to ask again", () => {
    const join = new StreamsJoin(2, "forward");
    expect(join.add([stream("a", 7, 7, 7), stream("b", 8)])).toBe("taken");
    expect(join.finish()).toEqual({ type: "streams", streams: [stream("a", 7, 7)] });
  });
});
