import type { ExplainData, ExplainResponse } from "@sluice/api";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    limits_config: { discover_log_levels: false, max_query_bytes_read: "10KB" },
    querier: { multi_tenant_queries_enabled: true },
  });
  for (const app of ["web", "db"]) {
    const lines = Array.from(
      { length: 100 },
      (_, i) => `{"n":"number${i}","by":"${app}app"} at work ${"x".repeat(50)}`,
    );
    await server.push({ app }, ...lines);
  }
  await fetch(`${server.address}/flush`, { method: "POST" });
  await server.push({ app: "web" }, "fresh line of web");
});

afterAll(() => server[Symbol.asyncDispose]());

async function explain(params: Record<string, string>): Promise<ExplainData> {
  const body = new URLSearchParams(params);
  const response = await fetch(`${server.address}/loki/api/v1/explain`, { method: "POST", body });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return (JSON.parse(text) as ExplainResponse).data;
}

test("a log query: what is read, what rules out the rest, and what it costs", async () => {
  const plan = await explain({ query: '{app=~"web|db"}   |= "by\\":\\"dbapp\\"}"|json' });
  expect(plan).toMatchObject({ query: '{app=~"web|db"} |= "by\\":\\"dbapp\\"}" | json', type: "log" });
  const [scan] = plan.scans;
  expect(scan).toMatchObject({
    selector: '{app=~"web|db"}',
    streams: 2,
    streamLabels: [
      { app: "db", service_name: "db" },
      { app: "web", service_name: "web" },
    ],
    segments: 1,
    blocks: { outsideRange: 0, inRange: 2, hidden: 0, ruledOut: 1, toRead: 1, inMemory: 1 },
    filters: [{ kind: "text", text: 'by":"dbapp"}', blocksRuledOut: 1 }],
    lines: 101,
    countsUnread: false,
    stages: ['|= "by\\":\\"dbapp\\"}"', "| json"],
    fields: null,
  });
  expect(scan!.storedBytes).toBeGreaterThan(0);
  expect(plan.estimate).toMatchObject({ lines: 101, bytes: scan!.bytes, requests: 1 });
  expect(plan.estimate.cpuSeconds.atMost).toBeGreaterThan(plan.estimate.cpuSeconds.atLeast);
  expect(plan.advice).toEqual([
    'no label of the selector is asked for with "=": one that is leaves out most streams at once',
  ]);
});

test("a metric query: a scan for each selector, and the budget", async () => {
  const query =
    'sum by (n) (count_over_time({app="web"} | json [1h])) / on () group_left count_over_time({app="db"}[1h])';
  const { scans, budget } = await explain({ query, step: "60" });
  expect(scans.map(({ selector, fields, countsUnread }) => [selector, fields, countsUnread])).toEqual([
    ['{app="web"}', ["n"], false],
    ['{app="db"}', [], true],
  ]);
  expect(budget).toMatchObject({ bytesMax: 10_240, isExceeded: false });
  const greedy = await explain({ query: 'sum by (n) (count_over_time({app=~".+"} | json [1h]))' });
  expect(greedy.budget).toEqual({ bytesMax: 10_240, bytes: greedy.scans[0]!.bytes, isExceeded: true });
});

test("an instant query, by GET, and a number", async () => {
  const search = new URLSearchParams({ query: 'rate({app="web"}[5m])', time: "1700000000" });
  const response = await fetch(`${server.address}/loki/api/v1/explain?${search.toString()}`);
  const { data } = (await response.json()) as ExplainResponse;
  expect(data.scans[0]).toMatchObject({ start: "1699999700000000001", end: "1700000000000000001", lines: 0 });
  expect(await explain({ query: "1+1" })).toMatchObject({ query: "2", scans: [], estimate: { bytes: 0 } });
});

test("several tenants add up", async () => {
  const search = new URLSearchParams({ query: '{app="web"} | __tenant_id__="fake" | trace="abcdef012345"' });
  const headers = { "X-Scope-OrgID": "fake|other" };
  const response = await fetch(`${server.address}/loki/api/v1/explain?${search.toString()}`, { headers });
  const { data } = (await response.json()) as ExplainResponse;
  expect(data.scans[0]).toMatchObject({
    streams: 1,
    streamLabels: [{ __tenant_id__: "fake", app: "web", service_name: "web" }],
    filters: [
      { kind: "label", text: '__tenant_id__="fake"', blocksRuledOut: 0 },
      { kind: "label", text: 'trace="abcdef012345"', blocksRuledOut: 1 },
    ],
  });
});

test.for<{ readonly params: Record<string, string>; readonly told: string }>([
  { params: { query: "{app=" }, told: "parse error at line 1, col 6" },
  { params: { query: '{app="web"}', limit: "5001" }, told: "max entries limit per query exceeded" },
  { params: { query: '{app="web"}', time: "1" }, told: "log queries are not supported as an instant query type" },
])("$params is refused as when it runs", async ({ params, told }) => {
  const body = new URLSearchParams(params);
  const response = await fetch(`${server.address}/loki/api/v1/explain`, { method: "POST", body });
  expect(response.status).toBe(400);
  expect(await response.text()).toContain(told);
});
