import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";

const root = new URL("../../..", import.meta.url);
const main = fileURLToPath(new URL("apps/server/src/main.ts", root));
const commands = fileURLToPath(new URL("packages/store/src/cli", root));

interface Server extends AsyncDisposable {
  readonly address: string;
}

/** A server as users run it: a process of its own. */
async function startProcess(data: string, config: string): Promise<Server> {
  const args = [main, "--data", data, "--listen", "127.0.0.1:0", "--config", config, "--log-level", "error"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const address = await addressOf(child);
  return {
    address,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /^server ready on (\S+)$/u.exec(line)?.[1];
    if (address !== undefined) {
      return address;
    }
  }
  throw new Error("the server ended before it was ready");
}

async function run(command: string, ...args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [join(commands, `${command}.ts`), ...args], { stdio: "pipe" });
  const errors: string[] = [];
  child.stderr.on("data", (bytes: Buffer) => errors.push(bytes.toString()));
  const [code] = (await once(child, "exit")) as [number];
  expect(code, errors.join("")).toBe(0);
}

/** Long lines, so that each flush lets go of a file of the write-ahead log. */
const padding = "x".repeat(8000);

async function push(address: string, startNs: bigint, from: number, count: number): Promise<void> {
  const values = Array.from({ length: count }, (_, i) => [
    String(startNs + BigInt(from + i)),
    `line ${from + i} ${padding}`,
  ]);
  const streams = [{ stream: { app: `web-${from % 3}` }, values }];
  const response = await fetch(`${address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ streams }),
  });
  expect(response.status).toBe(204);
}

async function numbersOf(address: string): Promise<number[]> {
  const params = new URLSearchParams({ query: '{app=~".+"}', limit: "200000", direction: "forward" });
  const response = await fetch(`${address}/loki/api/v1/query_range?${params.toString()}`);
  expect(response.status).toBe(200);
  type Answer = { data: { result: readonly { values: readonly (readonly [string, string])[] }[] } };
  const { data } = (await response.json()) as Answer;
  return data.result
    .flatMap(({ values }) => values.map(([, line]) => Number(line.split(" ")[1])))
    .sort((a, b) => a - b);
}

test(
  "a backup of a server under load holds every line that was acknowledged before it, once",
  { timeout: 60_000 },
  async () => {
    await using directory = await temporaryDirectory();
    const config = join(directory.path, "config.yaml");
    await writeFile(
      config,
      `
ingester: { flush_interval: 300ms }
compactor: { compaction_interval: 200ms, retention_delete_delay: 1s }
limits_config: { max_entries_limit_per_query: 0 }
`,
    );
    const data = join(directory.path, "data");
    const startNs = BigInt(Date.now()) * 1_000_000n - 60_000_000_000n;
    const backups: { readonly to: string; readonly acknowledged: number }[] = [];
    let acknowledged = 0;
    {
      await using server = await startProcess(data, config);
      const load = { isOver: false };
      const pushing = (async () => {
        while (!load.isOver) {
          await push(server.address, startNs, acknowledged, 20);
          acknowledged += 20;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      })();
      for (let i = 0; i < 2; i++) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        const before = acknowledged;
        const to = join(directory.path, `backup-${i}`);
        await run("backup", "--data", data, "--to", to);
        backups.push({ to, acknowledged: before });
      }
      load.isOver = true;
      await pushing;
    }
    for (const [i, backup] of backups.entries()) {
      const restored = join(directory.path, `restored-${i}`);
      await run("restore", "--from", backup.to, "--data", restored);
      await using server = await startProcess(restored, config);
      const numbers = await numbersOf(server.address);
      expect(numbers.length).toBeGreaterThanOrEqual(backup.acknowledged);
      // Pushes follow one another, so that what there is of them is a beginning, without a gap or a repeat.
      expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, n) => n));
    }
  },
);
