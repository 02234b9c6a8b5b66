import * as fc from "fast-check";
import { expect, test } from "vitest";
import { RowHeights } from "./row-heights.ts";

type Step =
  | { readonly do: "append"; readonly heights: readonly number[] }
  | { readonly do: "evict"; readonly count: number }
  | { readonly do: "set"; readonly at: number; readonly height: number };

const height = fc.integer({ min: 1, max: 400 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("append" as const), heights: fc.array(height, { maxLength: 900 }) }),
  fc.record({ do: fc.constant("evict" as const), count: fc.integer({ min: 0, max: 1200 }) }),
  fc.record({ do: fc.constant("set" as const), at: fc.nat(), height }),
);

test("it adds up like a plain array, whatever came and left", () => {
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 12 }),
      fc.array(fc.nat({ max: 100_000 }), { maxLength: 5 }),
      (steps, offsets) => {
        const rows = new RowHeights();
        let model: number[] = [];
        for (const each of steps) {
          if (each.do === "append") {
            each.heights.forEach((height) => rows.append(height));
            model.push(...each.heights);
          } else if (each.do === "evict") {
            const left = model.slice(0, each.count);
            expect(rows.evict(each.count)).toBe(sum(left));
            model = model.slice(each.count);
          } else if (model.length > 0) {
            rows.set(each.at % model.length, each.height);
            model[each.at % model.length] = each.height;
          }
        }
        expect(rows.count).toBe(model.length);
        expect(rows.total).toBe(sum(model));
        for (const offset of offsets) {
          const index = offset % (model.length + 1);
          expect(rows.offsetOf(index)).toBe(sum(model.slice(0, index)));
          expect(rows.indexAt(offset)).toBe(indexIn(model, offset));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("a place between two rows belongs to the lower one", () => {
  const rows = new RowHeights();
  [20, 40, 20].forEach((height) => rows.append(height));
  expect([-5, 0, 19, 20, 59, 60, 79, 80, 1e9].map((offset) => rows.indexAt(offset))).toEqual([
    0, 0, 0, 1, 1, 2, 2, 2, 2,
  ]);
  expect(new RowHeights().indexAt(0)).toBe(-1);
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function indexIn(heights: readonly number[], offset: number): number {
  let bottom = 0;
  for (const [index, height] of heights.entries()) {
    bottom += height;
    if (offset < bottom) {
      return index;
    }
  }
  return heights.length - 1;
}
