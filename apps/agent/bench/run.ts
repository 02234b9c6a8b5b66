import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeFileSystem, systemClock, systemRng } from "@sluice/model/node";
import { quietLogger, temporaryDirectory } from "@sluice/testkit";
import { runBench } from "@sluice/testkit/bench";
import { startAgent } from "../src/agent.ts";
import { parseConfig } from "../src/config.ts";

/** From a file of CRI lines to a server's 204, over HTTP: the whole agent. The server is another process. */
const fileBytes = 100_000_000;

await using directory = await temporaryDirectory();
const logPath = join(directory.path, "default_bench-0_uid", "main", "0.log");
await nodeFileSystem.makeDirectory(join(logPath, ".."));
const sink = spawn(process.execPath, [fileURLToPath(new URL("sink.ts", import.meta.url)), logPath, String(fileBytes)], {
  stdio: ["ignore", "pipe", "inherit"],
});
try {
  const [told] = (await once(sink.stdout.setEncoding("utf8"), "data")) as [string];
  const { bytes, lines, port } = JSON.parse(told) as { bytes: number; lines: number; port: number };
  await runBench("agent", fileURLToPath(new URL("..", import.meta.url)), [
    { name: "CRI file to HTTP", bytes, lines, run: () => sendAll(port, lines) },
  ]);
  console.log(`most memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB resident`);
} finally {
  sink.kill();
}

/** Starts an agent without positions, and stops it when all lines are acknowledged. */
async function sendAll(port: number, lines: number): Promise<void> {
  await rm(join(directory.path, "positions.yaml.checkpoint"), { force: true });
  await rm(join(directory.path, "positions.yaml"), { force: true });
  const agent = await startAgent({
    config: parseConfig(
      "bench.yaml",
      `
clients: [{url: "http://127.0.0.1:${port}/loki/api/v1/push", batchwait: 100ms}]
positions: {filename: "${directory.path}/positions.yaml"}
scrape_configs:
  - job_name: pods
    kubelet_paths: true
    static_configs: [{labels: {__path__: "${directory.path}/*/*/*.log"}}]
`,
    ),
    listenAddress: { host: "127.0.0.1", port: 0 },
    fs: nodeFileSystem,
    clock: systemClock,
    rng: systemRng,
    logger: quietLogger,
  });
  while ((await sentEntries(agent.url)) < lines) {
    await systemClock.sleep(50);
  }
  await agent.stop();
}

async function sentEntries(url: string): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^promtail_sent_entries_total\{.*\} (\d+)$/mu.exec(metrics)?.[1] ?? 0);
}
