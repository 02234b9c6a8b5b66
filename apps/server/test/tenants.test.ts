import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

const unset = "the header is not set";

async function get(
  server: TestServer,
  path: string,
  tenant: string,
  params: Record<string, string> = {},
): Promise<Response> {
  const headers: Record<string, string> = tenant === unset ? {} : { "X-Scope-OrgID": tenant };
  return fetch(`${server.address}${path}?${new URLSearchParams(params).toString()}`, { headers });
}

async function push(server: TestServer, tenant: string, stream: Record<string, string>, line: string): Promise<void> {
  const response = await fetch(`${server.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
    body: JSON.stringify({ streams: [{ stream, values: [[`${Date.now()}000000`, line]] }] }),
  });
  expect(response.status, await response.text()).toBe(204);
}

const reads = [
  "/loki/api/v1/query_range",
  "/loki/api/v1/query",
  "/loki/api/v1/labels",
  "/loki/api/v1/label/app/values",
  "/loki/api/v1/series",
  "/loki/api/v1/index/stats",
  "/loki/api/v1/index/volume",
  "/loki/api/v1/index/volume_range",
];

describe("without multi_tenant_queries_enabled", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.for(reads)("%s of several tenants is refused", async (path) => {
    const answer = await get(server, path, "a|b", { query: '{app="x"}' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toBe("multiple org IDs present\n");
  });

  test.for([
    ["a/b", "tenant ID 'a/b' contains unsupported character '/'\n"],
    ["x".repeat(151), "tenant ID is too long: max 150 characters\n"],
    ["..", "tenant ID is '.' or '..'\n"],
  ] as const)("a tenant that is none: %s", async ([tenant, told]) => {
    const answer = await get(server, "/loki/api/v1/labels", tenant);
    expect([answer.status, await answer.text()]).toEqual([400, told]);
  });

  test("the same tenant twice is one", async () => {
    expect((await get(server, "/loki/api/v1/labels", "a|a")).status).toBe(200);
  });
});

describe("with multi_tenant_queries_enabled", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      querier: { multi_tenant_queries_enabled: true },
      limits_config: { discover_log_levels: false },
    });
    await push(server, "a", { app: "web" }, "line of a");
    await push(server, "b", { app: "web" }, "line of b");
    await push(server, "b", { app: "db", __tenant_id__: "mine" }, "line of b's db");
    await push(server, "c", { app: "cache" }, "line of c");
  });
  afterAll(() => server[Symbol.asyncDispose]());

  async function dataOf(path: string, params: Record<string, string>, tenant = "b|a"): Promise<unknown> {
    const answer = await get(server, path, tenant, params);
    expect(answer.status, path).toBe(200);
    return ((await answer.json()) as { readonly data: unknown }).data;
  }

  async function linesOf(query: string, tenant = "b|a"): Promise<Record<string, string>> {
    const { result } = (await dataOf("/loki/api/v1/query_range", { query }, tenant)) as {
      readonly result: readonly { readonly stream: object; readonly values: readonly [string, string][] }[];
    };
    return Object.fromEntries(
      result.flatMap(({ stream, values }) => values.map(([, line]) => [line, JSON.stringify(stream)])),
    );
  }

  test("a query sees the lines of all, and whose they are", async () => {
    expect(await linesOf('{app=~".+"}')).toEqual({
      "line of a": '{"__tenant_id__":"a","app":"web","service_name":"web"}',
      "line of b": '{"__tenant_id__":"b","app":"web","service_name":"web"}',
      "line of b's db": '{"__tenant_id__":"b","app":"db","original___tenant_id__":"mine","service_name":"db"}',
    });
    expect(await linesOf('{app=~".+"}', "a")).toEqual({ "line of a": '{"app":"web","service_name":"web"}' });
  });

  test.for([
    { query: '{app="web", __tenant_id__="a"}', lines: ["line of a"] },
    { query: '{app="web", __tenant_id__!="a"}', lines: ["line of b"] },
    { query: '{app="web", __tenant_id__=~"b|c"}', lines: ["line of b"] },
    { query: '{app="web", __tenant_id__!~"b|c"}', lines: ["line of a"] },
    { query: '{app="web", __tenant_id__="c"}', lines: [] },
    { query: '{app=~".+", original___tenant_id__="mine"}', lines: ["line of b's db"] },
    { query: '{app=~".+"} | __tenant_id__="a"', lines: ["line of a"] },
    { query: '{app=~".+"} | original___tenant_id__="mine"', lines: ["line of b's db"] },
  ])("$query chooses $lines", async ({ query, lines }) => {
    expect(Object.keys(await linesOf(query)).sort()).toEqual(lines);
  });

  test("a selector of nothing but tenants is refused", async () => {
    const answer = await get(server, "/loki/api/v1/query_range", "a|b", { query: '{__tenant_id__="a"}' });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(
      /^log selector is invalid after matcher update: parse error : queries require/u,
    );
  });

  test("a metric query groups by tenant", async () => {
    const query = 'sum by (__tenant_id__) (count_over_time({app=~".+"}[5m]))';
    const { result } = (await dataOf("/loki/api/v1/query", { query })) as {
      readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[];
    };
    expect(result.map(({ metric, value }) => [metric, value[1]])).toEqual([
      [{ __tenant_id__: "a" }, "1"],
      [{ __tenant_id__: "b" }, "2"],
    ]);
  });

  test("labels, values and series tell the tenants", async () => {
    expect(await dataOf("/loki/api/v1/labels", {})).toEqual([
      "__tenant_id__",
      "app",
      "original___tenant_id__",
      "service_name",
    ]);
    expect(await dataOf("/loki/api/v1/label/__tenant_id__/values", {}, "c|a|b|a")).toEqual(["a", "b", "c"]);
    expect(await dataOf("/loki/api/v1/label/app/values", {})).toEqual(["db", "web"]);
    expect(await dataOf("/loki/api/v1/series", { "match[]": '{app="web"}' })).toEqual([
      { __tenant_id__: "a", app: "web", service_name: "web" },
      { __tenant_id__: "b", app: "web", service_name: "web" },
    ]);
  });

  test("statistics and volumes are those of all", async () => {
    const stats = await (await get(server, "/loki/api/v1/index/stats", "a|b", { query: '{app=~".+"}' })).json();
    expect(stats).toEqual({ streams: 3, chunks: 3, bytes: 9 + 9 + 14, entries: 3 });
    const { result } = (await dataOf("/loki/api/v1/index/volume", { query: '{app=~".+"}' })) as {
      readonly result: readonly { readonly metric: object; readonly value: readonly [number, string] }[];
    };
    expect(result.map(({ metric, value }) => [metric, value[1]])).toEqual([
      [{ app: "web" }, "18"],
      [{ app: "db" }, "14"],
    ]);
  });

  test("a push and a tail are for one tenant", async () => {
    const pushed = await fetch(`${server.address}/loki/api/v1/push`, {
      method: "POST",
      headers: { "X-Scope-OrgID": "a|b" },
    });
    expect([pushed.status, await pushed.text()]).toEqual([400, "multiple org IDs present\n"]);
    const tail = await get(server, "/loki/api/v1/tail", "a|b", { query: '{app="web"}' });
    expect([tail.status, await tail.text()]).toEqual([400, "multiple org IDs present\n"]);
  });
});

test("of several tenants the limits that Logs Drilldown is told are the narrowest", async () => {
  await using server = await startTestServer({
    querier: { multi_tenant_queries_enabled: true },
    limits_config: { max_entries_limit_per_query: 10 },
  });
  const answer = await get(server, "/loki/api/v1/drilldown-limits", "a|b");
  expect(await answer.json()).toMatchObject({ limits: { max_entries_limit_per_query: 10 } });
});

describe("with auth_enabled", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ auth_enabled: true });
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test.for([...reads, "/otlp/v1/logs", "/loki/api/v1/push", "/loki/api/v1/tail", "/loki/api/v1/rules"])(
    "%s needs a tenant",
    async (path) => {
      const method = /push|otlp/u.test(path) ? "POST" : "GET";
      const answer = await fetch(`${server.address}${path}`, { method });
      expect([answer.status, await answer.text()]).toEqual([
        401,
        path.startsWith("/otlp") ? expect.any(String) : "no org id\n",
      ]);
    },
  );

  test("whoever names one is served, and what is the server's own needs none", async () => {
    await push(server, "a", { app: "x" }, "hello");
    const found = await get(server, "/loki/api/v1/labels", "a");
    expect(await found.json()).toMatchObject({ data: ["app", "service_name"] });
    for (const path of ["/ready", "/metrics", "/loki/api/v1/status/buildinfo"]) {
      expect((await get(server, path, unset)).status, path).toBe(200);
    }
  });
});
