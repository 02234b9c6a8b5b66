import { expect, test } from "vitest";
import { systemClock } from "./clock.ts";

test("sleeps longer than a timer can be", async () => {
  const stopping = new AbortController();
  let woke = false;
  const sleeping = systemClock.sleep(1000 * 3_600_000, stopping.signal).then(() => (woke = true));
  await systemClock.sleep(20);
  expect(woke).toBe(false);
  stopping.abort();
  await sleeping;
});

test("a sleep of nothing, or of what was aborted before, ends", async () => {
  await systemClock.sleep(0);
  await systemClock.sleep(60_000, AbortSignal.abort());
});
