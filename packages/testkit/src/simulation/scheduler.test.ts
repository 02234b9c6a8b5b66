import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { seededRng } from "../random.ts";
import { runDeterministically } from "./deterministic.ts";
import { Scheduler } from "./scheduler.ts";

/** Three workers that take turns. @returns the order in which they came. */
async function orderOf(seed: number): Promise<string> {
  const order: string[] = [];
  const scheduler = new Scheduler({ rng: seededRng(seed), stepsMax: 1000, onStep: (_, what) => void order.push(what) });
  const work = async (name: string): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      await scheduler.step({}, name);
    }
  };
  await scheduler.run(Promise.all(["a", "b", "c"].map(work)));
  expect(scheduler.stepCount).toBe(15);
  return order.join("");
}

test("the seed decides the order", async () => {
  expect(await orderOf(1)).toBe(await orderOf(1));
  const orders = new Set(await Promise.all(Array.from({ length: 20 }, (_, seed) => orderOf(seed))));
  expect(orders.size).toBeGreaterThan(15);
});

test("what an owner that was dropped waits for never happens", async () => {
  const scheduler = new Scheduler({ rng: seededRng(1), stepsMax: 1000 });
  const owner = {};
  let happened = false;
  void scheduler.step(owner, "dropped").then(() => (happened = true));
  scheduler.drop(owner);
  await scheduler.run(scheduler.step({}, "kept"));
  expect(happened).toBe(false);
});

test("what stands still or does not end is an error, and an error of the work is passed on", async () => {
  const newScheduler = (): Scheduler => new Scheduler({ rng: seededRng(1), stepsMax: 100 });
  await expect(newScheduler().run(new Promise(() => {}))).rejects.toThrow("stands still");
  const endless = newScheduler();
  const work = async (): Promise<void> => {
    for (;;) {
      await endless.step({}, "again");
    }
  };
  await expect(endless.run(work())).rejects.toThrow("does not come to an end within 100 steps");
  await expect(newScheduler().run(Promise.reject(new Error("broken")))).rejects.toThrow("broken");
});

test("ids come from the seed and time stands still, until the end", async () => {
  const draw = (): Promise<readonly [string, number]> =>
    runDeterministically(seededRng(5), async () => [randomUUID(), performance.now()]);
  const drawn = await draw();
  expect(await draw()).toEqual(drawn);
  expect(drawn[1]).toBe(0);
  expect(randomUUID()).not.toBe(randomUUID());
  expect(performance.now()).toBeGreaterThan(0);
});
