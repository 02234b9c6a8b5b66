import fc from "fast-check";
import { expect, test } from "vitest";
import { ascendingOrder } from "./ascending-order.ts";

test("indexes come in the order of their keys, those of equal keys as they were", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -3, max: 30 }), { maxLength: 200 }), (keys) => {
      const want = keys.map((_, i) => i).sort((a, b) => keys[a]! - keys[b]! || a - b);
      expect([...ascendingOrder(Float64Array.from(keys), keys.length)]).toEqual(want);
    }),
  );
});

test("keys behind the count are not looked at", () => {
  expect([...ascendingOrder(Float64Array.of(2, 1, 0), 2)]).toEqual([1, 0]);
});
