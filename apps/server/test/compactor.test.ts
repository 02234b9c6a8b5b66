import { expect, test } from "vitest";
import { startTestServer, type TestServer } from "./start-test-server.ts";

/** What a query over the last day answers: its number. */
async function count(server: TestServer, selector: string): Promise<number> {
  const query = `sum(count_over_time(${selector}[24h]))`;
  const response = await fetch(`${server.address}/loki/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await response.json()) as { data: { result: readonly { value: readonly [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}

/** Pushes one line of so long ago. */
async function pushOld(server: TestServer, app: string, ageMs: number): Promise<void> {
  const values = [[String(BigInt(Date.now() - ageMs) * 1_000_000n), `${ageMs} ms old`]];
  const response = await fetch(`${server.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { app }, values }] }),
  });
  expect(response.status).toBe(204);
}

async function metric(server: TestServer, name: string): Promise<number> {
  const text = await (await fetch(`${server.address}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "mu").exec(text)?.[1] ?? Number.NaN);
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const endMs = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > endMs) {
      throw new Error("waited 30 s in vain");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test("small segments are merged while lines come, and every line is counted once all the time", async () => {
  await using server = await startTestServer({
    ingester: { flush_interval: "1ms" },
    compactor: { compaction_interval: "200ms", retention_delete_delay: "1s" },
  });
  let pushed = 0;
  await until(async () => {
    await server.push({ app: "web" }, `line ${pushed}`, `and ${pushed}`);
    pushed += 2;
    expect(await count(server, '{app="web"}')).toBe(pushed);
    return (await metric(server, 'sluice_store_compactions_total\\{outcome="success"\\}')) >= 1;
  });
  expect(await count(server, '{app="web"}')).toBe(pushed);
});

test("lines older than their retention are not shown, whether they are in memory or in segments", async () => {
  const hour = 3_600_000;
  await using server = await startTestServer({
    ingester: { flush_interval: "3s" },
    limits_config: {
      retention_period: "2h",
      retention_stream: [{ selector: '{app="short"}', priority: 1, period: "30m" }],
    },
    compactor: { compaction_interval: "500ms", apply_retention_interval: "500ms" },
  });
  for (const app of ["web", "short"]) {
    for (const ageMs of [0, hour, 3 * hour]) {
      await pushOld(server, app, ageMs);
    }
  }
  const check = async (): Promise<void> => {
    expect(await count(server, '{app="web"}')).toBe(2);
    expect(await count(server, '{app="short"}')).toBe(1);
  };
  await check();
  await until(async () => (await metric(server, "sluice_store_segments_written_total")) > 0);
  await check();
});
