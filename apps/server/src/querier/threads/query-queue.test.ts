import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { QueryQueue } from "./query-queue.ts";

const { signal } = new AbortController();

/** Enters and notes it. */
function enter(queue: QueryQueue, who: string, entered: string[], left = signal): Promise<() => void> {
  return queue.enter(who, left).then((leave) => {
    entered.push(who);
    return leave;
  });
}

test("who finds a place enters at once", async () => {
  const queue = new QueryQueue({ placesMax: 2, waitingMax: 0 });
  const leave = await queue.enter("a", signal);
  await queue.enter("a", signal);
  await expect(queue.enter("a", signal)).rejects.toMatchObject({
    code: "rate_limited",
    message: "too many outstanding requests",
  });
  leave();
  // Twice is once.
  leave();
  await queue.enter("a", signal);
  await expect(queue.enter("b", signal)).rejects.toMatchObject({ code: "rate_limited" });
});

test("a queue with many does not keep others waiting: the one with the fewest inside is next", async () => {
  const queue = new QueryQueue({ placesMax: 3, waitingMax: 10 });
  const entered: string[] = [];
  const inside = await Promise.all(["a", "a", "a"].map((who) => enter(queue, who, entered)));
  const waiting = ["a", "a", "a", "b", "b", "c"].map((who) => enter(queue, who, entered));
  await setImmediate();
  for (const leave of inside) {
    leave();
  }
  await setImmediate();
  expect(entered.slice(3)).toEqual(["b", "c", "a"]);
  (await waiting[3]!)();
  await waiting[4];
  expect(entered.slice(6)).toEqual(["b"]);
  expect(queue.waitingCount).toBe(2);
});

test("who gives up waiting is not in anyone's way", async () => {
  const queue = new QueryQueue({ placesMax: 1, waitingMax: 1 });
  const leave = await queue.enter("a", signal);
  const leaving = new AbortController();
  const waiting = queue.enter("a", leaving.signal);
  await expect(queue.enter("a", signal)).rejects.toMatchObject({ code: "rate_limited" });
  const reason = new Error("gone");
  leaving.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(queue.waitingCount).toBe(0);
  const next = queue.enter("a", signal);
  leave();
  (await next)();
  await expect(queue.enter("a", leaving.signal)).rejects.toBe(reason);
  await queue.enter("a", signal);
});
