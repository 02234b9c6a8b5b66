import { parseQuery } from "@sluice/logql/syntax";
import { expect, test } from "vitest";
import { isBlocked } from "./blocked-queries.ts";

const any = { pattern: "", regex: false, hash: 0, types: [], query_tags: {} };
const query = '{app="x"} |= "y"';

test.for([
  { title: "all queries", rules: [any], want: true },
  { title: "no rules", rules: [], want: false },
  { title: "the same text, but for spaces around it", rules: [{ ...any, pattern: ` ${query} ` }], want: true },
  { title: "another text", rules: [{ ...any, pattern: '{app="x"}' }], want: false },
  { title: "a pattern", rules: [{ ...any, pattern: 'app="."', regex: true }], want: true },
  // Of Go: fnv.New32() over the query.
  { title: "its hash", rules: [{ ...any, hash: 1_701_989_507 }], want: true },
  { title: "another hash", rules: [{ ...any, hash: 1 }], want: false },
  { title: "another kind", rules: [{ ...any, types: ["metric" as const] }], want: false },
  { title: "its kind", rules: [{ ...any, types: ["filter" as const] }], want: true },
  {
    title: "the first rule that fits, though it lets through",
    rules: [{ ...any, pattern: query, types: ["metric" as const] }, any],
    want: false,
  },
  { title: "a text that is no pattern of itself", rules: [{ ...any, pattern: query, regex: true }], want: true },
  { title: "its tags", rules: [{ ...any, query_tags: { source: "Grafana" } }], want: true },
  { title: "other tags", rules: [{ ...any, query_tags: { Source: "grafana", Feature: "beta" } }], want: false },
])("$title: $want", ({ rules, want }) => {
  expect(isBlocked(query, parseQuery(query), rules, "Source=grafana, User=ann")).toBe(want);
});
