import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { messageOf } from "@sluice/model";

export interface PartOptions {
  /** What the user reads when it dies: "the server". */
  readonly name: string;
  /** The TypeScript file that runs, and its arguments. */
  readonly command: readonly string[];
  readonly workingDirectory: string;
  /** What the process prints goes here; an earlier run's output is dropped. */
  readonly logPath: string;
  /** A process that still runs this long after SIGTERM is killed. */
  readonly stopDeadlineMs: number;
}

/** One process of the local stack, from its start to its end. */
export interface Part {
  readonly name: string;
  /** Resolves, never rejects, to how and why the process ended. */
  readonly ended: Promise<string>;
  /** Asks the process to stop and waits until it has. */
  stop(): Promise<void>;
}

const lastLinesShown = 8;
const tether = new URL("../tether.ts", import.meta.url).href;

/**
 * Starts a process. It gets a process group of its own, so that a Ctrl-C reaches only the caller, who decides the order
 * of the stops; and it ends when the caller dies (see tether.ts).
 */
export function startPart(options: PartOptions): Part {
  const log = openSync(options.logPath, "w");
  const child = spawn(process.execPath, ["--import", tether, ...options.command], {
    cwd: options.workingDirectory,
    detached: true,
    stdio: ["ignore", log, log, "ipc"],
  });
  closeSync(log);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`${options.name} could not start: ${messageOf(error)}`));
    child.once("exit", (code, signal) => {
      const how = signal === null ? `exit code ${code}` : `killed by ${signal}`;
      resolve(`${options.name} ended (${how})${lastWords(options.logPath)}`);
    });
  });
  return {
    name: options.name,
    ended,
    async stop() {
      const deadline = setTimeout(() => killGroup(child), options.stopDeadlineMs);
      child.kill("SIGTERM");
      await ended;
      clearTimeout(deadline);
    },
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    process.kill(-child.pid, "SIGKILL");
  }
}

function lastWords(logPath: string): string {
  const lines = readFileSync(logPath, "utf8").trimEnd().split("\n").slice(-lastLinesShown);
  return lines[0] === ""
    ? `; it printed nothing to ${logPath}`
    : `; its last lines in ${logPath}:\n  ${lines.join("\n  ")}`;
}
