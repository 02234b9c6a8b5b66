import fc from "fast-check";
import { expect, test } from "vitest";
import { TokenBucket } from "./token-bucket.ts";

const rate = { perSecond: 100, burst: 150 };

test("a burst goes through, then what the rate allows", () => {
  const bucket = new TokenBucket();
  expect(bucket.take(150, rate, 0)).toBe(true);
  expect(bucket.take(1, rate, 0)).toBe(false);
  expect(bucket.take(100, rate, 1000)).toBe(true);
  expect(bucket.take(1, rate, 1000)).toBe(false);
});

test("it never holds more than a burst, and a clock that goes back does no harm", () => {
  const bucket = new TokenBucket();
  bucket.take(0, rate, 1_000_000);
  expect(bucket.take(151, rate, 2_000_000)).toBe(false);
  expect(bucket.take(150, rate, 0)).toBe(true);
  expect(bucket.take(1, rate, 0)).toBe(false);
});

test.for([
  { title: "until there is room", amount: 50, want: 500 },
  { title: "until it is full, for more than it holds", amount: 1000, want: 1500 },
  { title: "not at all when there is room", amount: 0, want: 0 },
])("one waits $title", ({ amount, want }) => {
  const bucket = new TokenBucket();
  bucket.take(150, rate, 0);
  expect(bucket.waitMs(amount, rate, 0)).toBe(want);
});

test("a rate that was raised holds at once", () => {
  const bucket = new TokenBucket();
  bucket.take(150, rate, 0);
  expect(bucket.take(1000, { perSecond: 1000, burst: 2000 }, 1000)).toBe(true);
});

test("however one asks, no more goes through than burst and rate allow, and the wait that was told is enough", () => {
  const asked = fc.array(fc.record({ afterMs: fc.nat(2000), amount: fc.integer({ min: 1, max: 150 }) }));
  fc.assert(
    fc.property(asked, (requests) => {
      const bucket = new TokenBucket();
      let nowMs = 0;
      let taken = 0;
      for (const { afterMs, amount } of requests) {
        nowMs += afterMs;
        if (bucket.take(amount, rate, nowMs)) {
          taken += amount;
        } else {
          nowMs += bucket.waitMs(amount, rate, nowMs) + 1;
          expect(bucket.take(amount, rate, nowMs)).toBe(true);
          taken += amount;
        }
        expect(taken).toBeLessThanOrEqual(rate.burst + (nowMs / 1000) * rate.perSecond + 1e-6);
      }
    }),
  );
});
