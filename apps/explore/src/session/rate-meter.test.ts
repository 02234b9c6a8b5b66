import { expect, test } from "vitest";
import { createRateMeter, historySeconds } from "./rate-meter.ts";

test("a steady flow has its rate, wherever in a second one looks", () => {
  const meter = createRateMeter();
  for (let ms = 0; ms < 10_000; ms += 10) {
    meter.add(ms, 1, ms % 100 === 0 ? 1 : 0);
  }
  const { rate, errorRate, history } = meter.read(9_999);
  expect(rate).toBeCloseTo(100, 0);
  expect(errorRate).toBeCloseTo(10, 0);
  expect(history).toHaveLength(historySeconds);
  expect(history.slice(-9)).toEqual(Array.from({ length: 9 }, () => 100));
});

test("a flow that ends falls to zero within seconds", () => {
  const meter = createRateMeter();
  meter.add(1000, 500, 0);
  expect(meter.read(1500).rate).toBe(500);
  expect(meter.read(5000).rate).toBe(0);
});
