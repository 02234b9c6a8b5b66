import { expect, test } from "vitest";
import { checkGroups, type RuleGroupSpec, type RuleSpec } from "./schema.ts";

const expr = `count_over_time({a="b"}[1m]) > 5`;

function messages(...groups: readonly RuleGroupSpec[]): readonly string[] {
  return checkGroups(groups).map(({ message }) => message);
}

test("good groups have no problems", () => {
  const rule: RuleSpec = {
    alert: "A",
    expr,
    for: 60_000,
    keep_firing_for: 0,
    labels: { severity: "page" },
    annotations: { summary: "{{ $value }} in {{ $labels.pod }}" },
  };
  expect(checkGroups([])).toEqual([]);
  expect(
    checkGroups([
      { name: "g", interval: 1000, limit: 3, rules: [rule, rule] },
      { name: "h", rules: [] },
    ]),
  ).toEqual([]);
});

test.for<{ rule: RuleSpec; path: readonly string[]; want: string }>([
  { rule: { alert: "A", record: "r", expr }, path: [], want: "only one of 'record' and 'alert' must be set" },
  { rule: { expr }, path: [], want: "one of 'record' or 'alert' must be set" },
  { rule: { alert: "", expr }, path: [], want: "one of 'record' or 'alert' must be set" },
  { rule: { alert: "A" }, path: [], want: "field 'expr' must be set in rule" },
  { rule: { alert: "A", expr: "" }, path: [], want: "field 'expr' must be set in rule" },
  {
    rule: { alert: "A", expr: `{a="b"}` },
    path: ["expr"],
    want: "could not parse expression for alert 'A' in group 'g': rule result is not a vector or scalar: a log query has no samples to compare",
  },
  {
    rule: { record: "job:lines:rate5m", expr },
    path: ["record"],
    want: "recording rules are not supported: rule 'job:lines:rate5m' in group 'g' must be an alert",
  },
  { rule: { alert: "A", expr, labels: { "a-b": "x" } }, path: ["labels", "a-b"], want: "invalid label name: a-b" },
  {
    rule: { alert: "A", expr, labels: { __name__: "x" } },
    path: ["labels", "__name__"],
    want: "invalid label name: __name__",
  },
  {
    rule: { alert: "A", expr, labels: { a: "{{ $value" } },
    path: ["labels", "a"],
    want: 'label "a": unclosed action in template: "{{ $value"',
  },
  {
    rule: { alert: "A", expr, annotations: { "1st": "x" } },
    path: ["annotations", "1st"],
    want: "invalid annotation name: 1st",
  },
  {
    rule: { alert: "A", expr, annotations: { a: "{{ query }}" } },
    path: ["annotations", "a"],
    want: 'annotation "a": unsupported template action {{ query }}: use {{ $labels.name }} or {{ $value }}',
  },
])("$want", ({ rule, path, want }) => {
  const good = { alert: "Good", expr };
  expect(checkGroups([{ name: "g", rules: [good, rule] }])).toEqual([
    { path: [0, "rules", 1, ...path], message: want },
  ]);
});

test("an expression that does not parse is told with the parser's words", () => {
  const [message] = messages({ name: "g", rules: [{ alert: "A", expr: `count_over_time({a="b"}[1m]` }] });
  expect(message).toMatch(/^could not parse expression for alert 'A' in group 'g': parse error /u);
});

test("group names must be there and differ", () => {
  expect(messages({ name: "", rules: [] }, { name: "g", rules: [] }, { name: "g", rules: [] })).toEqual([
    "group 0: Groupname must not be empty",
    'groupname: "g" is repeated in the same file',
  ]);
});

test("all problems of all groups are told at once", () => {
  expect(
    messages({ name: "", rules: [{ expr }, { alert: "A" }] }, { name: "h", rules: [{ alert: "A" }] }),
  ).toHaveLength(4);
});
