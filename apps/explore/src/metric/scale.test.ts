import { expect, test } from "vitest";
import { groupDigits, niceTicks, numberText, timeTicks } from "./scale.ts";
import { seriesName } from "./series-name.ts";

test.for([
  [0, 10, 5, [0, 2, 4, 6, 8, 10]],
  [0, 0.35, 3, [0, 0.2]],
  [0, 1234, 2, [0, 1000]],
  [-3, 3, 3, [-2, 0, 2]],
  [5, 5, 3, [5]],
] as const)("ticks from %d to %d", ([min, max, count, want]) => {
  expect(niceTicks(min, max, count)).toEqual(want);
});

test("times are round on the zone's clock", () => {
  const { stepMs, ticks } = timeTicks(0, 86_400_000, 4, 3_600_000);
  expect(stepMs).toBe(21_600_000);
  expect(ticks.map((ms) => ms / 3_600_000)).toEqual([5, 11, 17, 23]);
});

test.for([
  [0, "0"],
  [48_212, "48 212"],
  [1.23456, "1.235"],
  [-1500, "-1 500"],
  [0.1 + 0.2, "0.3"],
  [3.21e-7, "3.21e-7"],
  [Number.NaN, "NaN"],
  [Infinity, "+Inf"],
] as const)("%d reads %s", ([value, text]) => {
  expect(numberText(value)).toBe(text);
});

test("digits stand in groups of three", () => {
  expect([1, 999, 1000, 1_234_567].map((count) => groupDigits(count))).toEqual(["1", "999", "1 000", "1 234 567"]);
});

test("a series is named by what tells it apart", () => {
  expect(seriesName({})).toBe("value");
  expect(seriesName({ app: "cart" })).toBe("cart");
  expect(seriesName({ app: "cart", level: "info" })).toBe('{app="cart", level="info"}');
});
