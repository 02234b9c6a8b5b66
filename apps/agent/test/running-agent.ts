import type { Logger } from "@sluice/model";
import { nodeFileSystem, systemClock, systemRng } from "@sluice/model/node";
import { quietLogger } from "@sluice/testkit";
import { startAgent, type Agent, type AgentOptions } from "../src/agent.ts";
import { parseConfig } from "../src/config.ts";

export interface RunningAgent extends Agent, AsyncDisposable {}

/** Starts the real agent in this process. */
export async function runAgent(
  yaml: string,
  options: Partial<AgentOptions> & { readonly logger?: Logger } = {},
): Promise<RunningAgent> {
  const agent = await startAgent({
    config: parseConfig("test.yaml", yaml),
    listenAddress: { host: "127.0.0.1", port: 0 },
    fs: nodeFileSystem,
    clock: systemClock,
    rng: systemRng,
    logger: quietLogger,
    rotation: { settleMs: 300, lingerMs: 2000, orphanMs: 5000 },
    ...options,
  });
  let isStopped = false;
  const stop = async (): Promise<void> => {
    if (!isStopped) {
      isStopped = true;
      await agent.stop();
    }
  };
  return { url: agent.url, fileCount: agent.fileCount, stop, [Symbol.asyncDispose]: stop };
}

/** A config with short waits. */
export function configYaml(options: {
  readonly directory: string;
  readonly url: string;
  readonly path: string;
  readonly cri?: boolean;
  readonly kubeletPaths?: boolean;
  readonly client?: string;
}): string {
  return `
clients:
  - url: ${options.url}
    batchwait: 50ms
    timeout: 10s
    backoff_config: {min_period: 20ms, max_period: 200ms}
    ${options.client ?? ""}
positions: {filename: ${options.directory}/positions.yaml, sync_period: 200ms}
target_config: {sync_period: 300ms}
scrape_configs:
  - job_name: test
    kubelet_paths: ${options.kubeletPaths ?? false}
    pipeline_stages: ${options.cri === true ? "[{cri: {}}]" : "[]"}
    static_configs: [{labels: {team: core, __path__: "${options.path}"}}]
`;
}

/** Waits until something is so; fails loudly when it does not come. */
export async function until(what: string, isSo: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const endMs = Date.now() + timeoutMs;
  while (!(await isSo())) {
    if (Date.now() > endMs) {
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function criLine(index: number, text: string, stream = "stdout", tag = "F"): string {
  const seconds = String(Math.floor(index / 1000) % 60).padStart(2, "0");
  const nanos = String((index % 1000) * 1_000_000 + 1).padStart(9, "0");
  const minutes = String(Math.floor(index / 60_000) % 60).padStart(2, "0");
  return `2026-01-02T03:${minutes}:${seconds}.${nanos}Z ${stream} ${tag} ${text}\n`;
}
