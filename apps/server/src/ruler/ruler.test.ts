import type { Logger, QueryResult } from "@sluice/model";
import { quietLogger } from "@sluice/testkit";
import { expect, test } from "vitest";
import type { Notify } from "./notification.ts";
import { RulerConfig } from "./ruler-config.ts";
import { configOf, expr, minute, recorder, start, vector, world } from "./ruler-world.ts";
import type { RulerOptions } from "./ruler.ts";

test("one message when it fires and one when it resolves", async () => {
  const { notify, told } = recorder();
  const here = world([2, 3, 4, 8]);
  const ruler = await start({ ...here, notify });
  await here.clock.advance(12 * minute);
  await ruler.stop();
  expect(told).toEqual(["firing@2", "resolved@5", "firing@8", "resolved@9"]);
});

test("an alert that waits for its `for` is shown pending and told only when it fires", async () => {
  const { notify, told } = recorder();
  const here = world([0, 1, 2, 3, 4, 5]);
  const ruler = await start({ ...here, notify, config: configOf({ for: "3m" }) });
  await here.clock.advance(2 * minute);
  expect(ruler.alerts()).toMatchObject([{ state: "pending", value: "7" }]);
  expect(told).toEqual([]);
  await here.clock.advance(3 * minute);
  expect(ruler.alerts()).toMatchObject([{ state: "firing" }]);
  await ruler.stop();
  expect(told).toEqual(["firing@3"]);
});

test("the alerts of one rule that change together share a message", async () => {
  const counts: number[] = [];
  const here = { ...world([]), evaluate: async () => vector("a", "b", "c") };
  const notify: Notify = async ({ alertCount }) => {
    counts.push(alertCount);
    return { outcome: "delivered" };
  };
  const ruler = await start({ ...here, notify });
  await here.clock.advance(3 * minute);
  await ruler.stop();
  expect(counts).toEqual([3]);
});

test("the query runs at the time of the round, a whole interval after the last", async () => {
  const times: number[] = [];
  const here = world([]);
  const evaluate: RulerOptions["evaluate"] = async (text, timeNs) => {
    expect(text).toBe(expr);
    times.push(Number(timeNs / 1_000_000n));
    return vector();
  };
  const config = RulerConfig.parse({
    evaluation_interval: "1h",
    groups: [{ name: "ai", interval: "10s", rules: [{ alert: "A", expr }] }],
  });
  const ruler = await start({ ...here, evaluate, config });
  await here.clock.advance(minute);
  await ruler.stop();
  expect(times).toHaveLength(6);
  expect(new Set(times.map((time) => time % 10_000)).size).toBe(1);
});

test("a round that takes too long makes the group skip rounds, never run two at once", async () => {
  const here = world([]);
  let running = 0;
  const times: number[] = [];
  const evaluate: RulerOptions["evaluate"] = async (_expr, timeNs) => {
    running += 1;
    expect(running).toBe(1);
    times.push(Number(timeNs / 1_000_000n));
    await here.clock.sleep(2.5 * minute);
    running -= 1;
    return vector();
  };
  const ruler = await start({ ...here, evaluate });
  await here.clock.advance(10 * minute);
  expect(times.slice(1).map((time, i) => time - times[i]!)).toEqual([3 * minute, 3 * minute, 3 * minute]);
  const stopped = ruler.stop();
  await here.clock.advance(3 * minute);
  await stopped;
});

test("a failing evaluation is the rule's health; its alerts stay and the loop goes on", async () => {
  const { notify, told } = recorder();
  const warnings: string[] = [];
  const logger: Logger = { ...quietLogger, warn: (message) => warnings.push(message) };
  const here = world([]);
  let answer: () => QueryResult = () => vector("a");
  const ruler = await start({ ...here, evaluate: async () => answer(), notify, logger });
  await here.clock.advance(minute);
  answer = () => {
    throw new Error("too many outstanding requests");
  };
  await here.clock.advance(minute);
  expect(ruler.groups()[0]!.rules[0]).toMatchObject({
    lastError: "too many outstanding requests",
    alerts: [{ state: "firing" }],
  });
  answer = () => ({ type: "streams", streams: [] });
  await here.clock.advance(minute);
  expect(ruler.groups()[0]!.rules[0]!.lastError).toBe("rule result is not a vector or scalar");
  answer = () => vector();
  await here.clock.advance(minute);
  expect(ruler.groups()[0]!.rules[0]).toMatchObject({ lastError: undefined, alerts: [] });
  await ruler.stop();
  expect(told.map((line) => line.split("@")[0])).toEqual(["firing", "resolved"]);
  expect(warnings).toEqual(["rule evaluation failed", "rule evaluation failed"]);
});

