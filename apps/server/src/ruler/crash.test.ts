import { labelsFromRecord, type QueryResult } from "@sluice/model";
import { quietLogger, quietMetrics, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { RulerConfig } from "./ruler-config.ts";
import { startRuler } from "./ruler.ts";

const minute = 60_000;
const startMs = 1_700_000_040_000;
const config = RulerConfig.parse({
  groups: [{ name: "g", rules: [{ alert: "A", expr: `count_over_time({a="b"}[1m]) > 5`, for: "1m" }] }],
});

/** The rule is true in two spells, long enough that a round lost to the crash hides neither. */
async function evaluate(_expr: string, timeNs: bigint): Promise<QueryResult> {
  const at = Math.floor((Number(timeNs / 1_000_000n) - startMs) / minute);
  const isActive = (at >= 2 && at < 8) || (at >= 12 && at < 18);
  const samples = [{ labels: labelsFromRecord({ pod: "a" }), timestampMs: 0, value: 7 }];
  return { type: "vector", samples: isActive ? samples : [] };
}

/** A ruler that is killed at its n-th step outside of its own memory, before or just after that step is done. */
async function runWithCrash(stepIndex: number, when: "before" | "after"): Promise<{ told: string[]; steps: string[] }> {
  const clock = virtualClock(startMs);
  const told: string[] = [];
  const steps: string[] = [];
  let stored: string | undefined;
  let isAlive = true;
  const never = new Promise<never>(() => {});

  const step = async (name: string, work: () => void): Promise<void> => {
    if (!isAlive) {
      return await never;
    }
    const isLast = steps.length === stepIndex;
    steps.push(name);
    isAlive = !isLast;
    if (!isLast || when === "after") {
      work();
    }
    if (isLast) {
      await never;
    }
  };
  const start = () =>
    startRuler({
      config,
      tenant: "fake",
      evaluate: async (expr, timeNs) => (isAlive ? await evaluate(expr, timeNs) : await never),
      storage: {
        load: async () => stored,
        save: (text) => step("save", () => (stored = text)),
      },
      notify: async ({ status }) => {
        await step(status, () => told.push(status));
        return { outcome: "delivered" };
      },
      clock,
      logger: quietLogger,
      metrics: quietMetrics,
    });

  await start();
  for (let i = 0; i < 25 && isAlive; i++) {
    await clock.advance(minute);
  }
  const crashed = !isAlive;
  isAlive = true;
  // What is left of the killed ruler waits for ever; a new one goes on with what it had saved.
  if (crashed) {
    const ruler = await restartAfterCrash(start, steps, stepIndex);
    await clock.advance(startMs + 25 * minute - clock.nowMs());
    await ruler.stop();
  }
  return { told, steps };
}

async function restartAfterCrash<T>(start: () => Promise<T>, steps: string[], stepIndex: number): Promise<T> {
  // So that the restarted ruler's steps are not taken for the fatal one.
  while (steps.length <= stepIndex) {
    steps.push("lost");
  }
  return await start();
}

test("a kill at any moment loses no message, and repeats one only between its delivery and the next save", async () => {
  const undisturbed = await runWithCrash(Infinity, "before");
  expect(undisturbed.told).toEqual(["firing", "resolved", "firing", "resolved"]);
  expect(undisturbed.steps.length).toBeGreaterThan(12);
  for (const [index, name] of undisturbed.steps.entries()) {
    for (const when of ["before", "after"] as const) {
      const { told } = await runWithCrash(index, when);
      const where = `killed ${when} step ${index} (${name}): ${told.join(" ")}`;
      const changes = told.filter((status, i) => status !== told[i - 1]);
      expect(changes, where).toEqual(["firing", "resolved", "firing", "resolved"]);
      const wasTaken = name !== "save" && when === "after";
      const isSettling = name === "save" && when === "before" && undisturbed.steps[index - 1] !== "save" && index > 0;
      expect(told.length - changes.length, where).toBeLessThanOrEqual(wasTaken || isSettling ? 1 : 0);
    }
  }
});
