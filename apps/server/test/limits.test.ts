import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    limits_config: {
      ingestion_burst_size_mb: 0.1,
      per_stream_rate_limit_burst: "50KB",
      max_global_streams_per_user: 3,
      max_line_size: "1KB",
      max_label_names_per_series: 2,
      max_label_name_length: 20,
      max_label_value_length: 20,
      max_structured_metadata_size: 10,
      max_structured_metadata_entries_count: 2,
      enforced_labels: ["app"],
      max_entries_limit_per_query: 100,
      max_query_length: "1d",
      max_query_range: "1h",
      max_streams_matchers_per_query: 2,
      required_labels: ["app"],
      minimum_labels_number: 1,
      blocked_queries: [{ pattern: ".*secret.*", regex: true, types: ["filter"] }, { pattern: 'rate({app="x"}[1m])' }],
    },
  });
});

afterAll(() => server[Symbol.asyncDispose]());

const nowNs = (): string => `${Date.now()}000000`;

function push(tenant: string, streams: readonly unknown[]): Promise<Response> {
  return fetch(`${server.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Scope-OrgID": tenant },
    body: JSON.stringify({ streams }),
  });
}

interface PushCase {
  readonly title: string;
  readonly stream?: Readonly<Record<string, string>>;
  readonly timeNs?: string;
  readonly line?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly status: number;
  /** The answer, or how it begins. */
  readonly told: string;
}

const name = `stream '{app="x", service_name="x"}'`;

test.for<PushCase>([
  {
    title: "too many labels",
    stream: { app: "x", a: "1", b: "2" },
    status: 400,
    told: 'entry for stream \'{a="1", app="x", b="2", service_name="x"}\' has 3 label names; limit 2\n',
  },
  {
    title: "a label name that is too long",
    stream: { app: "x", n123456789012345678901: "1" },
    status: 400,
    told: 'stream \'{app="x", n123456789012345678901="1", service_name="x"}\' has label name too long: \'n123456789012345678901\'\n',
  },
  {
    title: "a label value that is too long",
    stream: { app: "x", pod: "v12345678901234567890" },
    status: 400,
    told: 'stream \'{app="x", pod="v12345678901234567890", service_name="x"}\' has label value too long: \'v12345678901234567890\'\n',
  },
  {
    title: "a label that every stream must have",
    stream: { job: "x" },
    status: 400,
    told: "missing required labels 'app' for user 'push' for stream '{job=\"x\", service_name=\"x\"}' (policy: '')\n",
  },
  {
    title: "a line of old times",
    timeNs: "1000000000000000000",
    status: 400,
    told: `entry for ${name} has timestamp too old: 2001-09-09T01:46:40Z, oldest acceptable timestamp is: 20`,
  },
  {
    title: "a line of times to come",
    timeNs: "4000000000000000000",
    status: 400,
    told: `entry for ${name} has timestamp too new: 2096-10-02T07:06:40Z\n`,
  },
  {
    title: "a line that is too long",
    line: "x".repeat(1025),
    status: 400,
    told: `max entry size '1024' bytes exceeded for ${name} while adding an entry with length '1025' bytes\n`,
  },
  {
    title: "too much structured metadata",
    metadata: { trace: "123456" },
    status: 400,
    told: `${name} has structured metadata too large: '11' bytes, limit: '10' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it\n`,
  },
  {
    title: "too many structured metadata",
    metadata: { a: "1", b: "2", c: "3" },
    status: 400,
    told: `${name} has too many structured metadata labels: '3', limit: '2'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it\n`,
  },
  {
    title: "a metadata name without a letter",
    metadata: { é: "1" },
    status: 400,
    told: 'normalization for label name "é" resulted in invalid name "_"\n',
  },
])("$title: $status", async ({ stream = { app: "x" }, timeNs, line = "a line", metadata, status, told }) => {
  const values = [[timeNs ?? nowNs(), line, ...(metadata === undefined ? [] : [metadata])]];
  const response = await push("push", [{ stream, values }]);
  const text = await response.text();
  expect({ status: response.status, text: text.slice(0, told.length) }).toEqual({ status, text: told });
});

test.for([
  {
    title: "a tenant's rate",
    tenant: "rate",
    streams: ["a", "b", "c"].map((app) => ({ stream: { app }, lines: 40 })),
    told: "ingestion rate limit exceeded for user rate (limit: 4194304 bytes/sec) while attempting to ingest '120' lines totaling '120000' bytes, reduce log volume",
    limit: "limits_config.ingestion_rate_mb: 4, ingestion_burst_size_mb: 0.1",
  },
  {
    title: "a stream's rate",
    tenant: "stream-rate",
    streams: [{ stream: { app: "a" }, lines: 60 }],
    told: "entry with timestamp 20",
    limit: "limits_config.per_stream_rate_limit: 3MB, per_stream_rate_limit_burst: 50KB",
  },
  {
    title: "a tenant's streams",
    tenant: "streams",
    streams: ["a", "b", "c", "d"].map((app) => ({ stream: { app }, lines: 1 })),
    told: 'maximum active stream limit exceeded when trying to create stream {app="d", service_name="d"}, reduce the number of active streams',
    limit: "limits_config.max_global_streams_per_user: 3",
  },
])("$title: 429 with the limit's name and a time to come again", async ({ tenant, streams, told, limit }) => {
  const line = "x".repeat(1000);
  const body = streams.map(({ stream, lines }) => ({
    stream,
    values: Array.from({ length: lines }, () => [nowNs(), line]),
  }));
  const response = await push(tenant, body);
  const text = await response.text();
  expect({ status: response.status, text: text.slice(0, told.length) }).toEqual({ status: 429, text: told });
  expect(text).toContain(limit);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
});

test("what is right is stored though a neighbour is not, and what may come again is told first", async () => {
  const line = "x".repeat(1000);
  const response = await push("both", [
    { stream: { app: "good" }, values: [[nowNs(), "a line"]] },
    { stream: { app: "long" }, values: [[nowNs(), `${line}${line}`]] },
    { stream: { app: "fast" }, values: Array.from({ length: 60 }, () => [nowNs(), line]) },
  ]);
  expect([response.status, await response.text()]).toEqual([
    429,
    expect.stringMatching(/^entry with timestamp .* ignored/u),
  ]);
  const series = await fetch(`${server.address}/loki/api/v1/series`, { headers: { "X-Scope-OrgID": "both" } });
  expect(await series.json()).toEqual({ status: "success", data: [{ app: "good", service_name: "good" }] });
});

interface QueryCase {
  readonly title: string;
  readonly query: string;
  readonly more?: string;
  readonly told: string;
}

test.for<QueryCase>([
  {
    title: "more lines than may be asked for",
    query: '{app="x"}',
    more: "&limit=101",
    told: "max entries limit per query exceeded, limit > max_entries_limit_per_query (101 > 100)",
  },
  {
    title: "a range that is too long",
    query: '{app="x"}',
    more: "&start=1700000000&end=1700090000",
    told: "the query time range exceeds the limit (query length: 25h0m0s, limit: 1d)",
  },
  {
    title: "a range in brackets that is too long",
    query: 'sum(rate({app="x"}[5m])) / sum(rate({app="x"}[2h]))',
    told: "[interval] value exceeds limit: [2h] > [1h]",
  },
  {
    title: "too many matchers",
    query: '{app="x", a="1", b="2"}',
    told: "max streams matchers per query exceeded, matchers-count > limit (3 > 2)",
  },
  {
    title: "a selector without what it must have",
    query: '{job="x", pod="y"}',
    told: "stream selector is missing required matchers [app], labels present in the query were [job, pod]",
  },
  { title: "a blocked query", query: '  rate({app="x"}[1m])', told: "query blocked by policy" },
  { title: "a query that a blocked pattern fits", query: '{app="x"} |= "secret"', told: "query blocked by policy" },
])("$title is refused", async ({ query, more = "", told }) => {
  const response = await fetch(`${server.address}/loki/api/v1/query_range?query=${encodeURIComponent(query)}${more}`);
  expect([response.status, await response.text()]).toEqual([400, `${told}\n`]);
});

test("a blocked pattern for queries with filters lets others through", async () => {
  const response = await fetch(
    `${server.address}/loki/api/v1/query_range?query=${encodeURIComponent('{app="secret"}')}`,
  );
  expect(response.status).toBe(200);
});

test("what a query would read is bounded before it is read", async () => {
  await using small = await startTestServer({ limits_config: { max_query_bytes_read: "1KB" } });
  await small.push({ app: "x" }, "y".repeat(1500));
  const query = encodeURIComponent('{app="x"}');
  const response = await fetch(`${small.address}/loki/api/v1/query_range?query=${query}`);
  expect([response.status, await response.text()]).toEqual([
    400,
    "the query would read too many bytes (query: 1.5 KiB, limit: 1.0 KiB); consider adding more specific stream selectors or reduce the time range of the query. Labels, times and filters leave 1 blocks to it; /loki/api/v1/explain tells what each of them rules out\n",
  ]);
});

test("what lies further back than a tenant may look is not shown by any request", async () => {
  await using bounded = await startTestServer({
    limits_config: { max_query_lookback: "1h", max_query_length: "0s" },
  });
  const hourMs = 3_600_000;
  const nowMs = Date.now();
  const response = await fetch(`${bounded.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({
      streams: [
        { stream: { app: "old" }, values: [[`${nowMs - 2 * hourMs}000000`, "old"]] },
        { stream: { app: "new" }, values: [[`${nowMs - 1000}000000`, "new"]] },
      ],
    }),
  });
  expect(response.status).toBe(204);
  const get = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${bounded.address}/loki/api/v1/${path}`);
    expect(answer.status).toBe(200);
    const { data } = (await answer.json()) as { data: { result?: readonly unknown[] } | readonly unknown[] };
    return Array.isArray(data) ? data : (data as { result: readonly unknown[] }).result.length;
  };
  const all = encodeURIComponent('{app=~".+"}');
  const start = Math.floor((nowMs - 5 * hourMs) / 1000);
  const end = start + 2 * 3600;
  expect(await get(`query_range?query=${all}&start=${start}`)).toBe(1);
  expect(await get(`query_range?query=${all}&start=${start}&end=${end}`)).toBe(0);
  expect(await get(`query?query=${encodeURIComponent('sum(rate({app=~".+"}[1h]))')}&time=${end}`)).toBe(0);
  expect(await get(`label/app/values?start=${start}`)).toEqual(["new"]);
  expect(await get(`series?start=${start}&end=${end}`)).toEqual([]);
});
