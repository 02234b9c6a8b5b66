import { labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { compileExpiry, type RetentionRule } from "./retention-policy.ts";

const dayMs = 86_400_000;
const nowMs = 1000 * dayMs;

function rule(app: string, priority: number, days: number): RetentionRule {
  return { matchers: [{ name: "app", operator: "=~", value: app }], priority, periodMs: days * dayMs };
}

/** Days that `{app="web"}` is kept; undefined for forever. */
function daysKept(days: number, rules: readonly RetentionRule[]): number | undefined {
  const expiry = compileExpiry({ periodMs: days * dayMs, rules }, nowMs);
  const cutoffNs = expiry.cutoffOf(labelsFromRecord({ app: "web" }));
  return cutoffNs === undefined ? undefined : nowMs / dayMs - Number(cutoffNs / 1_000_000n) / dayMs;
}

test.for([
  { title: "no rules", days: 30, rules: [], want: 30 },
  { title: "nothing is configured", days: 0, rules: [], want: undefined },
  { title: "no rule matches", days: 30, rules: [rule("db", 9, 1)], want: 30 },
  { title: "one rule matches, shorter", days: 30, rules: [rule("web", 0, 1)], want: 1 },
  { title: "one rule matches, longer", days: 30, rules: [rule("web", 0, 365)], want: 365 },
  { title: "the highest priority", days: 30, rules: [rule("web", 1, 1), rule("w.*", 2, 9)], want: 9 },
  {
    title: "the highest priority, in whatever order",
    days: 30,
    rules: [rule("w.*", 2, 9), rule("web", 1, 1)],
    want: 9,
  },
  { title: "of equal priorities the shortest", days: 30, rules: [rule("web", 1, 7), rule("w.*", 1, 5)], want: 5 },
  { title: "0 is forever, not the shortest", days: 30, rules: [rule("web", 1, 0), rule("w.*", 1, 5)], want: 5 },
  { title: "a rule that keeps forever", days: 30, rules: [rule("web", 1, 0)], want: undefined },
  { title: "matchers are anchored", days: 30, rules: [rule("we", 1, 1)], want: 30 },
])("retention: $title", ({ days, rules, want }) => {
  expect(daysKept(days, rules)).toBe(want);
});

test("bounds for whole segments", () => {
  const at = (daysAgo: number): bigint => BigInt(nowMs - daysAgo * dayMs) * 1_000_000n;
  const policy = { periodMs: 30 * dayMs, rules: [rule("a", 1, 1), rule("b", 1, 90)] };
  expect(compileExpiry(policy, nowMs)).toEqual(expect.objectContaining({ allBeforeNs: at(90), noneFromNs: at(1) }));
  const forever = { periodMs: 0, rules: [rule("a", 1, 1)] };
  expect(compileExpiry(forever, nowMs)).toEqual(expect.objectContaining({ allBeforeNs: undefined, noneFromNs: at(1) }));
});
