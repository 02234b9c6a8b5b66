import fc from "fast-check";
import { expect, test } from "vitest";
import { goPow } from "./go-pow.ts";

test.for<[base: number, exponent: number, expected: number]>([
  [2, 10, 1024],
  [2, -2, 0.25],
  [-2, 3, -8],
  [-8, 1 / 3, Number.NaN],
  [9, 0.5, 3],
  [4, -0.5, 0.5],
  [1, Number.NaN, 1],
  [-1, Number.POSITIVE_INFINITY, 1],
  [0, 0, 1],
  [0, -1, Number.POSITIVE_INFINITY],
  [2, 1024, Number.POSITIVE_INFINITY],
  [2, -1074, 5e-324],
  [2, -1076, 0],
  [10, 308, 1.0000000000000006e308],
  [1.0000001, 2 ** 62, Number.POSITIVE_INFINITY],
  [Number.POSITIVE_INFINITY, 2, Number.POSITIVE_INFINITY],
  [Number.POSITIVE_INFINITY, -1, 0],
  // Go rounds after each multiplication.
  [0.1, 3, 0.1 * 0.1 * 0.1],
])("%d ^ %d is %d", ([base, exponent, expected]) => {
  expect(goPow(base, exponent)).toBe(expected);
});

test("it differs from `**` in rounding alone", () => {
  fc.assert(
    fc.property(
      fc.double({ min: 1e-3, max: 1e3, noNaN: true }),
      fc.double({ min: -30, max: 30, noNaN: true }),
      (x, y) => {
        const exact = x ** y;
        expect(Math.abs(goPow(x, y) - exact)).toBeLessThanOrEqual(Math.abs(exact) * 1e-13);
      },
    ),
    { numRuns: 3000 },
  );
});

test("whole numbers are exact as long as they can be", () => {
  fc.assert(
    fc.property(fc.integer({ min: -90, max: 90 }), fc.integer({ min: 0, max: 8 }), (x, y) => {
      expect(goPow(x, y) + 0).toBe(Number(BigInt(x) ** BigInt(y)));
    }),
  );
});
