import fc from "fast-check";
import { expect, test } from "vitest";
import { firstWhere } from "./first-where.ts";

test("it is what a look at each one would find", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20)), fc.nat(5), fc.nat(20), (numbers, low, wanted) => {
      const ascending = numbers.toSorted((a, b) => a - b);
      const { length } = ascending;
      const found = ascending.findIndex((number, i) => i >= low && number >= wanted);
      const none = Math.max(low, length);
      expect(firstWhere(low, length, (i) => ascending[i]! >= wanted)).toBe(found === -1 ? none : found);
    }),
  );
});
