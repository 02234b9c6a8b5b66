import { expect, test } from "vitest";
import { planQuery, type QueryPlan } from "./plan-query.ts";

const minute = 60_000_000_000n;

function plan(query: string): Promise<QueryPlan> {
  const base = { tenant: "t", limit: 100, direction: "backward" } as const;
  return planQuery({ ...base, query, startNs: 10n * minute, endNs: 20n * minute, stepMs: 60_000 });
}

test("a log query: the range, the texts and labels that prune, the stages as they run", async () => {
  const { kind, query, scans } = await plan('{app="web"} | trace="abc" | json | level="error" |= "timeout"');
  expect(kind).toBe("log");
  expect(query).toBe('{app="web"} | trace="abc" | json | level="error" |= "timeout"');
  const [scan] = scans;
  expect(scan).toMatchObject({
    selector: '{app="web"}',
    request: { tenant: "t", startNs: 10n * minute, endNs: 20n * minute, equalities: [{ name: "trace", value: "abc" }] },
    fields: undefined,
  });
  expect(scan!.request.needles!.map((needle) => new TextDecoder().decode(needle))).toEqual(["timeout"]);
  expect(scan!.stages.map(({ text }) => text)).toEqual(['| trace="abc"', "| json", '| level="error"', '|= "timeout"']);
});

test("a metric query: each selector with its window and offset, from the left", async () => {
  const { kind, scans } = await plan('sum(rate({app="web"}[5m])) / sum(rate({app="db"}[1m] offset 1h))');
  expect(kind).toBe("metric");
  expect(scans.map(({ selector, request: { startNs, endNs } }) => [selector, startNs, endNs])).toEqual([
    ['{app="web"}', 5n * minute + 1n, 20n * minute + 1n],
    ['{app="db"}', (10n - 1n - 60n) * minute + 1n, (20n - 60n) * minute + 1n],
  ]);
  expect(scans.every(({ request }) => request.isCounting)).toBe(true);
});

test("line filters run before parsers", async () => {
  const { scans } = await plan('{app="web"} | logfmt |= "a b" | x="1"');
  expect(scans[0]!.stages.map(({ text }) => text)).toEqual(['|= "a b"', "| logfmt", '| x="1"']);
});

test.for([
  { query: '{app="web"}', fields: [] },
  { query: '{app="web"} | json', fields: undefined },
  { query: 'sum by (status) (count_over_time({app="web"} | json | level="error" [1m]))', fields: ["level", "status"] },
  { query: 'sum(count_over_time({app="web"} | json [1m]))', fields: [] },
  { query: 'count_over_time({app="web"} | json [1m])', fields: undefined },
  { query: 'quantile_over_time(0.9, {app="web"} | logfmt | unwrap ms [1m]) by (path)', fields: ["ms", "path"] },
])("$query looks for the fields $fields", async ({ query, fields }) => {
  expect((await plan(query)).scans[0]!.fields).toEqual(fields);
});

test("a number needs nothing", async () => {
  expect(await plan("1 + 1")).toEqual({ kind: "metric", query: "2", scans: [], advice: [] });
});

test.for<{ readonly query: string; readonly advice: readonly RegExp[] }>([
  { query: '{app="web"} |= " timeout "', advice: [] },
  { query: '{app="web"} |= " timeout " | json | level="error"', advice: [] },
  { query: '{app=~"web|db"}', advice: [/^no label of the selector/u] },
  {
    query: '{app="web"} |= "timeout"',
    advice: [/^no line filter holds a whole word.*"timeout" may be a part of one/u],
  },
  { query: '{app="web"} |~ "[0-9]+"', advice: [/^\|~ "\[0-9\]\+" has no text that every match holds/u] },
  { query: '{app="web"} |~ "x inside z"', advice: [/looks for a plain text: \|= "x inside z" is quicker$/u] },
  { query: '{app="web"} | json | level="error"', advice: [/^\| json reads every line: put \|= "error" before it/u] },
  { query: '{app="web"} | logfmt', advice: [/^\| logfmt reads every line: put a line filter before it/u] },
  { query: '{app="web"} | trace="x" | json', advice: [] },
  {
    query: 'rate({app="web"} |= " inside " | json [1m])',
    advice: [/^every set of labels that \| json finds becomes a series/u],
  },
])("advice on $query", async ({ query, advice }) => {
  const given = (await plan(query)).advice;
  expect(given).toHaveLength(advice.length);
  for (const [i, sentence] of given.entries()) {
    expect(sentence).toMatch(advice[i]!);
  }
});

test("what is wrong with a query is told as when it runs", async () => {
  await expect(plan("{app=}")).rejects.toMatchObject({ code: "bad_data" });
});
