import { expect, test } from "vitest";
import { parseRuleQuery } from "./rule-query.ts";

test.for([
  {
    expr: `sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited" [1m])) > 5`,
    want: {
      text: `(sum(count_over_time({namespace="ai-prod"} |~ "error|rate_limited"[1m])) > 5)`,
      logs: { query: `{namespace="ai-prod"} |~ "error|rate_limited"`, rangeMs: 60_000, offsetMs: 0 },
    },
  },
  {
    expr: `rate({a="b"}[5m] offset 10m) > 1`,
    want: {
      text: `(rate({a="b"}[5m] offset 10m0s) > 1)`,
      logs: { query: `{a="b"}`, rangeMs: 300_000, offsetMs: 600_000 },
    },
  },
  {
    expr: `1 - sum(rate({a="b"} |= "x"[1m])) / sum(rate({a="b"}[2m])) < 0.9`,
    want: { logs: { query: `{a="b"} |= "x"`, rangeMs: 60_000, offsetMs: 0 } },
  },
  { expr: `vector(1) > 0`, want: { logs: undefined } },
])("parse $expr", ({ expr, want }) => {
  expect(parseRuleQuery(expr)).toMatchObject(want);
});

test.for([
  { expr: `{a="b"} |= "x"`, want: "rule result is not a vector or scalar" },
  { expr: `sum(count_over_time({a="b"}[1m]) > `, want: "parse error" },
])("refuse $expr", ({ expr, want }) => {
  expect(() => parseRuleQuery(expr)).toThrow(want);
});
