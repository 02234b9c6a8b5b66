import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { runRounds, scheduleOf } from "./schedule.ts";

const day = 86_400_000;
const startMs = 1_700_000_000_000;

test.for([250, 1000, 60_000, 40 * day])("rounds of %i ms come at the same places of the clock", async (intervalMs) => {
  const clock = virtualClock(startMs);
  const stop = new AbortController();
  const rounds: number[] = [];
  const running = runRounds(scheduleOf("fake/ai", intervalMs), clock, stop.signal, async (atMs, missedCount) => {
    expect([atMs, missedCount]).toEqual([clock.nowMs(), 0]);
    rounds.push(atMs);
  });
  await clock.advance(5 * intervalMs);
  stop.abort();
  await running;
  expect(rounds).toHaveLength(5);
  expect(new Set(rounds.map((atMs) => atMs % intervalMs))).toEqual(new Set([rounds[0]! % intervalMs]));
});

test("names spread over the interval", () => {
  const offsets = Array.from({ length: 100 }, (_, i) => scheduleOf(`fake/group-${i}`, 60_000).offsetMs);
  expect(new Set(offsets.map((offsetMs) => Math.floor(offsetMs / 10_000))).size).toBe(6);
});

test("a round that takes too long leaves out rounds, and they are counted", async () => {
  const clock = virtualClock(startMs);
  const stop = new AbortController();
  const rounds: (readonly [atMs: number, missedCount: number])[] = [];
  const running = runRounds({ intervalMs: 1000, offsetMs: 0 }, clock, stop.signal, async (atMs, missedCount) => {
    rounds.push([atMs - startMs, missedCount]);
    await clock.sleep(2500, stop.signal);
  });
  await clock.advance(9000);
  stop.abort();
  await running;
  expect(rounds).toEqual([
    [1000, 0],
    [4000, 2],
    [7000, 2],
  ]);
});

test("after the clock was set forward, rounds go on at the new time, and after it was set back too", async () => {
  const clock = virtualClock(startMs);
  let shiftMs = 0;
  const shifted = { ...clock, nowMs: () => clock.nowMs() + shiftMs };
  const stop = new AbortController();
  const rounds: number[] = [];
  const running = runRounds({ intervalMs: 1000, offsetMs: 0 }, shifted, stop.signal, async (atMs) => {
    rounds.push(atMs - startMs);
  });
  await clock.advance(2000);
  shiftMs = 60_500;
  await clock.advance(2000);
  shiftMs = 0;
  await clock.advance(3000);
  stop.abort();
  await running;
  expect(rounds).toEqual([1000, 2000, 63_000, 64_000, 5000, 6000, 7000]);
});
