import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ server: { push_body_bytes_max: 2_000_000 } });
});

afterAll(() => server[Symbol.asyncDispose]());

interface Case {
  readonly title: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  /** How the answer begins. */
  readonly told: string;
}

const form = "application/x-www-form-urlencoded";
const metric = `query=${encodeURIComponent('rate({app="x"}[1m])')}`;

test.for<Case>([
  {
    title: "a broken escape in the path",
    path: "/loki/api/v1/label/%zz/values",
    status: 400,
    told: "'/loki/api/v1/label/%zz/values' is not a valid url component",
  },
  { title: "an unknown path", path: "/nothing", status: 404, told: "404 page not found" },
  {
    title: "a method that a path does not have",
    path: "/loki/api/v1/push",
    init: { method: "GET" },
    status: 405,
    told: "405 method not allowed",
  },
  {
    title: "another one",
    path: "/loki/api/v1/label/app/values",
    init: { method: "DELETE" },
    status: 405,
    told: "405 method not allowed",
  },
  {
    title: "a push that is too large, and does not say so",
    path: "/loki/api/v1/push",
    init: {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: new Blob(["x".repeat(2_000_001)]).stream(),
      duplex: "half",
    },
    status: 413,
    told: "request body too large: message size too large than max (unknown vs 2000000)",
  },
  {
    title: "a content type that is none",
    path: "/loki/api/v1/push",
    init: { method: "POST", headers: { "Content-Type": ";;" }, body: "{}" },
    status: 400,
    told: "mime: no media type",
  },
  {
    title: "a form that is too large",
    path: "/loki/api/v1/query_range",
    init: { method: "POST", headers: { "Content-Type": form }, body: `query=${"x".repeat(1_500_000)}` },
    status: 413,
    told: "request body too large: message size too large than max (1500006 vs 1048576)",
  },
  {
    title: "a push that is too large",
    path: "/loki/api/v1/push",
    init: { method: "POST", headers: { "Content-Type": "application/json" }, body: "x".repeat(2_000_001) },
    status: 413,
    told: "request body too large: message size too large than max (2000001 vs 2000000)",
  },
  {
    title: "a step of ages",
    path: `/loki/api/v1/query_range?${metric}&step=1e300`,
    status: 400,
    told: 'cannot parse "1e300" to a valid duration. It overflows int64',
  },
  {
    title: "a tail by plain HTTP",
    path: `/loki/api/v1/tail?query=${encodeURIComponent('{app="x"}')}`,
    status: 400,
    told: "Bad Request",
  },
  {
    title: "a tail of a metric query",
    path: `/loki/api/v1/tail?${metric}`,
    status: 400,
    told: "only log selector is supported",
  },
  {
    title: "a tail of more lines than a query may ask for",
    path: `/loki/api/v1/tail?query=${encodeURIComponent('{app="x"}')}&limit=5001`,
    status: 400,
    told: "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000)",
  },
])("$title is refused in plain text", async ({ path, init, status, told }) => {
  const response = await fetch(`${server.address}${path}`, init);
  expect({ status: response.status, text: (await response.text()).trim().slice(0, told.length) }).toEqual({
    status,
    text: told,
  });
  expect(response.headers.get("content-type")).toBe("text/plain; charset=utf-8");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
});

test.for<Omit<Case, "status" | "told">>([
  {
    title: "a body that is no form",
    path: "/loki/api/v1/query?query=1",
    init: { method: "POST", headers: { "Content-Type": "application/json" }, body: "{" },
  },
  {
    title: "an empty body with a type",
    path: "/loki/api/v1/query?query=1",
    init: { method: "POST", headers: { "Content-Type": "application/json" } },
  },
  {
    title: "lines nearer than a millisecond",
    path: `/loki/api/v1/query_range?query=${encodeURIComponent('{app="x"}')}&interval=0.0005`,
  },
])("$title does no harm", async ({ path, init }) => {
  const response = await fetch(`${server.address}${path}`, init);
  expect(response.status, await response.text()).toBe(200);
});

test("the methods of a path are named, and every request is timed by its route", async () => {
  const response = await fetch(`${server.address}/loki/api/v1/query_range`, { method: "PUT" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD, POST"]);
  await fetch(`${server.address}/nowhere/at/all`);
  const metrics = await (await fetch(`${server.address}/metrics`)).text();
  expect(metrics).toMatch(
    /^sluice_request_duration_seconds_count\{method="PUT",route="\/loki\/api\/v1\/query_range",status_code="405"\} 1$/mu,
  );
  expect(metrics).toMatch(/^sluice_request_duration_seconds_count\{method="GET",route="other",status_code="404"\}/mu);
});
