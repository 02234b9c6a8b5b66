import { paths } from "@sluice/api";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

/** Every mistake of a user is told with a status of 4xx; none is taken for a bug, and none keeps the server busy. */
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer({ querier: { multi_tenant_queries_enabled: true } });
  await server.push({ app: "web" }, "a line", '{"level":"error"}');
});

afterAll(() => server[Symbol.asyncDispose]());

const reads = [
  paths.queryRange,
  paths.query,
  paths.legacyQuery,
  paths.explain,
  paths.labels,
  paths.labelValues.replace(":name", "app"),
  paths.legacyLabelValues.replace(":name", "%00%ff"),
  paths.series,
  paths.indexStats,
  paths.indexVolume,
  paths.indexVolumeRange,
  paths.indexShards,
  paths.formatQuery,
  paths.patterns,
  paths.detectedLabels,
  paths.detectedFields,
  paths.detectedFieldValues.replace(":name", "level"),
  paths.tail,
];

const good = encodeURIComponent('{app="web"}');
const digits = "9".repeat(100_000);

/** Query strings, as they stand in a URL. */
const hostile: readonly { readonly title: string; readonly search: string }[] = [
  { title: "nothing", search: "" },
  { title: "an endless number as limit", search: `query=${good}&limit=${digits.slice(0, 20_000)}` },
  { title: "a limit beyond 64 bits", search: `query=${good}&limit=9223372036854775808` },
  { title: "a limit of nothing", search: `query=${good}&limit=0` },
  { title: "a negative limit", search: `query=${good}&limit=-1&line_limit=-1&field_limit=-1` },
  { title: "a limit with a fraction", search: `query=${good}&limit=1.5&line_limit=1e3` },
  { title: "a start beyond 64 bits", search: `query=${good}&start=99999999999999999999` },
  { title: "an endless start", search: `query=${good}&start=${digits.slice(0, 20_000)}` },
  { title: "a start of floats", search: `query=${good}&start=1e308&end=-1e308` },
  { title: "times that are far apart", search: `query=${good}&start=-9223372036854775808&end=9223372036854775807` },
  { title: "times the other way around", search: `query=${good}&start=2&end=1` },
  { title: "times that are none", search: `query=${good}&start=NaN&end=Infinity&time=yesterday` },
  { title: "an end in the year 9999", search: `query=${good}&end=9999-12-31T23:59:59Z` },
  { title: "an endless since", search: `query=${good}&since=${"9".repeat(300)}y` },
  { title: "a step that is no number", search: `query=${good}&step=NaN` },
  { title: "an endless step", search: `query=${good}&step=Infinity` },
  { title: "a step that is too small", search: `query=${good}&step=0.000001` },
  { title: "a negative step", search: `query=${good}&step=-5&interval=-5` },
  { title: "an interval that is no number", search: `query=${good}&interval=NaN` },
  { title: "a direction that is none", search: `query=${good}&direction=sideways%00` },
  { title: "NUL", search: `query=%00&match=%00&start=%00&limit=%00&step=%00` },
  { title: "NUL in a query", search: `query=${good}%00&match=${good}%00` },
  { title: "bytes that are no UTF-8", search: "query=%ff%fe%c3%28&match[]=%ff&name=%ff" },
  { title: "escapes that are none", search: "query=%zz&match=%&start=%1" },
  { title: "a lone surrogate", search: "query=%ed%a0%80" },
  { title: "braces", search: `query=${"%7B".repeat(5000)}&match=${"%7B".repeat(5000)}` },
  { title: "parentheses", search: `query=${"(".repeat(20_000)}` },
  { title: "a query that is long", search: `query=${encodeURIComponent(`{app="web"} |= "${"x".repeat(100_000)}"`)}` },
  {
    title: "a query that is too long",
    search: `query=${encodeURIComponent(`{app="web"} |= "${"x".repeat(140_000)}"`)}`,
  },
  {
    title: "a regular expression of many",
    search: `query=${encodeURIComponent('{app=~"((a{1,100}){1,100}){1,100}"}')}`,
  },
  {
    title: "a regular expression that is none",
    search: `query=${encodeURIComponent('{app=~"("}')}&match=${encodeURIComponent('{app=~"("}')}`,
  },
  { title: "a selector of everything", search: "query=%7B%7D&match=%7B%7D" },
  { title: "a metric query", search: `query=${encodeURIComponent('rate({app="web"}[1m])')}` },
  {
    title: "series that do not match",
    search: `query=${encodeURIComponent('rate({app="web"}[1m]) + on(x) group_left rate({app="web"}[2m])')}`,
  },
  { title: "a range of ages", search: `query=${encodeURIComponent('count_over_time({app="web"}[290y] offset 290y)')}` },
  { title: "many selectors", search: Array.from({ length: 3000 }, (_, i) => `match[]=%7Ba%3D%22${i}%22%7D`).join("&") },
  {
    title: "many labels",
    search: `query=${good}&targetLabels=${Array.from({ length: 5000 }, (_, i) => `l${i}`).join(",")}`,
  },
  { title: "a shard of nothing", search: `query=${good}&targetBytesPerShard=-1GB` },
  { title: "a delay of days", search: `query=${good}&delay_for=99999999999` },
  { title: "a parameter again and again", search: `query=${good}&${"limit=1&".repeat(10_000)}` },
];

describe.for(reads)("%s", (path) => {
  test.for(hostile)("$title", async ({ search }) => {
    const startMs = performance.now();
    const byUrl = await fetch(`${server.address}${path}?${search}`);
    const told = await byUrl.text();
    expect(byUrl.status, told.slice(0, 300)).toBeLessThan(500);
    if (path !== paths.tail) {
      const byForm = await fetch(`${server.address}${path}`, {
        method: "POST",
        headers: { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" },
        body: search,
      });
      const formTold = await byForm.text();
      expect(byForm.status, formTold.slice(0, 300)).toBe(byUrl.status);
    }
    expect(performance.now() - startMs).toBeLessThan(4000);
  });
});

test.for([
  { title: "a header that is too large", headers: { "X-Scope-OrgID": "x".repeat(2_000_000) }, status: 431 },
  {
    title: "a thousand tenants",
    headers: { "X-Scope-OrgID": Array.from({ length: 1000 }, (_, i) => i).join("|") },
    status: 400,
  },
  { title: "a tenant with a line break's escape", headers: { "X-Scope-OrgID": "a%0ab" }, status: 400 },
  { title: "flags that nobody knows", headers: { "X-Loki-Response-Encoding-Flags": "x".repeat(10_000) }, status: 200 },
])("$title is answered with $status", async ({ headers, status }) => {
  const response = await fetch(`${server.address}${paths.queryRange}?query=${good}`, { headers }).catch(
    () => undefined,
  );
  await response?.arrayBuffer();
  // A client that still sends may see the connection end instead.
  expect(response === undefined ? 431 : response.status).toBe(status);
});

test("a form that is too large is refused", async () => {
  const response = await fetch(`${server.address}${paths.query}`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: `query=${"x".repeat(1024 * 1024)}`,
  });
  expect(response.status).toBe(413);
});
