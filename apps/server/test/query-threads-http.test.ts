import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = undefined;
});

async function start(querier: unknown, lineCount = 2000): Promise<TestServer> {
  server = await startTestServer({
    querier,
    limits_config: { ingestion_rate_mb: 1000, ingestion_burst_size_mb: 1000, per_stream_rate_limit: "1GB" },
  });
  for (let from = 0; from < lineCount; from += 2000) {
    await server.push(
      { app: "web" },
      ...Array.from({ length: 2000 }, (_, i) => `id=${from + i} ${"abcabc ".repeat(60)}`),
    );
  }
  return server;
}

function ask({ address }: TestServer, query: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${address}/loki/api/v1/query?${new URLSearchParams({ query }).toString()}`, init);
}

/** Takes many seconds. */
const long = Array.from(
  { length: 400 },
  (_, i) =>
    `sum(count_over_time({app="web"} | line_format "{{ __line__ | upper | replace \\"A\\" \\"${i}\\" }}" |= "x"[1h]))`,
).join(" + ");
const short = 'sum(count_over_time({app="web"}[1h]))';

test("queries wait for their turn; when too many of a tenant do, more are refused, and come again", async () => {
  const running = await start({ threads: 1, max_concurrent: 1, max_outstanding_per_tenant: 1 });
  const leaving = new AbortController();
  const first = ask(running, long, { signal: leaving.signal }).catch(() => {});
  await sleep(200);
  const second = ask(running, short);
  await sleep(100);
  const third = await ask(running, short);
  expect(third.status).toBe(429);
  expect(third.headers.get("retry-after")).toBe("1");
  expect(await third.text()).toBe("too many outstanding requests\n");
  // Another tenant has a queue of its own.
  const other = ask(running, short, { headers: { "X-Scope-OrgID": "other" } });
  expect((await fetch(`${running.address}/ready`)).status).toBe(200);
  leaving.abort();
  await first;
  expect((await second).status).toBe(200);
  expect((await other).status).toBe(200);
});

test("a query that needs too much memory is told so, and the server goes on", async () => {
  const running = await start({ threads: 1, thread_heap_bytes_max: "24MB" }, 40_000);
  const wide = await ask(running, 'count_over_time({app="web"} | logfmt | label_format a=`{{ .id }}{{ .id }}` [1h])');
  expect(await wide.text()).toMatch(/^the query needs too much memory \(limit: 24 MiB/u);
  expect(wide.status).toBe(400);
  const next = await ask(running, short);
  expect(next.status).toBe(200);
  expect(await next.text()).toContain('"40000"');
});
