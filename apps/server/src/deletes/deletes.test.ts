import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../test/start-test-server.ts";

const path = "/loki/api/v1/delete";
const hourMs = 3_600_000;

async function ask(
  server: TestServer,
  method: string,
  params: Readonly<Record<string, string>>,
  tenant = "fake",
): Promise<{ status: number; text: string; id: string | undefined }> {
  const response = await fetch(`${server.address}${path}?${new URLSearchParams(params).toString()}`, {
    method,
    headers: { "X-Scope-OrgID": tenant },
  });
  const id = response.headers.get("X-Delete-Request-ID") ?? undefined;
  return { status: response.status, text: (await response.text()).trim(), id };
}

function lastHour(query: string): Record<string, string> {
  return { query, start: String(Math.floor((Date.now() - hourMs) / 1000)) };
}

async function answer<Data>(server: TestServer, url: string, params: Readonly<Record<string, string>>): Promise<Data> {
  const response = await fetch(`${server.address}${url}?${new URLSearchParams(params).toString()}`);
  expect(response.status).toBe(200);
  const { data } = (await response.json()) as { data: Data };
  return data;
}

async function linesOf(server: TestServer, query: string): Promise<string[]> {
  type Streams = { result: readonly { values: readonly (readonly [string, string])[] }[] };
  const { result } = await answer<Streams>(server, "/loki/api/v1/query_range", { query, limit: "1000" });
  return result.flatMap(({ values }) => values.map(([, line]) => line)).sort();
}

async function countOf(server: TestServer, selector: string): Promise<number> {
  type Vector = { result: readonly { value: readonly [number, string] }[] };
  const query = `sum(count_over_time(${selector}[2h]))`;
  const { result } = await answer<Vector>(server, "/loki/api/v1/query", { query });
  return Number(result[0]?.value[1] ?? 0);
}

const appsOf = (server: TestServer): Promise<string[]> => answer(server, "/loki/api/v1/label/app/values", {});

async function flush(server: TestServer): Promise<void> {
  expect((await fetch(`${server.address}/flush`, { method: "POST" })).status).toBe(204);
}

async function listed(server: TestServer, tenant = "fake"): Promise<readonly Record<string, unknown>[]> {
  const { status, text } = await ask(server, "GET", {}, tenant);
  expect(status).toBe(200);
  return JSON.parse(text) as readonly Record<string, unknown>[];
}

