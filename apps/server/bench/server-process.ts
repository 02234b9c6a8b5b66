import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A server process of its own, so that what is measured is the server and not who measures. */
export interface ServerProcess {
  readonly address: string;
  readonly pid: number;
  /** Wall time from its start to its first `ready`, milliseconds. */
  readonly readyMs: number;
  /** CPU time of all its threads up to now, seconds, without that of asking. */
  cpuSeconds(): Promise<number>;
  /** The most memory that it has ever had, MiB. */
  peakMib(): number;
  kill(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

const main = join(import.meta.dirname, "..", "dist", "main.js");
const startTimeoutMs = 120_000;
const pollMs = 50;

/** @param config what a configuration file would hold. */
export async function startServerProcess(directory: string, config: unknown): Promise<ServerProcess> {
  const configPath = join(directory, "bench-config.yaml");
  // JSON is YAML.
  writeFileSync(configPath, JSON.stringify(config));
  const port = 20_000 + (process.pid % 20_000);
  const address = `http://127.0.0.1:${port}`;
  const startMs = performance.now();
  const child = spawn(
    process.execPath,
    [
      "--max-semi-space-size=4",
      ...(process.env["SRV_FLAGS"]?.split(" ") ?? []),
      main,
      "--data",
      join(directory, "data"),
      "--listen",
      `127.0.0.1:${port}`,
      "--config",
      configPath,
      "--log-level",
      "warn",
    ],
    { stdio: ["ignore", "inherit", "inherit"] },
  );
  const exited = once(child, "exit");
  while (!(await isReady(address))) {
    if (child.exitCode !== null || performance.now() - startMs > startTimeoutMs) {
      child.kill("SIGKILL");
      throw new Error("the server did not become ready");
    }
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  const pid = child.pid!;
  let askingSeconds = 0;
  return {
    address,
    pid,
    readyMs: performance.now() - startMs,
    async cpuSeconds() {
      const before = await processCpuSeconds(address);
      const after = await processCpuSeconds(address);
      askingSeconds += 2 * (after - before);
      return after + (after - before) - askingSeconds;
    },
    peakMib: () => Number(/VmHWM:\s+(\d+)/u.exec(readFileSync(`/proc/${pid}/status`, "utf8"))![1]) / 1024,
    async kill(signal) {
      child.kill(signal);
      await exited;
    },
  };
}

async function isReady(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/ready`)).ok;
  } catch {
    return false;
  }
}

async function processCpuSeconds(address: string): Promise<number> {
  const text = await (await fetch(`${address}/metrics`)).text();
  return Number(/^process_cpu_seconds_total (\S+)/mu.exec(text)![1]);
}
