import { spawn, type ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";

export const repositoryDirectory = fileURLToPath(new URL("../..", import.meta.url));

/** A real process of the world under test. It goes away with its `await using` block. */
export interface WorldProcess extends AsyncDisposable {
  readonly pid: number;
  /** What it wrote so far, stdout and stderr together. */
  output(): string;
  /** Resolves to the first match of the pattern in its output; rejects with the output when it ends or is too slow. */
  waitFor(pattern: RegExp, timeoutMs?: number): Promise<RegExpExecArray>;
  signal(name: NodeJS.Signals): void;
  /** Resolves once it has ended, to its exit code (undefined after a signal). */
  ended(): Promise<number | undefined>;
  /** SIGKILL, and wait. */
  kill(): Promise<void>;
  /** SIGTERM, and wait; SIGKILL when it does not stop in time. */
  stop(deadlineMs?: number): Promise<number | undefined>;
}

export function startProcess(
  command: string,
  args: readonly string[],
  options: { readonly env?: NodeJS.ProcessEnv; readonly cwd?: string } = {},
): WorldProcess {
  const child: ChildProcess = spawn(command, args, {
    cwd: options.cwd ?? repositoryDirectory,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const watchers = new Set<() => void>();
  const tell = (): void => {
    for (const watcher of watchers) {
      watcher();
    }
  };
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      tell();
    });
  }
  let hasEnded = false;
  const end = new Promise<number | undefined>((resolve) => {
    child.once("close", (code) => {
      hasEnded = true;
      resolve(code ?? undefined);
      tell();
    });
  });
  const signal = (name: NodeJS.Signals): void => {
    if (!hasEnded) {
      child.kill(name);
    }
  };
  const kill = async (): Promise<void> => {
    signal("SIGKILL");
    await end;
  };
  return {
    pid: child.pid ?? 0,
    output: () => output,
    waitFor: (pattern, timeoutMs = 30_000) =>
      new Promise((resolve, reject) => {
        const finish = (settle: () => void): void => {
          clearTimeout(timer);
          watchers.delete(look);
          settle();
        };
        const look = (): void => {
          const match = pattern.exec(output);
          if (match !== null) {
            finish(() => resolve(match));
          } else if (hasEnded) {
            finish(() => reject(new Error(`${command} ended before it wrote ${pattern}:\n${output}`)));
          }
        };
        const timer = setTimeout(
          () =>
            finish(() => reject(new Error(`${command} did not write ${pattern} within ${timeoutMs} ms:\n${output}`))),
          timeoutMs,
        );
        watchers.add(look);
        look();
      }),
    signal,
    ended: () => end,
    kill,
    async stop(deadlineMs = 15_000) {
      signal("SIGTERM");
      const timer = setTimeout(() => signal("SIGKILL"), deadlineMs);
      const code = await end;
      clearTimeout(timer);
      return code;
    },
    [Symbol.asyncDispose]: kill,
  };
}
