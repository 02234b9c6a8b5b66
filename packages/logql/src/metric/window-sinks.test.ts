import { labelsFromRecord } from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quantileOf } from "./quantile.ts";
import type { SampleSink } from "./sample-sink.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { Slots } from "./slots.ts";
import { stepsBetween, type Steps } from "./steps.ts";
import { maxFold, sumFold, WindowFolds } from "./window-folds.ts";
import { WindowLists } from "./window-lists.ts";
import { WindowSums } from "./window-sums.ts";
import { WindowValues } from "./window-values.ts";

const stepNs = 10;
const rangeNs = 25;

/** Window `k` is `(k * stepNs, k * stepNs + rangeNs]`. */
function windowsOf(timeNs: number, count: number): readonly number[] {
  return Array.from({ length: count }, (_, k) => k).filter(
    (k) => timeNs > k * stepNs && timeNs <= k * stepNs + rangeNs,
  );
}

const quantile = quantileOf(0.5);

const divided = { divisor: 2, isCount: true };

const sinks: readonly [
  name: string,
  make: (steps: Steps, budget: MemoryBudget) => SampleSink,
  expected: (values: number[]) => number,
][] = [
  [
    "sums",
    (steps, budget) => new WindowSums(steps, { divisor: 1, isCount: false }, budget),
    (values) => values.reduce((a, b) => a + b),
  ],
  ["counts", (steps, budget) => new WindowSums(steps, divided, budget), (values) => values.length / 2],
  [
    "a fold to sums",
    (steps, budget) => new WindowFolds(sumFold, steps, budget),
    (values) => values.reduce((a, b) => a + b),
  ],
  ["a fold to maxima", (steps, budget) => new WindowFolds(maxFold, steps, budget), (values) => Math.max(...values)],
  [
    "kept samples",
    (steps, budget) => new WindowValues(({ values, timesNs }) => values[0]! + timesNs.length, steps, budget),
    (values) => values[0]! + values.length,
  ],
  [
    "kept values",
    (steps, budget) => new WindowLists(quantile, rangeNs, steps, budget),
    (v) => quantile(Float64Array.from(v)),
  ],
];

describe.for(sinks)("%s", ([, make, expected]) => {
  test("every window has the samples that lie in it", () => {
    const sample = fc.record({ timeNs: fc.integer({ min: 1, max: 200 }), value: fc.nat(9), slot: fc.nat(1) });
    const count = fc.integer({ min: 1, max: 15 });
    fc.assert(
      fc.property(fc.array(sample, { maxLength: 60 }), count, fc.integer({ min: 1, max: 9 }), (all, steps, size) => {
        const samples = all.sort((a, b) => a.timeNs - b.timeNs);
        const sink = make(stepsBetween(0n, BigInt(stepNs * (steps - 1)), BigInt(stepNs)), new MemoryBudget());
        const slots = [0, 1].map((i) => sink.slot(labelsFromRecord({ i: String(i) })));
        for (const [i, { timeNs, value, slot }] of samples.entries()) {
          if (i % size === 0) {
            sink.beginBlock(timeNs, 0, samples[i + size]?.timeNs ?? Number.POSITIVE_INFINITY);
          }
          const windows = windowsOf(timeNs, steps);
          if (windows.length > 0) {
            sink.add(slots[slot]!, timeNs, windows[0]!, windows.at(-1)!, value);
          }
        }
        // Finished at once, or in parts of which some are left out.
        for (let parts = size % 4; parts > 0 && sink.finishSome?.() === true; parts--);
        for (const [i, { values, present }] of sink.finish().entries()) {
          for (let k = 0; k < steps; k++) {
            const inside = samples.filter(({ timeNs, slot }) => slot === i && windowsOf(timeNs, steps).includes(k));
            expect(present[k]).toBe(inside.length > 0 ? 1 : 0);
            if (inside.length > 0) {
              expect(values[k]).toBe(expected(inside.map(({ value }) => value)));
            }
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("series that do not fit into memory are refused", () => {
    const sink = make(stepsBetween(0n, 1_000_000n, 1n), new MemoryBudget());
    const open = (): void => {
      for (let i = 0; i < 100; i++) {
        sink.slot(labelsFromRecord({ i: String(i) }));
      }
    };
    expect(open).toThrow(/^the query needs more than 256 MB of memory for its series; consider/u);
  });
});

test("what is kept counts as long as it is kept, over all aggregations of a query", () => {
  const budget = new MemoryBudget();
  const slots = new Slots(1, 10_000_000, budget);
  const open = (): number => slots.slot(labelsFromRecord({}), () => undefined);
  open();
  slots.reserve(10_000_000);
  slots.release(10_000_000);
  slots.finish();
  budget.reserve(31_000_000);
  expect(() => new Slots(1, 0, budget).reserve(1_000_000)).toThrow("the query needs more than 256 MB");
});

test("the labels of series count as long as the query runs: an answer of one step may have a million of them", () => {
  const budget = new MemoryBudget();
  budget.reserve(31_000_000);
  const slots = new Slots(1, 1, budget);
  const openSome = (prefix: string): void => {
    for (let i = 0; i < 10_000; i++) {
      slots.slot(labelsFromRecord({ trace_id: `${prefix}-${i}` }), () => undefined);
    }
  };
  openSome("a");
  slots.finish();
  expect(() => openSome("b")).toThrow("the query needs more than 256 MB of memory for its series");
});

test("a quantile is what sorting finds", () => {
  const value = fc.oneof(fc.nat(5), fc.double(), fc.constantFrom(Number.NaN, Infinity, -Infinity));
  const values = fc.array(value, { minLength: 1, maxLength: 80 });
  fc.assert(
    fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, q) => {
      const isNumber = (x: number): boolean => !Number.isNaN(x);
      // What is no number comes first.
      const sorted = [...list.filter((x) => !isNumber(x)), ...list.filter(isNumber).sort((a, b) => a - b)];
      const rank = q * (list.length - 1);
      const low = Math.floor(rank);
      const weight = rank - low;
      const expected = sorted[low]! * (1 - weight) + sorted[Math.min(low + 1, list.length - 1)]! * weight;
      // Zeros of both signs are equal to sorting.
      expect(quantileOf(q)(Float64Array.from(list)) + 0).toBe(expected + 0);
    }),
    { numRuns: 3000 },
  );
});

test("no order of values makes a quantile slow", () => {
  const count = 200_000;
  const shapes: readonly ((i: number) => number)[] = [
    (i) => i,
    (i) => -i,
    () => 1,
    (i) => (i % 2 === 0 ? i : count - i),
    (i) => Math.abs(i - count / 2),
  ];
  for (const shape of shapes) {
    const start = performance.now();
    quantileOf(0.99)(Float64Array.from({ length: count }, (_, i) => shape(i)));
    expect(performance.now() - start).toBeLessThan(1000);
  }
});
