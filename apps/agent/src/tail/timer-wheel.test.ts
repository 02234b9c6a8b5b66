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

test("who sleeps while it is quiet takes every item within a tick of its delay, and wakes only for items", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 9 }), (delays) => {
      let nowMs = 1_000_017;
      const wheel = new TimerWheel<number>(50, 1000, nowMs);
      const dueMs = new Map(delays.map((delay, item) => [item, nowMs + delay]));
      for (const [item, delay] of delays.entries()) {
        wheel.schedule(item, delay);
      }
      while (dueMs.size > 0) {
        nowMs += wheel.quietMs(nowMs);
        const taken = wheel.take(nowMs);
        expect(taken.length).toBeGreaterThan(0);
        for (const item of taken) {
          expect(Math.abs(nowMs - dueMs.get(item)!)).toBeLessThanOrEqual(50);
          dueMs.delete(item);
        }
      }
    }),
  );
});

test("however the clock is set, nobody sleeps longer than a turn of the wheel", () => {
  const wheel = new TimerWheel<string>(50, 1000, 1_000_000_000);
  expect(wheel.quietMs(1_000_000_000)).toBeLessThanOrEqual(1100);
  wheel.schedule("a", 50);
  expect(wheel.quietMs(0)).toBeLessThanOrEqual(1100);
  expect(wheel.quietMs(2_000_000_000)).toBe(0);
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
