import { createKernels } from "@sluice/kernels";
import { batchOf, labelsFromRecord } from "@sluice/model";
import { expect, test } from "vitest";
import { compileEntryFilter } from "./entry-filter.ts";

const lines = ['{"user":"ann","ms":5}', '{"user":"bob","ms":50}', "not json", "ann, on two\nlines", "annual"];
const batch = batchOf(
  lines.map((line, i) => ({
    timestampNs: BigInt(i),
    line,
    metadata: labelsFromRecord(i % 2 === 0 ? { trace: "even" } : {}),
  })),
);
const labels = labelsFromRecord({ app: "web" });

test.for([
  { query: '{app="web"} |= "ann"', rows: [0, 3, 4] },
  { query: '{app="web"} != "ann"', rows: [1, 2] },
  { query: '{app="web"} |~ "^ann" |= "on"', rows: [3] },
  { query: '{app="web"} | trace="even"', rows: [0, 2, 4] },
  { query: '{app="web"} | json | ms > 10', rows: [1] },
  { query: '{app="web"} |= "user" | json | user="ann"', rows: [0] },
])("$query", ({ query, rows }) => {
  for (const kernels of [undefined, createKernels()]) {
    const filter = compileEntryFilter(query, kernels);
    expect(filter.matchers).toEqual([{ name: "app", operator: "=", value: "web" }]);
    expect(filter.rows!(labels, batch, 0, batch.count)).toEqual(rows);
    const [from, to] = [1, 4];
    expect(filter.rows!(labels, batch, from, to)).toEqual(rows.filter((row) => row >= from && row < to));
  }
});

test("a selector alone means all entries, and what storage can skip by is told", () => {
  expect(compileEntryFilter('{app="web"}').rows).toBeUndefined();
  const { needles, equalities } = compileEntryFilter('{app="web"} |= "id=1" | trace="even"');
  expect(needles.map((needle) => new TextDecoder().decode(needle))).toEqual(["id=1"]);
  expect(equalities).toEqual([{ name: "trace", value: "even" }]);
});

test.for([
  { query: '{app="web"', text: "parse error" },
  { query: 'count_over_time({app="web"}[1m])', text: "only log selector is supported" },
  { query: '{app="web"} | json', text: "no stage of the query is a filter" },
])("refuses $query", ({ query, text }) => {
  expect(() => compileEntryFilter(query)).toThrow(text);
});
