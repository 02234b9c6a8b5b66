import type { Logger } from "@sluice/model";
import { quietLogger, type VirtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { fakeSlack } from "./fake-slack.ts";
import { RulerConfig } from "./ruler-config.ts";
import type { StateStorage } from "./ruler-state.ts";
import { configOf, expr, memoryStorage, minute, recorder, start, startMs, vector, world } from "./ruler-world.ts";
import { slackNotifier } from "./slack.ts";

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

test("a message is saved as sent at once, not at the next round", async () => {
  const { notify, told } = recorder();
  const storage = memoryStorage();
  const here = { ...world([]), evaluate: async () => vector("a") };
  let attempts = 0;
  const ruler = await start({
    ...here,
    storage,
    notify: async (notification, signal) => {
      attempts += 1;
      return attempts === 1 ? { outcome: "retry", reason: "down" } : await notify(notification, signal);
    },
  });
  await here.clock.advance(minute);
  expect(told).toEqual(["firing@0"]);
  // As after a kill: what the storage has now, without a word from the first ruler.
  const afterKill = await start({ ...world([]), storage: memoryStorage(storage.text), notify });
  await afterKill.stop();
  await ruler.stop();
  expect(told).toEqual(["firing@0"]);
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

test("a rule that is removed does not make the others forget how long nobody watched", async () => {
  const { notify, told } = recorder();
  const storage = memoryStorage();
  const here = { ...world([]), evaluate: async () => vector("a") };
  const rules = [
    { alert: "Stays", expr, for: "5m" },
    { alert: "Goes", expr, for: "5m" },
  ];
  const withRules = (count: number): RulerConfig =>
    RulerConfig.parse({ groups: [{ name: "ai", rules: rules.slice(0, count) }] });
  const before = await start({ ...here, storage, notify, config: withRules(2) });
  await here.clock.advance(2 * minute);
  await before.stop();
  await here.clock.advance(60 * minute);
  const after = await start({ ...here, storage, notify, config: withRules(1) });
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
