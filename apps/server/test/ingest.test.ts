import { batchOf } from "@sluice/model";
import { encodePush } from "@sluice/push";
import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

async function get(server: TestServer, path: string): Promise<unknown> {
  const response = await fetch(`${server.address}${path}`);
  return response.json();
}

test("whatever the limits of a push let in can be stored", async () => {
  const unlimited = { ingestion_burst_size_mb: 1000, per_stream_rate_limit_burst: "1000MB" };
  await using server = await startTestServer({ limits_config: unlimited });
  await server.push({ app: "x" }, ...Array.from({ length: 270 }, (_, i) => `${i} ${"x".repeat(250_000)}`));
  const stats = await get(server, `/loki/api/v1/index/stats?query=${encodeURIComponent('{app="x"}')}`);
  expect(stats).toMatchObject({ streams: 1, entries: 270 });
});

test("a stream that is in memory and in segments is one stream", async () => {
  await using server = await startTestServer({ ingester: { flush_interval: "1ms" } });
  const stats = `/loki/api/v1/index/stats?query=${encodeURIComponent('{app="x"}')}`;
  await server.push({ app: "x" }, "one");
  await expect
    .poll(async () => (await fetch(`${server.address}/metrics`)).text(), { timeout: 5000 })
    .toContain('sluice_ingester_flushes_total{outcome="success"} 1');
  await server.push({ app: "x" }, "two");
  expect(await get(server, stats)).toMatchObject({ streams: 1, chunks: 2, entries: 2 });
});

test("the bytes of lines are counted, not those of the request around them", async () => {
  await using server = await startTestServer();
  const batch = batchOf(
    ["abc", "de"].map((line, i) => ({ timestampNs: BigInt(Date.now()) * 1_000_000n + BigInt(i), line })),
  );
  const body = encodePush(["a", "b"].map((app) => ({ labels: `{app="${app}"}`, batch })));
  const response = await fetch(`${server.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/x-protobuf" },
    body: Buffer.from(body),
  });
  expect(response.status).toBe(204);
  const metrics = await (await fetch(`${server.address}/metrics`)).text();
  expect(metrics).toContain('sluice_ingester_line_bytes_total{tenant="fake"} 10\n');
});
