import { noLabels } from "@sluice/model";
import { quietLogger, quietMetrics } from "@sluice/testkit";
import type { Alert } from "@sluice/rules";
import { expect, test } from "vitest";
import type { Notification } from "./notification.ts";
import { RulerState, type StateStorage } from "./ruler-state.ts";

const firing: Alert = {
  labels: [{ name: "alertname", value: "A" }],
  annotations: noLabels,
  value: "NaN",
  state: "firing",
  activeAtMs: 1,
  firedAtMs: 2,
  absentSinceMs: 3,
};

const pending: Alert = { labels: noLabels, annotations: noLabels, value: "+Inf", state: "pending", activeAtMs: 1 };

function notification(key: string): Notification {
  return {
    key,
    status: "firing",
    group: "g",
    name: "A",
    atMs: 5,
    alertCount: 1,
    alerts: [firing],
    commonLabels: firing.labels,
    logs: { query: "{}", fromMs: 0, toMs: 5 },
  };
}

function memory(): StateStorage & { text: string | undefined; saves: number; running: number } {
  return {
    text: undefined,
    saves: 0,
    running: 0,
    async load() {
      return this.text;
    },
    async save(text) {
      this.running += 1;
      expect(this.running).toBe(1);
      await new Promise(setImmediate);
      this.text = text;
      this.saves += 1;
      this.running -= 1;
    },
  };
}

function open(storage: StateStorage): Promise<RulerState> {
  return RulerState.open(storage, quietLogger, quietMetrics);
}

test("what was saved is there again", async () => {
  const storage = memory();
  const state = await open(storage);
  state.setAlerts({ group: "g", ruleKey: "0 A", alerts: [firing, pending] }, 5, [
    notification("k1"),
    notification("k2"),
  ]);
  state.setAlerts({ group: "__proto__", ruleKey: "0 constructor", alerts: [pending] }, 6, []);
  await state.save();
  const again = await open(storage);
  expect(again.all()).toEqual(state.all());
  expect(again.outbox).toEqual([notification("k1"), notification("k2")]);
  expect([again.evaluatedAtMs("g"), again.evaluatedAtMs("__proto__"), again.evaluatedAtMs("x")]).toEqual([
    5,
    6,
    undefined,
  ]);
});

test("a rule without alerts, and a group without any, take no room", async () => {
  const state = await open(memory());
  state.setAlerts({ group: "g", ruleKey: "0 A", alerts: [firing] }, 5, []);
  state.setAlerts({ group: "g", ruleKey: "0 A", alerts: [] }, 6, []);
  expect(state.all()).toEqual([]);
  expect(state.evaluatedAtMs("g")).toBeUndefined();
});

test("saves run one at a time, each has all up to its call, and nothing new is not saved", async () => {
  const storage = memory();
  const state = await open(storage);
  await state.save();
  expect(storage.saves).toBe(0);
  state.setAlerts({ group: "g", ruleKey: "0 A", alerts: [firing] }, 5, [notification("k1")]);
  const first = state.save();
  state.settle("k1");
  await Promise.all([first, state.save(), state.save()]);
  expect(storage.saves).toBeLessThanOrEqual(2);
  expect((await open(storage)).outbox).toEqual([]);
});

test("a failed save is made good by the next", async () => {
  const storage = memory();
  let isFull = true;
  const state = await open({
    load: () => storage.load(),
    save: (text) => (isFull ? Promise.reject(new Error("ENOSPC")) : storage.save(text)),
  });
  state.setAlerts({ group: "g", ruleKey: "0 A", alerts: [firing] }, 5, [notification("k1")]);
  await state.save();
  isFull = false;
  await state.save();
  expect((await open(storage)).outbox).toEqual([notification("k1")]);
});

test("of too many waiting notifications the oldest go", async () => {
  const state = await open(memory());
  for (let i = 0; i < 1100; i++) {
    state.setAlerts({ group: "g", ruleKey: "0 A", alerts: [firing] }, i, [notification(`k${i}`)]);
  }
  expect(state.outbox).toHaveLength(1000);
  expect(state.outbox[0]!.key).toBe("k100");
  expect(state.outbox.at(-1)!.key).toBe("k1099");
});
