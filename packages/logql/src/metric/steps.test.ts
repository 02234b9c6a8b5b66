import fc from "fast-check";
import { expect, test } from "vitest";
import { stepsBetween, windowFinder } from "./steps.ts";

test("the windows that hold an entry are those that arithmetic on whole numbers finds", () => {
  const time = fc.bigInt({ min: 0n, max: 2_000_000_000_000_000_000n });
  const span = fc.bigInt({ min: 1n, max: 4_000_000_000_000_000n });
  fc.assert(
    fc.property(
      time,
      span,
      span,
      fc.integer({ min: 1, max: 30 }),
      fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n }),
      fc.integer({ min: -(10 ** 15), max: 10 ** 15 }),
      (startNs, stepNs, rangeNs, count, baseDistance, deltaNs) => {
        const steps = stepsBetween(startNs, startNs + stepNs * BigInt(count - 1), stepNs);
        const baseNs = startNs + baseDistance;
        const entryNs = baseNs + BigInt(deltaNs);
        const inside = Array.from({ length: count }, (_, k) => k).filter((k) => {
          const end = startNs + stepNs * BigInt(k);
          return entryNs <= end && entryNs > end - rangeNs;
        });
        const finder = windowFinder(steps, rangeNs, 0n, baseNs);
        const [first, last] = [finder.first(deltaNs), finder.last(deltaNs)];
        expect(first <= last ? [first, last] : []).toEqual(inside.length === 0 ? [] : [inside[0], inside.at(-1)]);
      },
    ),
    { numRuns: 2000 },
  );
});
