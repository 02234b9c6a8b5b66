import { writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { stringify } from "yaml";
import { startProcess, type WorldProcess } from "./process.ts";

/** The world `local`: the parts as real processes on this machine, started as a user starts them. */
export interface ServerProcess extends WorldProcess {
  readonly url: string;
}

export interface ServerStart {
  readonly dataDirectory: string;
  /** 0 takes a free port; a restart takes the same one again. */
  readonly port?: number;
  /** Content of the configuration file, written beside the data. */
  readonly config?: unknown;
}

export async function startServer(start: ServerStart): Promise<ServerProcess> {
  const server = await spawnServer(start);
  const [, url] = await readyOrKilled(server, /ready on (http:\/\/\S+)/u);
  return { ...server, url: url! };
}

/** The same without waiting until it is ready. */
export async function spawnServer(start: ServerStart): Promise<WorldProcess> {
  const args = [
    "--max-semi-space-size=4",
    "apps/server/dist/main.js",
    "--data",
    start.dataDirectory,
    "--listen",
    `127.0.0.1:${start.port ?? 0}`,
  ];
  if (start.config !== undefined) {
    const path = `${start.dataDirectory}.config.yaml`;
    await writeFile(path, stringify(start.config));
    args.push("--config", path);
  }
  return startProcess("node", args);
}

export interface AgentStart {
  /** Holds the agent's configuration and positions. */
  readonly directory: string;
  readonly pushUrl: string;
  /** Root of the pods' log files in the kubelet's layout. */
  readonly podLogs: string;
  readonly client?: Readonly<Record<string, unknown>>;
}

export async function startAgent(start: AgentStart): Promise<WorldProcess> {
  const path = join(start.directory, "agent.yaml");
  await writeFile(
    path,
    stringify({
      server: { http_listen_address: "127.0.0.1", http_listen_port: 0 },
      clients: [
        {
          url: start.pushUrl,
          batchwait: "200ms",
          backoff_config: { min_period: "100ms", max_period: "1s" },
          ...start.client,
        },
      ],
      positions: { filename: join(start.directory, "positions.yaml"), sync_period: "1s" },
      target_config: { sync_period: "1s" },
      scrape_configs: [
        {
          job_name: "pods",
          kubelet_paths: true,
          pipeline_stages: [{ cri: {} }],
          static_configs: [{ targets: ["localhost"], labels: { __path__: `${start.podLogs}/*/*/*.log` } }],
        },
      ],
    }),
  );
  const agent = startProcess("node", ["apps/agent/src/main.ts", "--config", path]);
  await readyOrKilled(agent, /ready on/u);
  return agent;
}

/** A process that does not become ready belongs to nobody yet: it is ended here. */
async function readyOrKilled(process: WorldProcess, pattern: RegExp): Promise<RegExpExecArray> {
  try {
    return await process.waitFor(pattern);
  } catch (error) {
    await process.kill();
    throw error;
  }
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** Tries until `attempt` gives a value other than undefined. */
export async function eventually<T>(
  what: string,
  timeoutMs: number,
  attempt: () => Promise<T | undefined>,
): Promise<T> {
  const endMs = Date.now() + timeoutMs;
  let last: unknown;
  while (Date.now() < endMs) {
    try {
      const value = await attempt();
      if (value !== undefined) {
        return value;
      }
    } catch (error) {
      last = error;
    }
    await pause(100);
  }
  throw new Error(`${what}: not within ${timeoutMs} ms`, { cause: last });
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
