import { virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { RecentPushes } from "./recent-pushes.ts";

function recent(countMax = 10): {
  pushes: RecentPushes;
  clock: ReturnType<typeof virtualClock>;
  stored: string[];
  push: (tenant: string, digest: string) => Promise<boolean>;
} {
  const clock = virtualClock();
  const pushes = new RecentPushes({ clock, periodMs: 60_000, countMax });
  const stored: string[] = [];
  const push = (tenant: string, digest: string): Promise<boolean> =>
    pushes.once(tenant, digest, async () => void stored.push(`${tenant} ${digest}`));
  return { pushes, clock, stored, push };
}

test("the same content of the same tenant is stored once, until it is forgotten", async () => {
  const { clock, stored, push } = recent();
  expect([await push("a", "x"), await push("a", "x"), await push("b", "x"), await push("a", "y")]).toEqual([
    true,
    false,
    true,
    true,
  ]);
  await clock.advance(60_000);
  expect(await push("a", "x")).toBe(true);
  expect(stored).toEqual(["a x", "b x", "a y", "a x"]);
});

test("the oldest are forgotten first, and memory stays bounded", async () => {
  const { pushes, push } = recent(3);
  for (let i = 0; i < 10; i++) {
    await push("a", `${i}`);
  }
  expect(pushes.size).toBe(3);
  expect([await push("a", "9"), await push("a", "6")]).toEqual([false, true]);
});

test("who comes while it is being stored waits, and stores it when that failed", async () => {
  const { pushes, push } = recent();
  const first = Promise.withResolvers<void>();
  const failed = pushes.once("a", "x", () => first.promise);
  const second = push("a", "x");
  const third = push("a", "x");
  first.reject(new Error("the disk is full"));
  await expect(failed).rejects.toThrow("the disk is full");
  expect([await second, await third].filter(Boolean)).toEqual([true]);
  expect(await push("a", "x")).toBe(false);
});

test("what was stored before the process began counts", async () => {
  const { pushes, push } = recent();
  pushes.add("a", "x");
  expect(await push("a", "x")).toBe(false);
});
