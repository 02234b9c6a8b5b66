import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const mainPath = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** The agent as users run it; killed at the end of its `await using` block. */
export interface AgentProcess extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves to the exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Resolves with the first line of stdout. */
  readonly ready: () => Promise<string>;
}

export function spawnAgent(args: readonly string[]): AgentProcess {
  const child = spawn(process.execPath, [mainPath, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = once(child, "close").then(([code, signal]) => (code ?? signal) as number | string);
  const ready = async (): Promise<string> => {
    while (!stdout.includes("\n")) {
      const what = await Promise.race([once(child.stdout, "data"), ended]);
      if (!Array.isArray(what) && !stdout.includes("\n")) {
        throw new Error(`the agent ended with ${what}: ${stderr}`);
      }
    }
    return stdout.slice(0, stdout.indexOf("\n"));
  };
  return {
    process: child,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    ready,
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
