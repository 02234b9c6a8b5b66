import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    querier: { multi_tenant_queries_enabled: true },
    runtime_config: {},
    limits_config: { volume_max_series: 3 },
  });
  await server.push({ app: "web", env: "prod" }, "x".repeat(100), "y".repeat(100));
  await server.push({ app: "web", env: "dev" }, "z".repeat(50));
  await fetch(`${server.address}/flush`, { method: "POST" });
  // What is not in a segment yet counts, too.
  await server.push({ app: "db", env: "prod" }, "w".repeat(120));
});

afterAll(() => server[Symbol.asyncDispose]());

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

interface VolumeAnswer {
  readonly status: string;
  readonly data: { readonly resultType: string; readonly result: readonly Sample[]; readonly stats: object };
}

function ask(path: string, params: Readonly<Record<string, string>>, headers = {}): Promise<Response> {
  return fetch(`${server.address}/loki/api/v1/index/${path}?${new URLSearchParams(params).toString()}`, { headers });
}

async function volumes(params: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const { data } = (await (await ask("volume", params)).json()) as VolumeAnswer;
  expect(data.resultType).toBe("vector");
  return Object.fromEntries(data.result.map(({ metric, value }) => [JSON.stringify(metric), value![1]]));
}

test("statistics count segments and memory, and have no wrapper", async () => {
  const all: unknown = await (await ask("stats", { query: '{app=~".+"}' })).json();
  expect(all).toEqual({ streams: 3, chunks: 3, bytes: 370, entries: 4 });
  const some: unknown = await (await ask("stats", { query: '{app="web", env!="dev"}' })).json();
  expect(some).toEqual({ streams: 1, chunks: 1, bytes: 200, entries: 2 });
});

test.for([
  { title: "by the labels of the selector", params: { query: '{app=~".+"}' }, want: { web: "250", db: "120" } },
  { title: "a limit", params: { query: '{app=~".+"}', limit: "1" }, want: { web: "250" } },
  { title: "limit 0 is the default", params: { query: '{app=~".+"}', limit: "0" }, want: { web: "250", db: "120" } },
])("volumes: $title", async ({ params, want }) => {
  const found = Object.entries(want).map(([app, bytes]) => [JSON.stringify({ app }), bytes]);
  expect(Object.entries(await volumes(params))).toEqual(found);
});

test("volumes by other labels, by each label, and by all labels", async () => {
  expect(await volumes({ query: '{app=~".+"}', targetLabels: "env" })).toEqual({
    '{"env":"prod"}': "320",
    '{"env":"dev"}': "50",
  });
  expect(await volumes({ query: '{app=~".+"}', aggregateBy: "labels" })).toEqual({
    '{"app":""}': "370",
    '{"env":""}': "370",
    '{"service_name":""}': "370",
  });
  expect(await volumes({ query: '{app=~".+"}', aggregateBy: "labels", targetLabels: "env" })).toEqual({
    '{"env":""}': "370",
  });
  expect(await volumes({ query: "{}" })).toEqual({
    '{"app":"web","env":"prod","service_name":"web"}': "200",
    '{"app":"db","env":"prod","service_name":"db"}': "120",
    '{"app":"web","env":"dev","service_name":"web"}': "50",
  });
});

test("the value of a volume is at the end of the range, in milliseconds", async () => {
  const end = BigInt(Date.now() + 60_000) * 1_000_000n + 1n;
  const answer = (await (await ask("volume", { query: '{app="db"}', end: `${end}` })).json()) as VolumeAnswer;
  expect(answer.data.result[0]!.value![0]).toBe((Number(end / 1_000_000n) + 1) / 1000);
  expect(answer.data.stats).toHaveProperty("summary.totalEntriesReturned", 1);
});

test("volumes of a range are at the ends of its steps, the last one at its end", async () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const stepStart = nowSeconds - (nowSeconds % 60);
  const answer = await ask("volume_range", {
    query: '{app=~".+"}',
    start: String(stepStart - 300),
    end: String(stepStart + 120),
    step: "60",
  });
  const { data } = (await answer.json()) as VolumeAnswer;
  const points = data.result.flatMap(({ value, values }) => values ?? [value!]);
  expect(points.reduce((sum, [, bytes]) => sum + Number(bytes), 0)).toBe(370);
  for (const [seconds] of points) {
    expect([stepStart - 0.001, stepStart + 59.999, stepStart + 120]).toContain(seconds);
  }
});

test("a range without lines has an empty vector", async () => {
  const answer = await ask("volume_range", { query: '{app="nobody"}', step: "60" });
  expect(((await answer.json()) as VolumeAnswer).data).toMatchObject({ resultType: "vector", result: [] });
});

test("everything is one shard", async () => {
  const answer = await ask("shards", { query: '{app="db"}', targetBytesPerShard: "1GB" });
  expect(await answer.text()).toBe(
    '{"shards":[{"bounds":{"min":0,"max":18446744073709551615},"stats":{"streams":1,"chunks":1,"bytes":120,"entries":1}}],"statistics":{}}',
  );
});

test.for([
  { path: "volume", params: { query: '{app="x"}', aggregateBy: "pods" }, told: "invalid aggregation option\n" },
  { path: "volume", params: { query: '{app="x"}', limit: "-1" }, told: "limit must be a positive value\n" },
  { path: "volume", params: { query: '{app="x"} |= "y"' }, told: "only label matchers are supported\n" },
  { path: "volume", params: { query: '{app="x"}', end: "1", start: "2" }, told: "end timestamp must not be before or" },
  { path: "volume_range", params: { query: '{app="x"}', step: "0" }, told: "zero or negative query resolution" },
  { path: "volume", params: { query: '{service_name=~".+"}', targetLabels: "app,env,service_name" }, status: 200 },
  { path: "shards", params: { query: '{app="x"}' }, told: "targetBytesPerShard must be a positive value\n" },
  { path: "stats", params: { query: '{app=~".*"}' }, told: "parse error : queries require at least one regexp" },
])("$path of $params is answered with '$told'", async ({ path, params, told, status = 400 }) => {
  const answer = await ask(path, params);
  expect(answer.status).toBe(status);
  if (told !== undefined) {
    expect((await answer.text()).slice(0, told.length)).toBe(told);
  }
});

test("more volumes than there may be are refused", async () => {
  await server.push({ app: "cache", env: "prod" }, "v");
  const answer = await ask("volume", { query: "{}" });
  expect(answer.status).toBe(400);
  expect(await answer.text()).toBe("the query hit the max number of series limit (limit: 3 series)\n");
});