/** Lines of this moment lie after the end of a request that is made in the same millisecond. */
async function later(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 20));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > endMs) {
      throw new Error("waited 20 s in vain");
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const quick = { compactor: { compaction_interval: "100ms", delete_request_cancel_period: "0s" } };

test("deleted lines are gone from the next query on, of memory and of segments: lines, counts, labels", async () => {
  await using server = await startTestServer();
  await server.push({ app: "web" }, "open 1", "secret 1");
  await server.push({ app: "db" }, "secret 2");
  await flush(server);
  await server.push({ app: "web" }, "open 3", "secret 3");
  await server.push({ app: "cache" }, "secret 4");
  await later();
  expect(await countOf(server, '{app=~".+"}')).toBe(6);

  const { status, id } = await ask(server, "POST", lastHour('{app=~".+"} |= "secret"'));
  expect(status).toBe(204);
  expect(await linesOf(server, '{app=~".+"}')).toEqual(["open 1", "open 3"]);
  expect(await countOf(server, '{app=~".+"}')).toBe(2);
  expect(await countOf(server, '{app="web"} |= "secret"')).toBe(0);
  expect(await appsOf(server)).toEqual(["web"]);
  expect(await listed(server)).toMatchObject([
    { request_id: id, query: '{app=~".+"} |= "secret"', status: "received", user_id: "" },
  ]);

  expect((await ask(server, "DELETE", { request_id: id! })).status).toBe(204);
  expect(await countOf(server, '{app=~".+"}')).toBe(6);
  expect(await appsOf(server)).toEqual(["cache", "db", "web"]);
  expect(await listed(server)).toEqual([]);
});

test("a stream is deleted as a whole without a filter, and lines that come later are shown", async () => {
  await using server = await startTestServer();
  await server.push({ app: "web" }, "one");
  await server.push({ app: "db" }, "two");
  await later();
  expect((await ask(server, "PUT", lastHour('{app="web"}'))).status).toBe(204);
  expect(await appsOf(server)).toEqual(["db"]);
  await later();
  await server.push({ app: "web" }, "three");
  expect(await linesOf(server, '{app=~".+"}')).toEqual(["three", "two"]);
});

test("structured metadata and parsed fields can be filtered by", async () => {
  await using server = await startTestServer();
  await server.push({ app: "web" }, '{"user":"ann"}', '{"user":"bob"}', "no json");
  await later();
  await ask(server, "POST", lastHour('{app="web"} | json | user="ann"'));
  expect(await linesOf(server, '{app="web"}')).toEqual(["no json", '{"user":"bob"}']);
});

test("after the time to cancel the lines are removed and the request is processed", async () => {
  await using server = await startTestServer(quick);
  await server.push({ app: "web" }, "open", "secret");
  await later();
  const { id } = await ask(server, "POST", lastHour('{app="web"} |= "secret"'));
  await until(async () => (await listed(server))[0]?.["status"] === "processed");
  expect(await linesOf(server, '{app="web"}')).toEqual(["open"]);
  const metrics = await (await fetch(`${server.address}/metrics`)).text();
  expect(metrics).toMatch(/^sluice_store_lines_deleted_total 1$/mu);
  expect(metrics).toMatch(/^sluice_store_delete_requests_active 0$/mu);
  expect(await ask(server, "DELETE", { request_id: id!, force: "true" })).toMatchObject({
    status: 400,
    text: "deletion of request which is in process or already processed is not allowed",
  });
});

test("what cannot be asked for is refused in Loki's words", async () => {
  await using server = await startTestServer();
  const cases: readonly { params: Record<string, string>; text: string }[] = [
    { params: { limit: "1" }, text: "query not set" },
    { params: { query: '{app="web"}' }, text: "start time not set" },
    { params: lastHour("{app="), text: "invalid query expression: parse error" },
    { params: lastHour('rate({app="web"}[1m])'), text: "invalid query expression: only log selector is supported" },
    { params: lastHour('{app="web"} | json'), text: "invalid query expression: no stage of the query is a filter" },
    { params: lastHour('{app="web"} |~ "("'), text: "invalid query expression: parse error" },
  ];
  for (const { params, text } of cases) {
    const refused = await ask(server, "POST", params);
    expect(refused.status, text).toBe(400);
    expect(refused.text).toContain(text);
  }
  expect(await ask(server, "DELETE", { request_id: "0123456789abcdef" })).toMatchObject({
    status: 404,
    text: "could not find delete request with given id",
  });
});

test("pages of other sites have nothing deleted through their visitors' browsers", async () => {
  await using server = await startTestServer();
  await server.push({ app: "web" }, "one");
  await later();
  const url = `${server.address}${path}?${new URLSearchParams(lastHour('{app="web"}')).toString()}`;
  const foreign = await fetch(url, { method: "POST", headers: { Origin: "http://elsewhere.example" } });
  expect(foreign.status).toBe(400);
  expect(await foreign.text()).toContain("delete request refused for origin 'http://elsewhere.example'");
  expect(await linesOf(server, '{app="web"}')).toEqual(["one"]);
  const own = await fetch(url, { method: "POST", headers: { Origin: server.address } });
  expect(own.status).toBe(204);
});

test("a request that is past the time to cancel needs force", async () => {
  await using server = await startTestServer({
    compactor: { compaction_interval: "1h", delete_request_cancel_period: "1ms" },
  });
  const { id } = await ask(server, "POST", lastHour('{app="web"}'));
  await later();
  const refused = await ask(server, "DELETE", { request_id: id! });
  expect(refused.status).toBe(400);
  expect(refused.text).toContain(
    "past the deadline of 1ms since its creation is not allowed. To force, use the ?force",
  );
  expect((await ask(server, "DELETE", { request_id: id!, force: "true" })).status).toBe(204);
});

test.for([
  { limits: { deletion_mode: "disabled" }, compactor: {}, status: 403, text: "deletion is not available" },
  { limits: {}, compactor: { retention_enabled: false }, status: 400, text: "Retention is not enabled" },
])("nothing can be deleted with $limits $compactor", async ({ limits, compactor, status, text }) => {
  await using server = await startTestServer({ limits_config: limits, compactor });
  for (const method of ["POST", "GET", "DELETE"]) {
    const refused = await ask(server, method, lastHour('{app="web"}'));
    expect(refused.status).toBe(status);
    expect(refused.text).toContain(text);
  }
});

test("tenants see their own requests only, and lose their own lines only", async () => {
  await using server = await startTestServer();
  await server.push({ app: "web" }, "mine");
  await later();
  const { id } = await ask(server, "POST", lastHour('{app="web"}'), "other");
  expect((await listed(server, "other")).length).toBe(1);
  expect(await listed(server)).toEqual([]);
  expect((await ask(server, "DELETE", { request_id: id! })).status).toBe(404);
  expect(await linesOf(server, '{app="web"}')).toEqual(["mine"]);
});
