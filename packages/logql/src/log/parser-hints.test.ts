import { expect, test } from "vitest";
import { parseQuery, type Grouping, type RangeAggregation } from "../syntax/index.ts";
import { hintsOfLogQuery, hintsOfRange } from "./parser-hints.ts";

function rangeOf(stages: string): RangeAggregation {
  const operation = stages.includes("unwrap") ? "sum_over_time" : "count_over_time";
  const expression = parseQuery(`${operation}({app="x"} ${stages} [1m])`);
  if (expression.kind !== "rangeAggregation") {
    throw new Error("not a range aggregation");
  }
  return expression;
}

const byNone: Grouping = { without: false, labels: [] };
const byLevel: Grouping = { without: false, labels: ["level"] };
const withoutLevel: Grouping = { without: true, labels: ["level"] };

test.for([
  { stages: "| json", grouping: byLevel, required: ["level"], filters: [] },
  { stages: '| json | a="1" | b>2', grouping: byLevel, required: ["a", "b", "level"], filters: [] },
  {
    stages: '| json | a="1" | b>2 | c="1" or d="2"',
    grouping: byNone,
    required: ["a", "b", "c", "d"],
    filters: ["a", "b"],
  },
  { stages: '| json | a="1"', grouping: withoutLevel, required: undefined, filters: ["a"] },
  { stages: '| json | a="1"', grouping: undefined, required: undefined, filters: ["a"] },
  { stages: '| json | a=~".*"', grouping: byLevel, required: ["level"], filters: [] },
  { stages: "| json | unwrap ms", grouping: byNone, required: ["ms"], filters: [] },
  { stages: "| json | unwrap ms | x>1", grouping: byNone, required: ["x", "ms"], filters: ["x"] },
  { stages: "| json | unwrap ms | x>1 | y>1", grouping: undefined, required: undefined, filters: [] },
  {
    stages: '| json | line_format "{{.a}} {{if .b}}{{.c}}{{end}}"',
    grouping: byLevel,
    required: ["a", "b", "c", "level"],
    filters: [],
  },
  { stages: '| json | label_format x=y, z="{{.w}}"', grouping: byLevel, required: ["y", "w", "level"], filters: [] },
  { stages: "| json | drop a | keep b", grouping: byLevel, required: ["level"], filters: [] },
  { stages: '| json | app_extracted="1"', grouping: byLevel, required: ["app_extracted", "app", "level"], filters: [] },
])("$stages, $grouping", ({ stages, grouping, required, filters }) => {
  const { range } = rangeOf(stages);
  const hints = hintsOfRange(range.log.stages, grouping, range.unwrap);
  expect(hints.required && [...hints.required].toSorted()).toEqual(required?.toSorted());
  expect([...hints.filters.keys()]).toEqual(filters);
  expect(hints.noLabels).toBe(false);
});

test("when nothing is needed, parsers have nothing to do", () => {
  expect(hintsOfRange(rangeOf("| json").range.log.stages, byNone, undefined).noLabels).toBe(true);
});

test("a query that names the error gets to see it", () => {
  const stages = rangeOf('| json | __error__=""').range.log.stages;
  expect(hintsOfRange(stages, byLevel, undefined).preserveError).toBe(true);
  expect(hintsOfRange(stages, undefined, undefined).preserveError).toBe(false);
});

test("a log query needs all labels, and asks its filters as soon as it can", () => {
  const expression = parseQuery('{app="x"} | json | a="1" | b="2", c="3" | a="4"');
  const { required, filters } = hintsOfLogQuery(expression.kind === "log" ? expression.stages : []);
  expect([required, [...filters.keys()]]).toEqual([undefined, ["a"]]);
});
