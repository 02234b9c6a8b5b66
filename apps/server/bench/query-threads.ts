import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { temporaryDirectory } from "@sluice/testkit";
import { configOf, mib } from "./client.ts";
import { makeCorpus } from "./corpus.ts";
import { startServerProcess, type ServerProcess } from "./server-process.ts";

/*
 * What queries do to the thread that takes requests, without query threads and with one: for how long it is kept at most,
 * in its own CPU time, and what clients see. And how soon a query is gone when its client is. About two minutes.
 */

const endMs = Date.now() - 60_000;
const rawBytes = Number(process.env["BENCH_MIB"] ?? 128) * mib;
const range = { start: String((endMs - 7 * 3_600_000) * 1e6), end: String((endMs + 60_000) * 1e6) };
const all = `{app=~".+"}`;

const queries = {
  "count by app": { query: `sum by (app) (count_over_time(${all}[5m]))` },
  "a regular expression": { query: `sum(count_over_time(${all} |~ "(a|b)+c.*[0-9]+z"[1m]))` },
  "nested repetitions": { query: `sum(count_over_time(${all} |~ "((a+)+)+$"[1m]))` },
  "fields of JSON": { query: `sum by (level) (count_over_time(${all} | json [1m]))` },
  "5,000 lines": { query: `${all} |= "e"`, limit: "5000" },
  "labels and their values": { query: all, path: "series", "match[]": all },
  "a text of 100 kB": { query: `${all}${' |= "e"'.repeat(14_000)}` },
};

for (const threads of [0, 1]) {
  await using directory = await temporaryDirectory();
  const watchPath = join(directory.path, "watch");
  process.env["MAIN_THREAD_WATCH"] = watchPath;
  process.env["SRV_FLAGS"] = `--import ${join(import.meta.dirname, "main-thread-watch.ts")}`;
  const config = configOf(
    {
      querier: { threads },
      ingester: { flush_bytes: 1024 * mib, head_bytes_max: 2048 * mib, flush_interval: "10h" },
    },
    { max_query_series: 100_000 },
  );
  const server = await startServerProcess(directory.path, config);
  try {
    console.log(`\n${threads} query threads`);
    await push(server, rawBytes, 100);
    await (await fetch(`${server.address}/flush`, { method: "POST" })).text();
    // And lines in memory, of many streams.
    await push(server, 20 * mib, 10_000);
    for (const [name, parameters] of Object.entries(queries)) {
      await measure(server, name, parameters, watchPath);
    }
    await leave(server);
    console.log(`peak memory ${server.peakMib().toFixed(0)} MiB`);
  } finally {
    await server.kill("SIGTERM");
  }
}

async function push(server: ServerProcess, bytes: number, streamCount: number): Promise<void> {
  for (const { body } of makeCorpus({ streamCount, rawBytes: bytes, endMs, hours: 6, connection: 0, connections: 1 })) {
    const headers = { "Content-Type": "application/x-protobuf" };
    const response = await fetch(`${server.address}/loki/api/v1/push`, { method: "POST", headers, body });
    if (response.status !== 204) {
      throw new Error(`push: ${response.status} ${await response.text()}`);
    }
  }
}

function ask(server: ServerProcess, parameters: Record<string, string>, signal?: AbortSignal): Promise<Response> {
  const { path = "query_range", ...given } = parameters;
  return fetch(`${server.address}/loki/api/v1/${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: new URLSearchParams({ ...range, step: "60", ...given }).toString(),
    signal: signal ?? null,
  });
}

/** How long the main thread was kept at most since the last call, milliseconds. */
async function longestMs(server: ServerProcess, watchPath: string): Promise<number> {
  process.kill(server.pid, "SIGUSR2");
  await sleep(100);
  return Number(readFileSync(watchPath, "utf8").trim().split("\n").at(-1));
}

async function measure(
  server: ServerProcess,
  name: string,
  parameters: Record<string, string>,
  watchPath: string,
): Promise<void> {
  await longestMs(server, watchPath);
  let isDone = false;
  const waitsMs: number[] = [];
  const probe = async (): Promise<void> => {
    while (!isDone) {
      const startMs = performance.now();
      await (await fetch(`${server.address}/ready`)).text();
      waitsMs.push(performance.now() - startMs);
      await sleep(5);
    }
  };
  const probing = probe();
  const startMs = performance.now();
  const response = await ask(server, parameters);
  await response.arrayBuffer();
  const tookMs = performance.now() - startMs;
  isDone = true;
  await probing;
  const kept = await longestMs(server, watchPath);
  waitsMs.sort((a, b) => a - b);
  console.log(
    `${name.padEnd(28)} ${String(response.status)} ${tookMs.toFixed(0).padStart(6)} ms   main thread kept ${kept.toFixed(1).padStart(6)} ms at most   /ready ${waitsMs[waitsMs.length >> 1]!.toFixed(1)} ms (median)`,
  );
}

/** A client asks for much and leaves. */
async function leave(server: ServerProcess): Promise<void> {
  const gone: number[] = [];
  for (let round = 0; round < 5; round++) {
    const leaving = new AbortController();
    const query = Array.from(
      { length: 9 },
      (_, i) => `sum(count_over_time(${all} |~ "(a|b)+c.*[0-9]+${round}${i}"[1m]))`,
    );
    const asked = ask(server, { query: query.join(" + ") }, leaving.signal).catch(() => {});
    await sleep(300);
    leaving.abort();
    await asked;
    const startMs = performance.now();
    // The thread has other work when the next query is answered.
    await (await ask(server, { query: `{app="nobody"}` })).text();
    gone.push(performance.now() - startMs);
  }
  console.log(`the next query after a client left: ${gone.map((ms) => ms.toFixed(0)).join(", ")} ms`);
}
