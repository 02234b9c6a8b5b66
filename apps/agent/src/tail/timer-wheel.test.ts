import fc from "fast-check";
import { expect, test } from "vitest";
import { TimerWheel } from "./timer-wheel.ts";

test("an item is due within a tick of its delay, and once", () => {
  const delays = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 50 });
  fc.assert(
    fc.property(delays, fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 40, maxLength: 40 }), (items, steps) => {
      const wheel = new TimerWheel<number>(50, 1000, 0);
      for (const [item, delay] of items.entries()) {
        wheel.schedule(item, delay);
      }
      const dueAt = new Map<number, number>();
      let nowMs = 0;
      for (const step of [...steps, 1200]) {
        nowMs += step;
        for (const item of wheel.take(nowMs)) {
          expect(dueAt.has(item)).toBe(false);
          dueAt.set(item, nowMs);
          expect(nowMs).toBeGreaterThanOrEqual(items[item]!);
        }
      }
      expect(dueAt.size).toBe(items.length);
    }),
  );
});

test("scheduling again moves an item; removing takes it off", () => {
  const wheel = new TimerWheel<string>(50, 1000, 0);
  wheel.schedule("moved", 50);
  wheel.schedule("moved", 500);
  wheel.schedule("removed", 50);
  wheel.remove("removed");
  expect(wheel.take(100)).toEqual([]);
  expect(wheel.take(500)).toEqual(["moved"]);
});

test("a long pause and a clock that was set back lose nothing", () => {
  const wheel = new TimerWheel<string>(50, 1000, 1_000_000);
  wheel.schedule("a", 300);
  expect(wheel.take(9_000_000)).toEqual(["a"]);
  wheel.schedule("b", 300);
  expect(wheel.take(1_000_000)).toEqual([]);
  expect(wheel.take(1_002_000)).toEqual(["b"]);
});