test("one broken rule does not keep the others from being evaluated", async () => {
  const here = world([]);
  const config = RulerConfig.parse({
    groups: [
      {
        name: "ai",
        rules: [
          { alert: "Broken", expr: `count_over_time({a="b"}[1m])` },
          { alert: "Good", expr },
        ],
      },
    ],
  });
  const evaluate: RulerOptions["evaluate"] = async (text) => {
    if (text !== expr) {
      throw new Error("broken");
    }
    return vector("a");
  };
  const ruler = await start({ ...here, config, evaluate });
  await here.clock.advance(minute);
  expect(ruler.groups()[0]!.rules.map(({ lastError, alerts }) => [lastError, alerts.length])).toEqual([
    ["broken", 0],
    [undefined, 1],
  ]);
  await ruler.stop();
});

test("more alerts than the group's limit are an error, not a flood", async () => {
  const { notify, told } = recorder();
  const here = { ...world([]), evaluate: async () => vector("a", "b", "c") };
  const config = RulerConfig.parse({ groups: [{ name: "ai", limit: 2, rules: [{ alert: "A", expr }] }] });
  const ruler = await start({ ...here, notify, config });
  await here.clock.advance(minute);
  expect(ruler.groups()[0]!.rules[0]!.lastError).toBe("exceeded limit of 2 with 3 alerts");
  await ruler.stop();
  expect(told).toEqual([]);
});

test("while the receiver is down messages wait in order, and evaluations go on", async () => {
  const { notify, told } = recorder();
  let isDown = true;
  const here = world([1, 3]);
  const ruler = await start({
    ...here,
    notify: async (notification, signal) =>
      isDown ? { outcome: "retry", reason: "down" } : await notify(notification, signal),
  });
  await here.clock.advance(6 * minute);
  expect(told).toEqual([]);
  isDown = false;
  await here.clock.advance(2 * minute);
  await ruler.stop();
  expect(told).toEqual(["firing@1", "resolved@2", "firing@3", "resolved@4"]);
});

test("a message that the receiver refuses for good does not hold up the next", async () => {
  const { notify, told } = recorder();
  const here = world([1, 3]);
  const ruler = await start({
    ...here,
    notify: async (notification, signal) =>
      notification.status === "firing"
        ? { outcome: "refused", reason: "status 400" }
        : await notify(notification, signal),
  });
  await here.clock.advance(6 * minute);
  await ruler.stop();
  expect(told).toEqual(["resolved@2", "resolved@4"]);
});

test("a message that nobody could take for a day is given up", async () => {
  const { notify, told } = recorder();
  const here = world([1]);
  const ruler = await start({
    ...here,
    notify: async (notification, signal) =>
      notification.status === "firing"
        ? { outcome: "retry", reason: "status 500" }
        : await notify(notification, signal),
  });
  await here.clock.advance(23 * 60 * minute);
  expect(told).toEqual([]);
  await here.clock.advance(2 * 60 * minute);
  await ruler.stop();
  expect(told).toEqual(["resolved@2"]);
});

test("a stop ends a query that runs, and an attempt to send after a grace", async () => {
  const aborted: string[] = [];
  const waitFor = async (name: string, signal: AbortSignal): Promise<void> => {
    await new Promise((resolve) => {
      signal.addEventListener("abort", resolve);
    });
    aborted.push(name);
  };
  const here = world([]);
  let rounds = 0;
  const ruler = await start({
    ...here,
    evaluate: async (_expr, _timeNs, signal) => {
      rounds += 1;
      if (rounds > 1) {
        await waitFor("query", signal);
        throw new Error("aborted");
      }
      return vector("a");
    },
    notify: async (_notification, signal) => {
      await waitFor("send", signal);
      return { outcome: "retry", reason: "aborted" };
    },
  });
  await here.clock.advance(2 * minute);
  const stopped = ruler.stop();
  await here.clock.advance(0);
  await new Promise(setImmediate);
  expect(aborted).toEqual(["query"]);
  await here.clock.advance(5000);
  await stopped;
  expect(aborted).toEqual(["query", "send"]);
  // Being stopped is nothing that went wrong with the rule.
  expect(ruler.groups()[0]!.rules[0]!.lastError).toBeUndefined();
});
