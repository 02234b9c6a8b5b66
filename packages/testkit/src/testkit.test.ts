import { existsSync } from "node:fs";
import { expect, test } from "vitest";
import { logLine, randomHex, randomUuid, seededRng, temporaryDirectory, virtualClock } from "./index.ts";

test("the same seed gives the same run, another seed another one", () => {
  const draw = (seed: number): string => {
    const rng = seededRng(seed);
    return Array.from({ length: 50 }, (_, i) => logLine(rng, i)).join("\n");
  };
  expect(draw(7)).toBe(draw(7));
  expect(draw(7)).not.toBe(draw(8));
});

test("numbers lie in [0, 1) and are spread evenly", () => {
  const rng = seededRng(1);
  const buckets = Array.from({ length: 10 }, () => 0);
  for (let i = 0; i < 10_000; i++) {
    buckets[Math.floor(rng.next() * 10)]! += 1;
  }
  expect(buckets.every((count) => count > 850 && count < 1150)).toBe(true);
});

test("ids have the shape of ids", () => {
  const rng = seededRng(3);
  expect(randomUuid(rng)).toMatch(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/u);
  expect(randomHex(rng, 5)).toMatch(/^[0-9a-f]{5}$/u);
});

test("half of the lines are JSON that parses", () => {
  const rng = seededRng(5);
  const lines = Array.from({ length: 1000 }, () => logLine(rng, 0));
  const json = lines.filter((line) => line.startsWith("{"));
  expect(json.length).toBeGreaterThan(430);
  expect(json.length).toBeLessThan(570);
  expect(json.every((line) => typeof JSON.parse(line) === "object")).toBe(true);
});

test("sleepers of a virtual clock wake in the order of their times, and only when time moves", async () => {
  const clock = virtualClock(1000);
  const woke: string[] = [];
  const sleep = async (name: string, ms: number): Promise<void> => {
    await clock.sleep(ms);
    woke.push(`${name} at ${clock.nowMs()}`);
  };
  const sleepers = [sleep("late", 500), sleep("early", 200)];
  await clock.advance(100);
  expect(woke).toEqual([]);
  await clock.advance(1000);
  await Promise.all(sleepers);
  expect(woke).toEqual(["early at 1200", "late at 1500"]);
  expect(clock.nowMs()).toBe(2100);
});

test("an aborted sleep ends at once", async () => {
  const clock = virtualClock();
  const controller = new AbortController();
  const sleeping = clock.sleep(1000, controller.signal);
  controller.abort();
  await sleeping;
  await clock.sleep(1000, controller.signal);
});

test("a temporary directory goes away with its block", async () => {
  let path: string;
  {
    await using directory = await temporaryDirectory();
    path = directory.path;
    expect(existsSync(path)).toBe(true);
  }
  expect(existsSync(path)).toBe(false);
});
