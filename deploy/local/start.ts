import { writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { messageOf, ServiceError } from "@sluice/model";
import { systemClock } from "@sluice/model/node";
import { stringify } from "yaml";
import { demoNamespace } from "../demo/pod.ts";
import { build } from "./build.ts";
import { agentConfig, serverConfig } from "./generated-config.ts";
import { readOptions, type StartOptions } from "./options.ts";
import { type Part, startPart } from "./part.ts";
import { checkPort, prepareDirectory } from "./preflight.ts";
import { hasLabelValue, isReady, untilOneEnds, waitUntil } from "./wait.ts";

/**
 * `npm start`: the whole stack on one machine. Server, demo workload and agent are processes of their own; this one
 * starts them in that order, watches them, and stops them in the opposite one.
 */
const repository = resolve(import.meta.dirname, "../..");
const host = "127.0.0.1";
const readyDeadlineMs = 60_000;
const firstLinesDeadlineMs = 20_000;
const demoHint = `Open it and run {namespace="${demoNamespace}"} |= "req-abc-123": one request's way through five services.`;
const ownFilesHint = "Open it, choose a label to see its lines, and switch Live on to watch them arrive.";

process.exit(await main(stopSignal()));

/** @returns the exit code: 0 when it was asked to stop. */
async function main(stop: AbortSignal): Promise<number> {
  const running: Part[] = [];
  let exitCode = 0;
  try {
    const options = readOptions(process.argv.slice(2), repository, process.env["INIT_CWD"] ?? process.cwd());
    if (options !== undefined) {
      await run(options, running, stop);
    }
  } catch (error) {
    if (stop.aborted) {
      console.log("Stopping ...");
    } else {
      console.error(process.env["SLUICE_DEBUG"] === "1" ? error : messageOf(error));
      exitCode = 1;
    }
  }
  for (const part of running.reverse()) {
    await part.stop();
  }
  return exitCode;
}

/** Aborts on the first SIGINT or SIGTERM. More of them change nothing: npm hands on what the terminal sent already. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => controller.abort());
  }
  return controller.signal;
}

/**
 * Starts everything and stays until it is asked to stop, or until one of the parts ends, which it never should.
 *
 * @param running gets every part as it is started, so that the caller can stop them whatever happens here.
 * @throws the signal's reason when asked to stop; {@link ServiceError} for all that can go wrong.
 */
async function run(options: StartOptions, running: Part[], stop: AbortSignal): Promise<never> {
  const data = options.dataDirectory;
  const url = `http://${host}:${options.port}`;
  prepareDirectory(data);
  prepareDirectory(join(data, "logs"));
  await checkPort(host, options.port);
  const start = (name: string, stopDeadlineMs: number, command: readonly string[]): void => {
    const logPath = join(data, "logs", `${name}.log`);
    running.push(startPart({ name: `the ${name}`, command, workingDirectory: repository, logPath, stopDeadlineMs }));
  };
  const wait = async (isTrue: () => Promise<boolean>, deadlineMs: number): Promise<boolean> => {
    const came = await Promise.race([waitUntil(isTrue, deadlineMs, systemClock, stop), untilOneEnds(running)]);
    stop.throwIfAborted();
    return came;
  };

  console.log("Building the page and the server (quick when nothing changed) ...");
  await build(repository, stop);

  console.log(`Starting the server; everything is kept in ${data} ...`);
  const serverYaml = writeConfig(
    join(data, "server.yaml"),
    serverConfig({ url, slackWebhookUrl: options.slackWebhookUrl }),
  );
  start("server", 20_000, [
    // Garbage of pushes is outside of V8's heap: young space for more than this is memory for nothing.
    "--max-semi-space-size=4",
    "apps/server/dist/main.js",
    ...asFlags({
      data: join(data, "server"),
      listen: `${host}:${options.port}`,
      config: serverYaml,
      ui: join(repository, "apps/explore/dist"),
    }),
  ]);
  if (!(await wait(() => isReady(url), readyDeadlineMs))) {
    throw new ServiceError(
      "timeout",
      `the server was not ready after ${readyDeadlineMs / 1000} s; see ${join(data, "logs/server.log")}`,
    );
  }

  const podsRoot = join(data, "demo/var/log/pods");
  if (options.demo) {
    console.log("Starting the demo workload: five services of an AI application ...");
    start("demo", 6000, ["deploy/demo/main.ts", ...asFlags({ root: podsRoot })]);
  }

  console.log("Starting the agent ...");
  prepareDirectory(join(data, "agent"));
  const agentYaml = writeConfig(
    join(data, "agent.yaml"),
    agentConfig({
      url,
      host: hostname(),
      directory: join(data, "agent"),
      podsRoot: options.demo ? podsRoot : undefined,
      paths: options.paths,
    }),
  );
  start("agent", 15_000, ["apps/agent/src/main.ts", ...asFlags({ config: agentYaml })]);
  if (options.demo && !(await wait(() => hasLabelValue(url, "namespace", demoNamespace), firstLinesDeadlineMs))) {
    console.log(`The demo's first lines are not there yet; see ${join(data, "logs/agent.log")}`);
  }

  console.log(`\nSluice is ready: ${url}\n`);
  console.log(`  ${options.demo ? demoHint : ownFilesHint}`);
  console.log("  Ctrl-C stops everything; the logs stay.");
  return Promise.race([untilOneEnds(running), untilAborted(stop)]);
}

async function untilAborted(signal: AbortSignal): Promise<never> {
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  throw signal.reason;
}

function asFlags(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}

function writeConfig(path: string, config: object): string {
  writeFileSync(path, `# Written by npm start, anew each time.\n${stringify(config, { lineWidth: 0 })}`);
  return path;
}
