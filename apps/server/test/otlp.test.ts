import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({
    server: { push_body_bytes_max: 100_000 },
    limits_config: {
      otlp_config: {
        resource_attributes: { attributes_config: [{ action: "index_label", attributes: ["team"] }] },
        log_attributes: [{ action: "drop", regex: "secret.*" }],
      },
    },
  });
});

afterAll(() => server[Symbol.asyncDispose]());

function attributes(record: Readonly<Record<string, string>>): readonly object[] {
  return Object.entries(record).map(([key, stringValue]) => ({ key, value: { stringValue } }));
}

function requestOf(resource: Readonly<Record<string, string>>, ...logRecords: readonly object[]): string {
  return JSON.stringify({
    resourceLogs: [{ resource: { attributes: attributes(resource) }, scopeLogs: [{ logRecords }] }],
  });
}

function push(body: string | Buffer<ArrayBuffer>, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${server.address}/otlp/v1/logs`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
  });
}

async function linesOf(query: string): Promise<unknown> {
  const response = await fetch(`${server.address}/loki/api/v1/query_range?query=${encodeURIComponent(query)}`, {
    headers: { "X-Loki-Response-Encoding-Flags": "categorize-labels" },
  });
  const { data } = (await response.json()) as { data: { result: readonly { stream: object; values: unknown[][] }[] } };
  return data.result.map(({ stream, values }) => [stream, ...values.map(([, line, labels]) => [line, labels])]);
}

test("records become lines with labels, metadata, a service and a level", async () => {
  const timeUnixNano = String(BigInt(Date.now() - 1000) * 1_000_000n);
  const response = await push(
    requestOf(
      { "service.name": "shop", team: "a", "host.name": "n1" },
      {
        timeUnixNano,
        severityNumber: 13,
        body: { stringValue: "slow" },
        attributes: attributes({ "secret.key": "x", "http.method": "GET" }),
      },
    ),
  );
  expect([response.status, await response.text()]).toEqual([204, ""]);
  expect(await linesOf('{service_name="shop"}')).toEqual([
    [
      { service_name: "shop", team: "a" },
      [
        "slow",
        { structuredMetadata: { detected_level: "warn", host_name: "n1", http_method: "GET", severity_number: "13" } },
      ],
    ],
  ]);
});

test("records without a time get that of their arrival, in their order: equal ones are as many as were sent", async () => {
  const body = requestOf(
    { "service.name": "beat" },
    ...["tick", "tick", "tock"].map((stringValue) => ({ body: { stringValue } })),
  );
  for (let i = 0; i < 3; i++) {
    expect((await push(body)).status).toBe(204);
  }
  const [[, ...lines]] = (await linesOf('{service_name="beat"}')) as [[object, ...[string, object][]]];
  expect(lines.map(([line]) => line)).toEqual(["tock", "tick", "tick", "tock", "tick", "tick", "tock", "tick", "tick"]);
});

test("the same request again is stored once when its records have times: its answer was lost", async () => {
  const timeUnixNano = String(BigInt(Date.now() - 1000) * 1_000_000n);
  const body = requestOf({ "service.name": "again" }, { timeUnixNano, body: { stringValue: "once" } });
  await push(body);
  expect((await push(body)).status).toBe(204);
  expect((await linesOf('{service_name="again"}')) as unknown[][]).toMatchObject([[{}, ["once", {}]]]);
});

test("a resource without a name gets the service that its labels tell, or unknown_service", async () => {
  const body = { stringValue: "x" };
  const timeUnixNano = String(BigInt(Date.now() - 1000) * 1_000_000n);
  await push(requestOf({ "k8s.job.name": "nightly" }, { timeUnixNano, body }));
  await push(requestOf({ "host.name": "n1" }, { timeUnixNano, body }));
  expect(await linesOf('{service_name="nightly"}')).toHaveLength(1);
  expect(await linesOf('{service_name="unknown_service"}')).toHaveLength(1);
});

test.for<{
  title: string;
  body: string | Buffer<ArrayBuffer>;
  headers?: Record<string, string>;
  status: number;
  told: string;
}>([
  {
    title: "nothing to store",
    body: "{}",
    status: 422,
    told: "error at least one valid stream is required for ingestion",
  },
  { title: "no JSON", body: "{", status: 400, told: "cannot parse the request as JSON" },
  {
    title: "another type",
    body: "x",
    headers: { "Content-Type": "text/plain" },
    status: 400,
    told: "content type: text/plain is not supported",
  },
  {
    title: "another encoding",
    body: "x",
    headers: { "Content-Encoding": "br" },
    status: 400,
    told: "unsupported content encoding br: only gzip, lz4 and zstd are supported",
  },
  { title: "too much", body: "x".repeat(100_001), status: 413, told: "request body too large: message size too large" },
  {
    title: "an old record",
    body: gzipSync(requestOf({ "service.name": "old" }, { timeUnixNano: "5" })),
    headers: { "Content-Encoding": "gzip" },
    status: 400,
    told: `entry for stream '{service_name="old"}' has timestamp too old: 1970-01-01T00:00:00Z`,
  },
  {
    title: "two tenants",
    body: "{}",
    headers: { "X-Scope-OrgID": "a|b" },
    status: 400,
    told: "multiple org IDs present",
  },
])("$title is answered with $status, the reason in a protobuf status", async ({ body, headers, status, told }) => {
  const response = await push(body, headers);
  const bytes = Buffer.from(await response.arrayBuffer());
  expect([response.status, response.headers.get("content-type")]).toEqual([status, "application/octet-stream"]);
  // Field 2, the message; its length takes one byte or two.
  expect(bytes[0]).toBe(0x12);
  expect(bytes.subarray(bytes[1]! < 0x80 ? 2 : 3).toString()).toContain(told);
});
