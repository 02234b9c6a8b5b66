import { labelsFromRecord, noLabels, printLabels } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { resumeAlerts, stepAlerts, type ActiveSample, type Alert, type HoldTimes } from "./alert-state.ts";

const minute = 60_000;

function sample(pod: string, value = "1"): ActiveSample {
  return { labels: labelsFromRecord({ alertname: "A", pod }), annotations: noLabels, value };
}

/** Runs evaluations one minute apart; `seen[i]` are the pods active in minute i. Gives the transitions as text. */
function run(hold: Partial<HoldTimes>, seen: readonly (readonly string[])[]): readonly string[] {
  const out: string[] = [];
  let alerts: readonly Alert[] = [];
  for (const [at, pods] of seen.entries()) {
    const step = stepAlerts(
      alerts,
      pods.map((pod) => sample(pod)),
      at * minute,
      { forMs: 0, keepFiringForMs: 0, ...hold },
    );
    alerts = step.alerts;
    for (const { to, alert } of step.transitions) {
      out.push(`${at}m ${alert.labels[1]!.value} ${to}`);
    }
  }
  return out;
}

test.for([
  { title: "without `for`, the first sample fires", hold: {}, seen: [["a"], ["a"]], want: ["0m a firing"] },
  { title: "a missing sample resolves", hold: {}, seen: [["a"], [], []], want: ["0m a firing", "1m a resolved"] },
  {
    title: "every activation fires once and resolves once",
    hold: {},
    seen: [["a"], [], ["a"], ["a"], []],
    want: ["0m a firing", "1m a resolved", "2m a firing", "4m a resolved"],
  },
  {
    title: "a new alert waits out its `for`",
    hold: { forMs: 2 * minute },
    seen: [["a"], ["a"], ["a"], ["a"]],
    want: ["0m a pending", "2m a firing"],
  },
  {
    title: "a gap while pending starts the wait again",
    hold: { forMs: 2 * minute },
    seen: [["a"], ["a"], [], ["a"], ["a"], ["a"]],
    want: ["0m a pending", "2m a inactive", "3m a pending", "5m a firing"],
  },
  {
    title: "`keep_firing_for` bridges a gap",
    hold: { keepFiringForMs: 3 * minute },
    seen: [["a"], [], [], ["a"], [], [], [], []],
    want: ["0m a firing", "7m a resolved"],
  },
  {
    title: "`keep_firing_for` does not keep a pending alert",
    hold: { forMs: 2 * minute, keepFiringForMs: 3 * minute },
    seen: [["a"], []],
    want: ["0m a pending", "1m a inactive"],
  },
  {
    title: "each label set has a life of its own",
    hold: {},
    seen: [["a"], ["a", "b"], ["b"], []],
    want: ["0m a firing", "1m b firing", "2m a resolved", "3m b resolved"],
  },
])("stepAlerts: $title", ({ hold, seen, want }) => {
  expect(run(hold, seen)).toEqual(want);
});

test("an alert keeps its times and takes over value and annotations", () => {
  const hold = { forMs: 0, keepFiringForMs: minute };
  const annotations = labelsFromRecord({ summary: "now 7" });
  const first = stepAlerts([], [sample("a", "6")], 10, hold);
  const absent = stepAlerts(first.alerts, [], 20, hold);
  const again = stepAlerts(absent.alerts, [{ ...sample("a", "7"), annotations }], 30, hold);
  expect(first.alerts).toEqual([{ ...sample("a", "6"), state: "firing", activeAtMs: 10, firedAtMs: 10 }]);
  expect(absent.alerts).toEqual([{ ...first.alerts[0], absentSinceMs: 20 }]);
  expect(again.alerts).toEqual([{ ...sample("a", "7"), annotations, state: "firing", activeAtMs: 10, firedAtMs: 10 }]);
});

test("alerts come in the order of their labels, whatever the order of the samples", () => {
  const { alerts } = stepAlerts([], [sample("b"), sample("a"), sample("c")], 0, { forMs: 0, keepFiringForMs: 0 });
  expect(alerts.map((alert) => alert.labels[1]!.value)).toEqual(["a", "b", "c"]);
});

test("a pending alert does not age while nobody watches", () => {
  const hold = { forMs: 5 * minute, keepFiringForMs: 0 };
  const pending = stepAlerts([], [sample("a")], 0, hold).alerts;
  const resumed = resumeAlerts(stepAlerts(pending, [sample("a")], minute, hold).alerts, 60 * minute);
  const after = (minutes: number): string | undefined =>
    stepAlerts(resumed, [sample("a")], (61 + minutes) * minute, hold).alerts[0]?.state;
  expect(after(0)).toBe("pending");
  expect(after(3)).toBe("pending");
  expect(after(4)).toBe("firing");
});

test("a firing alert goes on firing after a time in which nobody watched", () => {
  const firing = stepAlerts([], [sample("a")], 0, { forMs: 0, keepFiringForMs: 0 }).alerts;
  expect(resumeAlerts(firing, 60 * minute)).toEqual(firing);
});

const history = fc.record({
  forMs: fc.integer({ min: 0, max: 5 }).map((n) => n * minute),
  keepFiringForMs: fc.integer({ min: 0, max: 5 }).map((n) => n * minute),
  seen: fc.array(fc.subarray(["a", "b", "c"]), { maxLength: 40 }),
});

test("property: each alert's life is (pending inactive | pending? firing resolved)*", () => {
  fc.assert(
    fc.property(history, ({ seen, ...hold }) => {
      const lives = new Map<string, string>();
      for (const line of run(hold, seen)) {
        const [, pod, to] = line.split(" ") as [string, string, string];
        lives.set(pod, `${lives.get(pod) ?? ""}${to} `);
      }
      for (const life of lives.values()) {
        expect(life).toMatch(
          /^(?:pending inactive |(?:pending )?firing resolved )*(?:pending |(?:pending )?firing )?$/u,
        );
      }
    }),
  );
});

test("property: an alert fires exactly when its sample was there for the whole of `for`", () => {
  fc.assert(
    fc.property(history, ({ seen, forMs }) => {
      let alerts: readonly Alert[] = [];
      const since = new Map<string, number>();
      for (const [at, pods] of seen.entries()) {
        alerts = stepAlerts(
          alerts,
          pods.map((pod) => sample(pod)),
          at * minute,
          { forMs, keepFiringForMs: 0 },
        ).alerts;
        for (const pod of ["a", "b", "c"]) {
          if (!pods.includes(pod)) {
            since.delete(pod);
          } else if (!since.has(pod)) {
            since.set(pod, at * minute);
          }
        }
        const want = [...since].map(([pod, from]) => `${pod} ${at * minute - from >= forMs ? "firing" : "pending"}`);
        expect(alerts.map((alert) => `${alert.labels[1]!.value} ${alert.state}`)).toEqual(want.toSorted());
      }
    }),
  );
});

test("property: a step from stored alerts is the step from the alerts themselves", () => {
  fc.assert(
    fc.property(history, ({ seen, ...hold }) => {
      let alerts: readonly Alert[] = [];
      for (const [at, pods] of seen.entries()) {
        const samples = pods.map((pod) => sample(pod, "NaN"));
        const stored = JSON.parse(JSON.stringify(alerts)) as readonly Alert[];
        const step = stepAlerts(alerts, samples, at * minute, hold);
        expect(stepAlerts(stored, samples, at * minute, hold)).toEqual(step);
        const keys = step.alerts.map((alert) => printLabels(alert.labels));
        expect(new Set(keys).size).toBe(keys.length);
        alerts = step.alerts;
      }
    }),
  );
});
