import { labelsFromRecord, type QueryResult } from "@sluice/model";
import { quietLogger, quietMetrics, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { RulerConfig } from "./ruler-config.ts";
import { startRuler, type Ruler } from "./ruler.ts";

const minute = 60_000;
const startMs = 1_700_000_040_000;
const changes = ["firing", "resolved", "firing", "resolved"];

const config = RulerConfig.parse({
  groups: [{ name: "g", rules: [{ alert: "A", expr: `count_over_time({a="b"}[1m]) > 5`, for: "1m" }] }],
});

/** The rule is true in two spells, long enough that a round lost to the crash hides neither. */
function resultAt(atMs: number): QueryResult {
  const at = Math.floor((atMs - startMs) / minute);
  const isActive = (at >= 2 && at < 8) || (at >= 12 && at < 18);
  const samples = [{ labels: labelsFromRecord({ pod: "a" }), timestampMs: 0, value: 7 }];
  return { type: "vector", samples: isActive ? samples : [] };
}

/** The step at which the ruler is killed: everything that leaves its memory is a step. */
interface Kill {
  readonly stepIndex: number;
  /** Whether the step still happened; the ruler never learns of it either way. */
  readonly done: boolean;
}

/** Runs a ruler for 25 minutes; when it is killed, a second one goes on from what the first had saved. */
async function run(kill: Kill | undefined): Promise<{ readonly told: string[]; readonly steps: string[] }> {
  const clock = virtualClock(startMs);
  const told: string[] = [];
  const steps: string[] = [];
  let stored: string | undefined;
  let wasKilled = false;
  const never = new Promise<never>(() => {});

  const start = (life: "first" | "second"): Promise<Ruler> => {
    const isDead = (): boolean => life === "first" && wasKilled;
    const step = async (name: string, work: () => void): Promise<void> => {
      const isKilledHere = !wasKilled && kill?.stepIndex === steps.length;
      if (!isDead() && (!isKilledHere || kill.done)) {
        work();
      }
      steps.push(name);
      wasKilled ||= isKilledHere;
      if (isDead()) {
        await never;
      }
    };
    return startRuler({
      config,
      tenant: "fake",
      evaluate: async (_expr, timeNs) => (isDead() ? await never : resultAt(Number(timeNs / 1_000_000n))),
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
  };

  const first = await start("first");
  for (let i = 0; i < 25 && !wasKilled; i++) {
    await clock.advance(minute);
  }
  // What is left of a killed ruler waits for ever.
  const last = wasKilled ? await start("second") : first;
  await clock.advance(startMs + 25 * minute - clock.nowMs());
  await last.stop();
  return { told, steps };
}

test("a kill at any moment loses no message, and repeats one only between its delivery and the next save", async () => {
  const { told: toldUndisturbed, steps } = await run(undefined);
  expect(toldUndisturbed).toEqual(changes);
  expect(steps.length).toBeGreaterThan(12);
  for (const [stepIndex, name] of steps.entries()) {
    for (const done of [false, true]) {
      const { told } = await run({ stepIndex, done });
      const where = `killed at step ${stepIndex}, ${name} ${done ? "done" : "not done"}: ${told.join(" ")}`;
      const isTakenAndNotSaved = name === "save" ? !done && stepIndex > 0 && steps[stepIndex - 1] !== "save" : done;
      expect(
        told.filter((status, i) => status !== told[i - 1]),
        where,
      ).toEqual(changes);
      expect(told.length - changes.length, where).toBe(isTakenAndNotSaved ? 1 : 0);
    }
  }
});
