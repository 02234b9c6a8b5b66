import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { ServiceError } from "@sluice/model";
import { systemRng } from "@sluice/model/node";
import { parseFlags, runProcess, type Running } from "@sluice/service";
import { pick } from "./chance.ts";
import { demoNamespace } from "./pod.ts";
import { drawOutcome, drawRequest, isIncident, wellKnownRequestId } from "./request.ts";
import type { ServiceMessage } from "./service.ts";
import { demoServices, linesPerRequest } from "./services/index.ts";

/**
 * The demo workload: one process per service, all writing container logs where and how a kubelet would. This process
 * makes up the requests and tells every service about each.
 */
const usage = "node deploy/demo/main.ts --root <dir> [--rate <lines per second>]";

const stopDeadlineMs = 5000;
/** A request is told this long before it starts, so that every service has it when its lines are due. */
const toldAheadMs = 100;
const wellKnownEveryMs = 60_000;
const longPromptEveryMs = 45_000;
const replaceEveryMs = 60_000;
/** What an earlier run left goes once an agent had the time to read its end. */
const leftoversStayMs = 30_000;

await runProcess(start, stopDeadlineMs);

async function start(): Promise<Running | undefined> {
  const flags = parseFlags(
    usage,
    {
      root: { value: "<dir>", help: "Where the pods' directories go; what /var/log/pods is on a node." },
      rate: { value: "<n>", help: "Lines per second of all services together (default 30)." },
    },
    process.argv.slice(2),
  );
  if (flags === "help") {
    return undefined;
  }
  const rootFlag = flags.text("root");
  if (rootFlag === undefined) {
    throw new ServiceError("bad_data", "--root is missing: the directory for the pods' logs");
  }
  const rate = Number(flags.text("rate") ?? 30);
  if (!(rate > 0 && rate <= 10_000)) {
    throw new ServiceError(
      "bad_data",
      `--rate '${flags.text("rate")}' is not a number of lines per second from 1 to 10000`,
    );
  }
  const root = resolve(rootFlag);
  mkdirSync(root, { recursive: true });
  const leftovers = leftoverDirectories(root);
  setTimeout(() => leftovers.forEach((path) => rmSync(path, { recursive: true, force: true })), leftoversStayMs);

  const stopping = new AbortController();
  const children = demoServices.map(({ name }) => startService(name, root, stopping.signal));
  const tellAll = (message: ServiceMessage): void => children.forEach((child) => tell(child, message));
  const aiAgent = children[demoServices.findIndex((service) => service.name === "ai-agent")]!;
  const timers = [
    startRequests(rate / linesPerRequest, tellAll),
    // The application itself dies as often as all the others together.
    setInterval(() => tell(pick(systemRng, [aiAgent, pick(systemRng, children)]), { kind: "replace" }), replaceEveryMs),
  ];

  return {
    async stop() {
      stopping.abort();
      timers.forEach((timer) => clearInterval(timer));
      await Promise.all(children.map(stopService));
    },
  };
}

/** The pods that an earlier run left behind. */
function leftoverDirectories(root: string): readonly string[] {
  const ours = demoServices.map((service) => `${demoNamespace}_${service.name}-`);
  return readdirSync(root)
    .filter((name) => ours.some((prefix) => name.startsWith(prefix)))
    .map((name) => join(root, name));
}

/** A service that ends by itself ends the demo: half a workload would only puzzle. */
function startService(name: string, root: string, stopping: AbortSignal): ChildProcess {
  const child = fork(new URL("service.ts", import.meta.url), [name, root], {
    // The services end with this process, whatever ends it.
    execArgv: ["--import", new URL("../tether.ts", import.meta.url).href],
    // A process group of its own: a Ctrl-C must not reach it beside our own stop.
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  child.once("exit", (code, signal) => {
    if (!stopping.aborted) {
      console.error(`the demo's ${name} service ended (${signal ?? `exit code ${code}`})`);
      process.exit(1);
    }
  });
  return child;
}

async function stopService(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return;
  }
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const deadline = setTimeout(() => child.kill("SIGKILL"), stopDeadlineMs / 2);
  child.kill("SIGTERM");
  await ended;
  clearTimeout(deadline);
}

function tell(child: ChildProcess, message: ServiceMessage): void {
  if (child.connected) {
    child.send(message);
  }
}

/** Makes up requests at a steady rate, the well-known one and the long prompts among them. */
function startRequests(perSecond: number, tellAll: (message: ServiceMessage) => void): NodeJS.Timeout {
  const tickMs = 100;
  const startedMs = Date.now();
  let owed = 0;
  let wellKnownDueMs = startedMs;
  let longPromptDueMs = startedMs + longPromptEveryMs / 3;
  return setInterval(() => {
    const nowMs = Date.now();
    const atMs = (): number => nowMs + toldAheadMs + systemRng.next() * tickMs;
    if (nowMs >= wellKnownDueMs) {
      wellKnownDueMs += wellKnownEveryMs;
      // With a timeout in it, so that its story has a turn.
      tellAll({
        kind: "request",
        request: drawRequest(systemRng, { atMs: atMs(), outcome: "timeout", id: wellKnownRequestId }),
      });
    }
    for (owed += (perSecond * tickMs) / 1000; owed >= 1; owed--) {
      const outcome = drawOutcome(systemRng, isIncident(nowMs - startedMs));
      const promptLogged = nowMs >= longPromptDueMs;
      longPromptDueMs += promptLogged ? longPromptEveryMs : 0;
      tellAll({ kind: "request", request: drawRequest(systemRng, { atMs: atMs(), outcome, promptLogged }) });
    }
  }, tickMs);
}
