import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ limits_config: { discover_log_levels: false } });
  await server.push({ app: "web" }, 'first a="1"', "second", "third <b>");
});

afterAll(() => server[Symbol.asyncDispose]());

function get(path: string, params: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server.address}/api/prom/${path}?${new URLSearchParams(params).toString()}`);
}

interface LegacyAnswer {
  readonly streams: readonly { readonly labels: string; readonly entries: readonly { ts: string; line: string }[] }[];
  readonly stats: object;
}

test("a query answers lines in the old shape", async () => {
  const answer = (await (await get("query", { query: '{app="web"}', direction: "forward" })).json()) as LegacyAnswer;
  expect(answer.streams.map(({ labels }) => labels)).toEqual(['{app="web", service_name="web"}']);
  expect(answer.streams[0]!.entries.map(({ line }) => line)).toEqual(['first a="1"', "second", "third <b>"]);
  expect(answer.streams[0]!.entries[0]!.ts).toMatch(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/u);
  expect(answer.stats).toHaveProperty("summary.totalEntriesReturned", 3);
});

test("each set of all labels is a stream, and a regular expression is one more filter", async () => {
  const params = { query: '{app="web"} | logfmt', regexp: "first|second" };
  const { streams } = (await (await get("query", params)).json()) as LegacyAnswer;
  expect(streams.map(({ labels, entries }) => [labels, entries.map(({ line }) => line)])).toEqual([
    ['{a="1", app="web", service_name="web"}', ['first a="1"']],
    ['{app="web", service_name="web"}', ["second"]],
  ]);
});

test.for([
  {
    params: { query: 'rate({app="web"}[1m])' },
    told: "rpc error: code = Code(400) desc = legacy endpoints only support",
  },
  { params: { query: '{app="web"}', regexp: "(" }, told: "parse error" },
  { params: { query: '{app="web"}', limit: "5001" }, told: "max entries limit per query exceeded" },
  { params: { query: "" }, told: "parse error" },
])("$params is refused", async ({ params, told }) => {
  const answer = await get("query", params);
  expect(answer.status).toBe(400);
  expect((await answer.text()).slice(0, told.length)).toBe(told);
});

test("labels, values and series answer as they do today", async () => {
  expect(await (await get("label")).json()).toEqual({ status: "success", data: ["app", "service_name"] });
  expect(await (await get("label/app/values")).json()).toEqual({ status: "success", data: ["web"] });
  const series = await (await get("series", { match: '{app="web"}' })).json();
  expect(series).toEqual({ status: "success", data: [{ app: "web", service_name: "web" }] });
});
