import { createLogger, logLevels, parseFlags, parseListenAddress, runProcess, type Flag } from "@sluice/service";
import { ServiceError } from "@sluice/model";
import { nodeFileSystem, systemClock, systemRng } from "@sluice/model/node";
import { startAgent, type Agent } from "./agent.ts";
import { loadConfig, printableUrl } from "./config.ts";
import { targetsOf } from "./discovery/target.ts";

const flags: Readonly<Record<string, Flag>> = {
  config: { value: "<file>", help: "The configuration, Promtail's YAML. Required." },
  listen: {
    value: "<host:port>",
    help: "Where /ready, /metrics and /targets are served; overrides `server` of the config.",
  },
  "log-level": {
    value: `<${logLevels.join("|")}>`,
    help: "What the agent logs of itself, to stderr; overrides `server.log_level`.",
  },
  check: { help: "Check the configuration and end." },
};

/** SIGTERM gives the pod 30 s; sending gets 5 of them. */
const stopDeadlineMs = 10_000;

async function start(): Promise<Agent | undefined> {
  const parsed = parseFlags("agent --config <file> [flags]", flags, process.argv.slice(2));
  if (parsed === "help") {
    return undefined;
  }
  const path = parsed.text("config");
  if (path === undefined) {
    throw new ServiceError("bad_data", "--config is required: the YAML file that says what to follow (see --help)");
  }
  const config = loadConfig(path);
  if (parsed.isSet("check")) {
    const targets = targetsOf(config);
    console.log(`${path} is good: ${targets.length} path patterns, ${config.clients.length} clients`);
    return undefined;
  }
  const level = logLevels.find((known) => known === (parsed.text("log-level") ?? config.server.log_level));
  if (level === undefined) {
    throw new ServiceError(
      "bad_data",
      `unknown --log-level '${parsed.text("log-level")}': expected ${logLevels.join(", ")}`,
    );
  }
  const { http_listen_address: host, http_listen_port: port } = config.server;
  const listen = parsed.text("listen");
  const agent = await startAgent({
    config,
    listenAddress: listen === undefined ? { host, port } : parseListenAddress(listen),
    fs: nodeFileSystem,
    clock: systemClock,
    rng: systemRng,
    logger: createLogger(level),
  });
  const urls = config.clients.map((client) => printableUrl(client.url)).join(" and ");
  console.log(`agent ready on ${agent.url}, following ${agent.fileCount} files, sending to ${urls}`);
  return agent;
}

await runProcess(start, stopDeadlineMs);
