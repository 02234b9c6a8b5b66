import { labelsFromRecord, type Logger, type QueryResult } from "@sluice/model";
import { quietLogger, quietMetrics, virtualClock, type VirtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { fakeSlack } from "./fake-slack.ts";
import type { Notification, Notify } from "./notification.ts";
import { RulerConfig } from "./ruler-config.ts";
import type { StateStorage } from "./ruler-state.ts";
import { startRuler, type Ruler, type RulerOptions } from "./ruler.ts";
import { slackNotifier } from "./slack.ts";

const minute = 60_000;
// A whole number of hours, so that the rounds of every test interval fall into known minutes.
const startMs = 1_700_000_000_000 - (1_700_000_000_000 % 3_600_000);
const expr = `sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited" [1m])) > 5`;

function vector(...pods: readonly string[]): QueryResult {
  const samples = pods.map((pod) => ({ labels: labelsFromRecord({ pod }), timestampMs: 0, value: 7 }));
  return { type: "vector", samples };
}

/** A world in which the rule's expression is true in the given minutes (counted from the start). */
interface World extends Pick<RulerOptions, "evaluate" | "clock"> {
  readonly clock: VirtualClock;
}

function world(activeMinutes: readonly number[]): World {
  return {
    clock: virtualClock(startMs),
    evaluate: async (_expr, timeNs) => {
      const at = Math.floor((Number(timeNs / 1_000_000n) - startMs) / minute);
      return activeMinutes.includes(at) ? vector("a") : vector();
    },
  };
}

function memoryStorage(text?: string): StateStorage & { text: string | undefined } {
  return {
    text,
    async load() {
      return this.text;
    },
    async save(next) {
      this.text = next;
    },
  };
}

function configOf(rule: object = {}, section: object = {}): RulerConfig {
  return RulerConfig.parse({
    groups: [{ name: "ai", rules: [{ alert: "TooManyErrors", expr, ...rule }] }],
    ...section,
  });
}

function start(options: Partial<RulerOptions> & World): Promise<Ruler> {
  return startRuler({
    config: configOf(),
    tenant: "fake",
    storage: memoryStorage(),
    notify: undefined,
    logger: quietLogger,
    metrics: quietMetrics,
    ...options,
  });
}

/** Takes everything and remembers it as `status@minute`. */
function recorder(): { readonly notify: Notify; readonly told: string[] } {
  const told: string[] = [];
  return {
    told,
    async notify({ status, atMs }: Notification) {
      told.push(`${status}@${Math.floor((atMs - startMs) / minute)}`);
      return { outcome: "delivered" };
    },
  };
}

/** Moves virtual time on in small steps, with real time between them for sockets, until the condition holds. */
async function until(clock: VirtualClock, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 2000 && !condition(); i++) {
    await clock.advance(250);
    await new Promise((resolve) => {
      setTimeout(resolve, 1);
    });
  }
  expect(condition()).toBe(true);
}

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

test("a restart neither repeats a message nor loses one", async () => {
  const { notify, told } = recorder();
  const storage = memoryStorage();
  const here = world([1, 2, 3, 4]);
  for (let i = 0; i < 10; i++) {
    const ruler = await start({ ...here, storage, notify });
    await here.clock.advance(minute);
    await ruler.stop();
  }
  expect(told).toEqual(["firing@1", "resolved@5"]);
});

test("a restart does not start the wait of `for` again", async () => {
  const { notify, told } = recorder();
  const storage = memoryStorage();
  const here = world([0, 1, 2, 3, 4, 5, 6]);
  for (let i = 0; i < 6; i++) {
    const ruler = await start({ ...here, storage, notify, config: configOf({ for: "3m" }) });
    await here.clock.advance(minute);
    await ruler.stop();
  }
  expect(told).toEqual(["firing@3"]);
});

test("the time without a ruler does not count for `for`", async () => {
  const { notify, told } = recorder();
  const storage = memoryStorage();
  const here = { ...world([]), evaluate: async () => vector("a") };
  const config = configOf({ for: "5m" });
  const before = await start({ ...here, storage, notify, config });
  await here.clock.advance(2 * minute);
  await before.stop();
  await here.clock.advance(60 * minute);
  const after = await start({ ...here, storage, notify, config });
  await here.clock.advance(3 * minute);
  expect(told).toEqual([]);
  await here.clock.advance(2 * minute);
  await after.stop();
  expect(told).toEqual(["firing@65"]);
});

test("a firing rule that is removed from the config is told resolved at the next start", async () => {
  const { notify, told } = recorder();
  const storage = memoryStorage();
  const here = { ...world([]), evaluate: async () => vector("a") };
  const before = await start({ ...here, storage, notify });
  await here.clock.advance(minute);
  await before.stop();
  const after = await start({ ...here, storage, notify, config: RulerConfig.parse({}) });
  await here.clock.advance(minute);
  await after.stop();
  expect(told.map((line) => line.split("@")[0])).toEqual(["firing", "resolved"]);
});

test.for([
  { title: "not JSON", text: "{" },
  { title: "another version", text: `{"version":2}` },
  { title: "damaged", text: `{"version":1,"groups":[{}],"outbox":[]}` },
])("a saved state that is $title is reported, and rules are evaluated all the same", async ({ text }) => {
  const errors: string[] = [];
  const logger: Logger = { ...quietLogger, error: (message) => errors.push(message) };
  const here = { ...world([]), evaluate: async () => vector("a") };
  const ruler = await start({ ...here, storage: memoryStorage(text), logger });
  await here.clock.advance(minute);
  expect(ruler.alerts()).toHaveLength(1);
  await ruler.stop();
  expect(errors).toEqual(["cannot read the saved alert states, starting without them"]);
});

test("a disk that takes no state silences nobody", async () => {
  const { notify, told } = recorder();
  const storage: StateStorage = {
    load: async () => undefined,
    save: () => Promise.reject(new Error("ENOSPC")),
  };
  const here = world([1, 2]);
  const ruler = await start({ ...here, storage, notify });
  await here.clock.advance(5 * minute);
  await ruler.stop();
  expect(told).toEqual(["firing@1", "resolved@3"]);
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

test("Slack gets one message for firing and one for resolved, through errors and a restart", async () => {
  await using slack = await fakeSlack([{ status: 500 }, { status: 429, headers: { "Retry-After": "5" } }]);
  const storage = memoryStorage();
  const here = world([1, 2, 3, 4]);
  const notify = slackNotifier({
    webhookUrl: async () => slack.url,
    externalUrl: "http://localhost:3100",
    tenant: "fake",
    clock: here.clock,
    timeoutMs: 5000,
  });
  const options = { ...here, storage, notify, config: configOf({ labels: { severity: "page" } }) };
  const before = await start(options);
  await until(here.clock, () => slack.posts.length === 1);
  await before.stop();
  const after = await start(options);
  await until(here.clock, () => slack.posts.length === 2);
  const limitedAtMs = here.clock.nowMs();
  await until(here.clock, () => slack.posts.length === 3);
  expect(here.clock.nowMs() - limitedAtMs).toBeGreaterThanOrEqual(5000 - 250);
  await until(here.clock, () => slack.posts.length === 4);
  await until(here.clock, () => here.clock.nowMs() > startMs + 8 * minute);
  await after.stop();
  expect(slack.posts.map(({ status, message }) => [status, message.attachments[0].title])).toEqual([
    [500, "[FIRING:1] TooManyErrors"],
    [429, "[FIRING:1] TooManyErrors"],
    [200, "[FIRING:1] TooManyErrors"],
    [200, "[RESOLVED] TooManyErrors"],
  ]);
});
