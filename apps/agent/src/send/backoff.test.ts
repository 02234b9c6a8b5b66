import { seededRng } from "@sluice/testkit";
import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

test("pauses double up to the longest, each within the upper half of its range; a success starts over", () => {
  const backoff = new Backoff({ minMs: 100, maxMs: 1000, rng: seededRng(7) });
  for (const whole of [100, 200, 400, 800, 1000, 1000]) {
    const pause = backoff.next();
    expect(pause).toBeGreaterThanOrEqual(whole / 2);
    expect(pause).toBeLessThanOrEqual(whole);
  }
  expect(backoff.count).toBe(6);
  backoff.reset();
  expect(backoff.count).toBe(0);
  expect(backoff.next()).toBeLessThanOrEqual(100);
});

test("what the server asks for is the least", () => {
  expect(new Backoff({ minMs: 100, maxMs: 1000, rng: seededRng(7) }).next(60_000)).toBe(60_000);
});
