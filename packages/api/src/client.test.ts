import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { createClient } from "./client.ts";

let server: Server | undefined;

afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) => (server === undefined ? resolve(undefined) : server.close(resolve)));
  server = undefined;
});

async function serve(handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  const started = createServer(handle);
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

const range = { startNs: 1_767_607_200_000_000_001n, endNs: 1_767_610_800_000_000_000n };

test("a range query asks for what it was given, as its tenant, and wants labels by category", async () => {
  let seen: IncomingMessage | undefined;
  const baseUrl = await serve((request, response) => {
    seen = request;
    response.end(JSON.stringify({ status: "success", data: { resultType: "streams", result: [] } }));
  });
  const client = createClient({ baseUrl: `${baseUrl}/sub/`, tenant: "shop" });
  const data = await client.queryRange({ query: '{a="ü"}', ...range, limit: 10, direction: "forward", stepMs: 1500 });
  expect(data).toEqual({ resultType: "streams", result: [] });
  const url = new URL(seen!.url!, baseUrl);
  expect(url.pathname).toBe("/sub/loki/api/v1/query_range");
  expect(Object.fromEntries(url.searchParams)).toEqual({
    query: '{a="ü"}',
    start: "1767607200000000001",
    end: "1767610800000000000",
    limit: "10",
    direction: "forward",
    step: "1500ms",
  });
  expect(seen!.headers).toMatchObject({
    "x-scope-orgid": "shop",
    "x-loki-response-encoding-flags": "categorize-labels",
  });
});

test.for([
  { stepMs: undefined, path: "/loki/api/v1/index/volume" },
  { stepMs: 60_000, path: "/loki/api/v1/index/volume_range" },
])("volumes with step $stepMs are asked for at $path", async ({ stepMs, path }) => {
  let seen = "";
  const baseUrl = await serve((request, response) => {
    seen = request.url!;
    response.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
  });
  const params = { query: "{}", ...range, targetLabels: ["app", "env"], aggregateBy: "labels" } as const;
  await createClient({ baseUrl }).volume({ ...params, ...(stepMs === undefined ? {} : { stepMs }) });
  const url = new URL(seen, baseUrl);
  expect(url.pathname).toBe(path);
  expect(url.searchParams.get("targetLabels")).toBe("app,env");
  expect(url.searchParams.get("step")).toBe(stepMs === undefined ? null : "60000ms");
});

test("the client explains a query with the parameters that run it", async () => {
  let seen = "";
  const baseUrl = await serve((request, response) => {
    seen = request.url!;
    response.end('{"status":"success","data":{"query":"{a=\\"b\\"}"}}');
  });
  expect(await createClient({ baseUrl }).explain({ query: '{a="b"}', ...range, limit: 5 })).toEqual({
    query: '{a="b"}',
  });
  expect(seen).toMatch(/^\/loki\/api\/v1\/explain\?query=.*&limit=5/u);
});

test("a long query is posted as a form", async () => {
  let body = "";
  const baseUrl = await serve((request, response) => {
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => response.end('{"status":"success","data":{"resultType":"streams","result":[]}}'));
  });
  const query = `{app="x"} |= "${"y".repeat(5000)}"`;
  await createClient({ baseUrl }).queryRange({ query, ...range });
  expect(new URLSearchParams(body).get("query")).toBe(query);
});

test("no labels are an empty list", async () => {
  const baseUrl = await serve((_request, response) => response.end('{"status":"success"}'));
  expect(await createClient({ baseUrl }).labels(range)).toEqual([]);
});

test("a label's name is one segment of the path", async () => {
  let path = "";
  const baseUrl = await serve((request, response) => {
    path = request.url!;
    response.end('{"status":"success","data":["x"]}');
  });
  expect(await createClient({ baseUrl }).labelValues("a/b", range)).toEqual(["x"]);
  expect(path).toMatch(/^\/loki\/api\/v1\/label\/a%2Fb\/values\?/u);
});

test.for([
  {
    status: 400,
    type: "text/plain",
    body: "parse error at line 1, col 2: syntax error\n",
    code: "bad_data",
    message: "parse error at line 1, col 2: syntax error",
  },
  { status: 401, type: "text/plain", body: "no org id", code: "unauthorized", message: "no org id" },
  {
    status: 429,
    type: "text/plain",
    body: "too many outstanding requests",
    code: "rate_limited",
    message: "too many outstanding requests",
  },
  {
    status: 400,
    type: "application/json",
    body: '{"status":"invalid-query","error":"parse error"}',
    code: "bad_data",
    message: "parse error",
  },
  { status: 502, type: "text/html", body: "", code: "unavailable", message: "the server answered 502 Bad Gateway" },
  { status: 504, type: "text/plain", body: "request timed out", code: "timeout", message: "request timed out" },
])("status $status with '$body' is $code", async ({ status, type, body, code, message }) => {
  const baseUrl = await serve((_request, response) => response.writeHead(status, { "Content-Type": type }).end(body));
  await expect(createClient({ baseUrl }).labels(range)).rejects.toMatchObject({ name: "ServiceError", code, message });
});

test("an answer that is not JSON is named", async () => {
  const baseUrl = await serve((_request, response) => response.end("<html>"));
  await expect(createClient({ baseUrl }).labels(range)).rejects.toMatchObject({
    code: "unavailable",
    message: "the answer of /loki/api/v1/labels is not JSON: is this a Loki server?",
  });
});

test("a server that is down is unavailable", async () => {
  const baseUrl = await serve(() => {});
  await new Promise((resolve) => server!.close(resolve));
  server = undefined;
  await expect(createClient({ baseUrl }).labels(range)).rejects.toMatchObject({ code: "unavailable" });
});

test("an abort closes the request and rejects as cancelled", async () => {
  const abort = new AbortController();
  let closed: Promise<unknown> = Promise.resolve();
  const baseUrl = await serve((_request, response) => {
    closed = new Promise((resolve) => response.once("close", () => resolve("closed")));
    abort.abort();
  });
  await expect(createClient({ baseUrl }).labels(range, abort.signal)).rejects.toMatchObject({ code: "cancelled" });
  expect(await closed).toBe("closed");
});

test("the tail's address carries the query", () => {
  const url = createClient({ baseUrl: "http://h/sub" }).tailUrl({ query: '{a="b"}', limit: 5, startNs: 7n });
  expect(url).toBe("http://h/sub/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D&limit=5&start=7");
});
