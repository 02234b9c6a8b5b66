import { quietMetrics } from "@sluice/testkit";
import { expect, test } from "vitest";
import { PushBudget } from "./push-budget.ts";
import type { PushRefused } from "./push-refused.ts";

function refusalOf(run: () => unknown): { readonly status: number; readonly message: string } | undefined {
  try {
    run();
    return undefined;
  } catch (error) {
    const { status, message } = error as PushRefused;
    return { status, message };
  }
}

test("what is beyond the bound is refused until there is room again", () => {
  const budget = new PushBudget(100, quietMetrics);
  const first = budget.reserve("a", 60);
  expect(refusalOf(() => budget.reserve("b", 41))).toEqual({
    status: 503,
    message: "The server cannot accept more requests at this time. (server.push_in_flight_bytes_max: 100)",
  });
  first.release();
  budget.reserve("b", 41);
});

test("a push that is larger than the bound is let in alone", () => {
  const budget = new PushBudget(100, quietMetrics);
  const large = budget.reserve("a", 500);
  expect(refusalOf(() => budget.reserve("b", 1))?.status).toBe(503);
  large.release();
  budget.reserve("b", 1);
});

test("one tenant cannot take the room of the others", () => {
  const budget = new PushBudget(100, quietMetrics);
  budget.reserve("quiet", 1);
  for (let i = 0; i < 5; i++) {
    budget.reserve("loud", 10);
  }
  expect(refusalOf(() => budget.reserve("loud", 10))).toMatchObject({
    status: 429,
    message: expect.stringContaining("user loud has more in flight than its part") as string,
  });
  budget.reserve("quiet", 40);
});

test("what was decoded counts instead of what came", () => {
  const budget = new PushBudget(100, quietMetrics);
  const push = budget.reserve("a", 10);
  push.resize(95);
  expect(refusalOf(() => budget.reserve("b", 10))?.status).toBe(503);
  push.resize(20);
  const other = budget.reserve("b", 10);
  expect(refusalOf(() => other.resize(81))?.status).toBe(503);
  other.resize(80);
});

test("a body without a length is refused while it comes", () => {
  const budget = new PushBudget(100, quietMetrics);
  budget.reserve("a", 50);
  const chunked = budget.reserve("b", 0);
  chunked.grow(40);
  expect(refusalOf(() => chunked.grow(60))?.status).toBe(503);
  chunked.release();
  // What comes after the end counts no more.
  chunked.resize(100);
  budget.reserve("b", 45);
});
