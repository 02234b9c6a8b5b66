import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

/** Requests as the clients of Loki send them, with the parameters and headers that they have, and what they make of the answers. */
let server: TestServer;
const nowMs = Date.now();
const endMs = nowMs + 60_000;
const end = `${endMs}000000`;
const start = `${nowMs - 3_600_000}000000`;

beforeAll(async () => {
  server = await startTestServer();
  await server.push({ job: "web" }, "level=info msg=one", "level=error msg=two");
  await server.push({ job: "db" }, '{"level":"warn","ms":12}');
});

afterAll(() => server[Symbol.asyncDispose]());

interface ClientRequest {
  readonly client: "logcli" | "grafana" | "drilldown";
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const anyNumber = expect.any(Number) as number;
const anyText = expect.any(String) as string;

function success(data: unknown): unknown {
  return { status: "success", data };
}

function query(resultType: string, result: unknown): unknown {
  const summary = { execTime: anyNumber, totalLinesProcessed: anyNumber, totalBytesProcessed: anyNumber };
  const stats = expect.objectContaining({ summary: expect.objectContaining(summary) as unknown }) as unknown;
  return success({ resultType, result, stats });
}

test.for<ClientRequest>([
  { client: "logcli", path: "labels", params: { start, end }, body: success(["job", "service_name"]) },
  { client: "logcli", path: "label/job/values", params: { start, end }, body: success(["db", "web"]) },
  {
    client: "logcli",
    path: "series",
    params: { match: '{job=~".+"}', start, end },
    body: success([
      { job: "db", service_name: "db" },
      { job: "web", service_name: "web" },
    ]),
  },
  {
    client: "logcli",
    path: "query_range",
    params: { direction: "BACKWARD", limit: "1", query: '{job="web"}', start, end },
    body: query("streams", [
      {
        stream: { detected_level: "error", job: "web", service_name: "web" },
        values: [[anyText, "level=error msg=two"]],
      },
    ]),
  },
  {
    client: "logcli",
    path: "query_range",
    params: {
      direction: "FORWARD",
      limit: "30",
      query: 'sum by (job) (count_over_time({job=~".+"}[2h]))',
      start,
      end,
      step: "3600",
    },
    body: query("matrix", [
      { metric: { job: "db" }, values: expect.any(Array) as unknown },
      { metric: { job: "web" }, values: expect.any(Array) as unknown },
    ]),
  },
  {
    client: "logcli",
    path: "query",
    params: {
      direction: "BACKWARD",
      limit: "30",
      query: 'topk(1, sum by (job) (count_over_time({job=~".+"}[2h])))',
      time: end,
    },
    body: query("vector", [{ metric: { job: "web" }, value: [endMs / 1000, "2"] }]),
  },
  {
    client: "logcli",
    path: "index/stats",
    params: { query: '{job="web"}', start, end },
    body: { streams: 1, chunks: 1, bytes: 37, entries: 2 },
  },
  {
    client: "logcli",
    path: "index/volume",
    params: { limit: "30", query: '{job=~".+"}', start, end, targetLabels: "job" },
    body: query("vector", [
      { metric: { job: "web" }, value: [endMs / 1000, "37"] },
      { metric: { job: "db" }, value: [endMs / 1000, "24"] },
    ]),
  },
  {
    client: "grafana",
    path: "query_range",
    params: { direction: "backward", end, limit: "20", query: '{job="db"} | json', start, step: "15000ms" },
    headers: { "X-Loki-Response-Encoding-Flags": "categorize-labels" },
    body: success(
      expect.objectContaining({
        resultType: "streams",
        encodingFlags: ["categorize-labels"],
        result: [
          {
            stream: { job: "db", service_name: "db" },
            values: [
              [
                anyText,
                '{"level":"warn","ms":12}',
                { structuredMetadata: { detected_level: "warn" }, parsed: { level: "warn", ms: "12" } },
              ],
            ],
          },
        ],
      }),
    ),
  },
  {
    client: "grafana",
    path: "query_range",
    params: {
      direction: "backward",
      end,
      query: 'sum by (level, detected_level) (count_over_time({job="web"} [1h]))',
      start: end,
      step: "3600000ms",
    },
    headers: { "X-Loki-Response-Encoding-Flags": "categorize-labels", "X-Query-Tags": "Source=logvolhist" },
    body: query(
      "matrix",
      expect.arrayContaining([
        { metric: { detected_level: "error" }, values: expect.arrayContaining([[anyNumber, "1"]]) as unknown },
        { metric: { detected_level: "info" }, values: expect.arrayContaining([[anyNumber, "1"]]) as unknown },
      ]),
    ),
  },
  {
    client: "grafana",
    path: "query",
    params: { direction: "backward", query: "vector(1)+vector(1)", time: "4000000000" },
    headers: { "X-Loki-Response-Encoding-Flags": "categorize-labels" },
    body: query("vector", [{ metric: {}, value: [4_000_000_000, "2"] }]),
  },
  {
    client: "grafana",
    path: "labels",
    params: { query: '{job="web"}', start, end },
    body: success(["job", "service_name"]),
  },
  { client: "grafana", path: "label/job/values", params: { query: '{job="web"}', start, end }, body: success(["web"]) },
  {
    client: "grafana",
    path: "series",
    params: { "match[]": '{job="db"}', start, end },
    body: success([{ job: "db", service_name: "db" }]),
  },
  {
    client: "grafana",
    path: "format_query",
    params: { query: '{job="web"}|="x"|json' },
    body: success('{job="web"} |= "x" | json'),
  },
  {
    client: "grafana",
    path: "status/buildinfo",
    params: {},
    body: expect.objectContaining({ version: anyText, goVersion: anyText }),
  },
  {
    client: "drilldown",
    path: "index/volume_range",
    params: { query: '{job="web"}', start, end, step: "7200", targetLabels: "job", limit: "10" },
    body: expect.objectContaining({ status: "success" }),
  },
])("$client asks for $path of $params", async ({ path, params, headers = {}, body }) => {
  const url = `${server.address}/loki/api/v1/${path}?${new URLSearchParams(params).toString()}`;
  const response = await fetch(url, { headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  expect(response.headers.get("Content-Type")).toMatch(/^application\/json; charset=utf-8$/iu);
  expect(JSON.parse(text)).toEqual(body);
});

test.for([
  {
    path: "query_range",
    params: { query: '{job="web"' },
    told: /^parse error at line 1, col 11: syntax error: unexpected \$end/u,
  },
  {
    path: "query_range",
    params: { query: "{bad" },
    told: /^parse error at line 1, col 5: syntax error: unexpected \$end/u,
  },
  { path: "query", params: { query: '{job="web"}' }, told: /^log queries are not supported as an instant query type/u },
  { path: "query", params: { query: "1", time: "abc" }, told: /^strconv\.ParseInt: parsing "abc": invalid syntax\n$/u },
  {
    path: "labels",
    params: { start: "abc" },
    told: /^could not parse 'start' parameter: strconv\.ParseInt: parsing "abc"/u,
  },
  {
    path: "labels",
    params: { since: "1x" },
    told: /^could not parse 'since' parameter: not a valid duration string: "1x"/u,
  },
  { path: "labels", params: { query: "{}" }, told: /^parse error : queries require at least one regexp or equality/u },
  { path: "labels", params: { query: '{job="web"} |= "x"' }, told: /^only label matchers are supported/u },
  { path: "series", params: { match: "{}x" }, told: /^parse error/u },
  { path: "series", params: { match: '{job="web"} | json' }, told: /^only label matchers are supported/u },
])("what is wrong with $path of $params is told as text", async ({ path, params, told }) => {
  const search = new URLSearchParams(params);
  const response = await fetch(`${server.address}/loki/api/v1/${path}?${search.toString()}`);
  expect(response.status).toBe(400);
  expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
  expect(response.headers.get("X-Content-Type-Options")).toBe("nosniff");
  expect(await response.text()).toMatch(told);
});

test("format_query tells what is wrong in JSON, and takes a form", async () => {
  const body = new URLSearchParams({ query: '{job="web"' });
  const response = await fetch(`${server.address}/loki/api/v1/format_query`, { method: "POST", body });
  expect(response.status).toBe(400);
  expect(await response.json()).toEqual({
    status: "invalid-query",
    error: expect.stringMatching(/^parse error at line 1, col 11: syntax error: unexpected \$end/u) as string,
  });
});

test("a query of 100 kB in the URL, and in a form", async () => {
  const long = `{job="web"} != "${"x".repeat(100_000)}"`;
  const params = new URLSearchParams({ query: long, start, end });
  for (const response of [
    await fetch(`${server.address}/loki/api/v1/query_range?${params.toString()}`),
    await fetch(`${server.address}/loki/api/v1/query_range`, { method: "POST", body: params }),
  ]) {
    expect(response.status).toBe(200);
    const { data } = (await response.json()) as { readonly data: { readonly result: readonly unknown[] } };
    expect(data.result).toHaveLength(2);
  }
});

test("a single {} is all series, beside others it is none", async () => {
  const series = async (search: string): Promise<Response> => fetch(`${server.address}/loki/api/v1/series?${search}`);
  const all = (await (await series("match[]=%7B%20%7D")).json()) as { readonly data: readonly unknown[] };
  expect(all.data).toHaveLength(2);
  const both = await series(`match[]=%7B%7D&match=${encodeURIComponent('{job="web"}')}`);
  expect([both.status, await both.text()]).toEqual([400, "0 matchers in group: {}\n"]);
});

test("the log's level can be seen and changed; services are listed", async () => {
  const at = (search: string, method: string, headers = {}): Promise<Response> =>
    fetch(`${server.address}/log_level${search}`, { method, headers });
  expect(await (await at("", "GET")).json()).toEqual({ message: "Current log level is error" });
  expect(await (await at("?log_level=warn", "POST")).json()).toEqual({
    status: "success",
    message: "Log level set to warn",
  });
  expect(await (await at("", "GET")).json()).toEqual({ message: "Current log level is warn" });
  const refused = await at("?log_level=loud", "POST");
  expect([refused.status, await refused.json()]).toEqual([
    400,
    { status: "failed", message: 'unrecognized log level "loud"' },
  ]);
  expect((await at("?log_level=debug", "POST", { Origin: "https://evil.example" })).status).toBe(400);
  expect(await (await fetch(`${server.address}/services`)).text()).toContain("querier => Running\n");
});

test("without align_queries_with_step the points begin at the start; what is too old is warned of", async () => {
  await using other = await startTestServer({
    querier: { align_queries_with_step: false },
    limits_config: { max_query_lookback: "1h" },
  });
  const ask = async (params: Record<string, string>): Promise<Record<string, unknown>> => {
    const search = new URLSearchParams({ query: "vector(1)", ...params }).toString();
    return (await (await fetch(`${other.address}/loki/api/v1/query_range?${search}`)).json()) as Record<
      string,
      unknown
    >;
  };
  const startSeconds = Math.floor(Date.now() / 1000) - 307;
  const whole = await ask({ start: `${startSeconds}`, end: `${startSeconds + 200}`, step: "60" });
  const points = [0, 60, 120, 180].map((after) => [startSeconds + after, "1"]);
  expect(whole).toMatchObject({ data: { result: [{ metric: {}, values: points }] } });
  expect(whole).not.toHaveProperty("warnings");
  const cut = await ask({ start: `${startSeconds - 86_400}`, end: `${startSeconds}`, step: "600" });
  expect(cut).toHaveProperty("warnings", ["what is older than max_query_lookback (1h) was not looked at"]);
});
