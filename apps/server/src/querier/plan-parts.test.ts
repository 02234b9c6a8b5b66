import { parseQuery } from "@sluice/logql/syntax";
import fc from "fast-check";
import { expect, test } from "vitest";
import { planParts } from "./plan-parts.ts";

const second = 1_000_000_000n;
const options = { startNs: 0n, endNs: 7200n * second, stepMs: 60_000, intervalMs: 0, atOnce: 4, partMsMin: 60_000 };
const lines = parseQuery('{app="web"}');
const rates = parseQuery('sum(rate({app="web"}[1m]))');

test.for([
  { title: "one thread", query: lines, given: { atOnce: 1 } },
  { title: "nothing to read", query: parseQuery("1 + 1"), given: {} },
  { title: "a short time", query: lines, given: { endNs: 50n * second } },
  { title: "a range that is most of the time", query: parseQuery('rate({app="web"}[1h])'), given: {} },
  { title: "lines that depend on those before", query: lines, given: { intervalMs: 1000 } },
])("a query is answered as a whole: $title", ({ query, given }) => {
  expect(planParts(query, { ...options, ...given })).toBeUndefined();
});

test("parts are slots of time that stay when the query moves on", () => {
  const slots = (startNs: bigint): unknown =>
    planParts(lines, { ...options, startNs, endNs: startNs + 7200n * second })?.map(({ slot }) => slot);
  expect(slots(0n)).toEqual([0, 1, 2, 3]);
  expect(slots(600n * second)).toEqual([0, 1, 2, 3, 4]);
  expect(slots(1800n * second)).toEqual([1, 2, 3, 4]);
});

const time = fc.bigInt(-(10n ** 15n), 10n ** 16n);

test("the parts of a log query are its time, each moment once", () => {
  fc.assert(
    fc.property(time, fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 2, max: 8 }), (startNs, length, atOnce) => {
      const endNs = startNs + length;
      const parts = planParts(lines, { ...options, startNs, endNs, atOnce, partMsMin: 1000 });
      if (parts !== undefined) {
        expect(parts[0]!.startNs).toBe(startNs);
        expect(parts.at(-1)!.endNs).toBe(endNs);
        expect(parts.slice(1).map((part) => part.startNs)).toEqual(parts.slice(0, -1).map((part) => part.endNs));
        expect(parts.length).toBeLessThanOrEqual(atOnce + 2);
      }
    }),
  );
});

test("the parts of a metric query have its steps, each once", () => {
  fc.assert(
    fc.property(
      time,
      fc.integer({ min: 1, max: 500 }),
      fc.integer({ min: 1, max: 900_000 }),
      (startNs, count, stepMs) => {
        const stepNs = BigInt(stepMs) * 1_000_000n;
        const endNs = startNs + stepNs * BigInt(count - 1);
        const parts = planParts(rates, { ...options, startNs, endNs, stepMs, partMsMin: 1000 });
        const steps = parts?.flatMap((part) => {
          const found: bigint[] = [];
          for (let at = part.startNs; at <= part.endNs; at += stepNs) {
            found.push(at);
          }
          return found;
        });
        if (steps !== undefined) {
          expect(steps).toEqual(Array.from({ length: count }, (_, i) => startNs + stepNs * BigInt(i)));
        }
      },
    ),
  );
});
