import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;
const uuid = "018f4e7a-1111-7222-8333-444455556666";

beforeAll(async () => {
  server = await startTestServer({ limits_config: { max_entries_limit_per_query: 500, max_pattern_lines: 100 } });
  await push({ app: "web", pod: "1", run: uuid, shard: "17", flag: "1" }, [
    ['{"user":{"id":7},"took":"1.5s","size":"10KB","ok":true,"app":"x"}', { trace_id: "a1" }],
    ['{"user":{"id":8},"took":"20ms","size":"2 MB","ok":false,"app":"y"}', { trace_id: "b2" }],
  ]);
  await push({ app: "cli", pod: "2", run: uuid, shard: "18", flag: "0" }, [
    ["took=3s status=200 free text", {}],
    ["no fields at all", {}],
  ]);
  await push(
    { app: "many", pod: "3", run: uuid, shard: "19", flag: "1" },
    Array.from({ length: 300 }, (_, i) => [`request ${i} took ${i * 3}ms`, {}]),
  );
});

afterAll(() => server[Symbol.asyncDispose]());

async function push(
  stream: Readonly<Record<string, string>>,
  lines: readonly (readonly [line: string, metadata: object])[],
): Promise<void> {
  const firstNs = BigInt(Date.now() - 60_000) * 1_000_000n;
  const values = lines.map(([line, metadata], i) => [String(firstNs + BigInt(i)), line, metadata]);
  const response = await fetch(`${server.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ streams: [{ stream, values }] }),
  });
  expect(response.status, await response.text()).toBe(204);
}

async function get(path: string, params: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(`${server.address}${path}?${new URLSearchParams(params).toString()}`);
  const text = await response.text();
  return response.status === 200 ? (JSON.parse(text) as unknown) : `${response.status} ${text.trim()}`;
}

test("labels are told with the number of their values, but not those that are ids", async () => {
  expect(await get("/loki/api/v1/detected_labels")).toEqual({
    detectedLabels: [
      { label: "app", cardinality: 3 },
      { label: "flag", cardinality: 2 },
      { label: "pod", cardinality: 3 },
      { label: "service_name", cardinality: 3 },
    ],
  });
  expect(await get("/loki/api/v1/detected_labels", { query: '{app="web"}' })).toEqual({
    detectedLabels: [
      { label: "app", cardinality: 1 },
      { label: "flag", cardinality: 1 },
      { label: "pod", cardinality: 1 },
      { label: "service_name", cardinality: 1 },
    ],
  });
  expect(await get("/loki/api/v1/detected_labels", { query: '{app="none"}' })).toEqual({});
});

interface Fields {
  readonly fields: readonly { readonly label: string }[];
}

function byLabel(answer: unknown): unknown {
  const { fields, ...others } = answer as Fields;
  return { ...others, fields: fields.toSorted((a, b) => (a.label < b.label ? -1 : 1)) };
}

test("fields of JSON are told with types, values, and where they are", async () => {
  const json = ["json"];
  expect(byLabel(await get("/loki/api/v1/detected_fields", { query: '{app="web"}' }))).toEqual({
    fields: [
      { label: "app_extracted", type: "string", cardinality: 2, parsers: json, jsonPath: ["app"] },
      { label: "detected_level", type: "string", cardinality: 1, parsers: null },
      { label: "ok", type: "boolean", cardinality: 2, parsers: json, jsonPath: ["ok"] },
      { label: "size", type: "bytes", cardinality: 2, parsers: json, jsonPath: ["size"] },
      { label: "took", type: "duration", cardinality: 2, parsers: json, jsonPath: ["took"] },
      { label: "trace_id", type: "string", cardinality: 2, parsers: null },
      { label: "user_id", type: "int", cardinality: 2, parsers: json, jsonPath: ["user", "id"] },
    ],
    limit: 1000,
  });
});

test("fields of logfmt, and of stages of the query, are told, too", async () => {
  const query = '{app="cli"} |= "took" | regexp "(?P<kind>free) text"';
  const logfmt = ["logfmt"];
  expect(byLabel(await get("/loki/api/v1/detected_fields", { query, limit: "7" }))).toEqual({
    fields: [
      { label: "detected_level", type: "string", cardinality: 1, parsers: null },
      { label: "kind", type: "string", cardinality: 1, parsers: logfmt },
      { label: "status", type: "int", cardinality: 1, parsers: logfmt },
      { label: "took", type: "duration", cardinality: 1, parsers: logfmt },
    ],
    limit: 7,
  });
  expect(await get("/loki/api/v1/detected_fields", { query, field_limit: "1" })).toMatchObject({ limit: 1 });
  expect(await get("/loki/api/v1/detected_fields", { query: '{app="none"}' })).toEqual({});
});

test("values of a field are told, sizes as a query can compare with them", async () => {
  const valuesOf = async (name: string, params: Readonly<Record<string, string>> = {}): Promise<unknown> => {
    const answer = await get(`/loki/api/v1/detected_field/${name}/values`, { query: '{app="web"}', ...params });
    return typeof answer === "object" && answer !== null && "values" in answer
      ? { ...answer, values: (answer.values as string[]).toSorted() }
      : answer;
  };
  expect(await valuesOf("user_id")).toEqual({ limit: 1000, values: ["7", "8"] });
  expect(await valuesOf("trace_id")).toEqual({ limit: 1000, values: ["a1", "b2"] });
  expect(await valuesOf("size")).toEqual({ limit: 1000, values: ["10kB", "2.0MB"] });
  expect(await valuesOf("user_id", { limit: "1" })).toEqual({ limit: 1, values: ["8"] });
  expect(await valuesOf("user_id", { line_limit: "1" })).toEqual({ limit: 1000, values: ["8"] });
  expect(await valuesOf("nothing")).toEqual({});
});

interface Patterns {
  readonly status: string;
  readonly warnings?: readonly string[];
  readonly data: readonly { readonly pattern: string; readonly level: string; readonly samples: readonly number[][] }[];
}

test("patterns are told with their level and how many lines there were when", async () => {
  const { status, data, warnings } = (await get("/loki/api/v1/patterns", {
    query: '{app="cli"}',
    step: "60s",
  })) as Patterns;
  expect([status, warnings]).toEqual(["success", undefined]);
  expect(new Set(data.map(({ pattern, level }) => `${level}: ${pattern}`))).toEqual(
    new Set(["unknown: no fields at all", "unknown: took=3s status=200 free text"]),
  );
  const [[seconds, count] = []] = data[0]!.samples;
  expect([seconds! % 60, count]).toEqual([0, 1]);
  expect(await get("/loki/api/v1/patterns", { query: '{app="none"}' })).toEqual({ status: "success", data: [] });
});

test("patterns of more lines than may be looked at are those of a sample, and the answer says so", async () => {
  const { data, warnings } = (await get("/loki/api/v1/patterns", { query: '{app="many"}' })) as Patterns;
  expect(warnings).toEqual([expect.stringContaining("patterns are those of about 33 % of the lines")]);
  expect(data.map(({ pattern }) => pattern)).toEqual(["request <_> took <_>"]);
  expect(data[0]!.samples.reduce((sum, [, count]) => sum + count!, 0)).toBe(300);
});

test.for<{ readonly path: string; readonly params: Readonly<Record<string, string>>; readonly told: string }>([
  { path: "patterns", params: { query: '{app="web"} |= "x"' }, told: "400 only label matchers are supported" },
  { path: "patterns", params: {}, told: "400 parse error" },
  {
    path: "patterns",
    params: { query: '{app="web"}', step: "-1" },
    told: "400 zero or negative query resolution step",
  },
  { path: "detected_labels", params: { query: '{app="web"} |= "x"' }, told: "400 only label matchers are supported" },
  {
    path: "detected_labels",
    params: { start: "20", end: "10" },
    told: "400 end timestamp must not be before or equal",
  },
  { path: "detected_fields", params: { query: 'rate({app="web"}[5m])' }, told: "400 only log selector is supported" },
  { path: "detected_fields", params: { query: '{app="web"}', limit: "0" }, told: "400 limit must be a positive value" },
  { path: "detected_fields", params: { query: '{app="web"}', line_limit: "x" }, told: "400 strconv.Atoi: parsing" },
  {
    path: "detected_field/a/values",
    params: { query: '{app="web"}', line_limit: "501" },
    told: "400 max entries limit per query exceeded, limit > max_entries_limit_per_query (501 > 500)",
  },
])("$path with $params is refused: $told", async ({ path, params, told }) => {
  expect(await get(`/loki/api/v1/${path}`, params)).toContain(told);
});

test("forms are answered like URLs", async () => {
  const response = await fetch(`${server.address}/loki/api/v1/detected_labels`, {
    method: "POST",
    body: new URLSearchParams({ query: '{app="web"}' }),
  });
  expect(await response.json()).toEqual(await get("/loki/api/v1/detected_labels", { query: '{app="web"}' }));
});

test("the limits in force are told, as JSON and as YAML", async () => {
  expect(await get("/loki/api/v1/drilldown-limits")).toMatchObject({
    limits: { max_entries_limit_per_query: 500, volume_enabled: true, query_timeout: "1m", retention_period: "0s" },
    pattern_ingester_enabled: true,
    version: expect.any(String) as string,
  });
  const response = await fetch(`${server.address}/config/tenant/v1/limits`);
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(await response.text()).toMatch(/^max_entries_limit_per_query: 500$/mu);
});
