import { messageOf, type Logger } from "@sluice/model";
import { systemClock } from "@sluice/model/node";

/** Something that runs until it is stopped. */
export interface Running {
  /** Finishes what was begun and lets go of everything. */
  stop(): Promise<void>;
  /** Reads again what may change while it runs; SIGHUP asks for it. Says itself what is wrong with it. */
  reload?(): Promise<void>;
}

/**
 * A process from start to end: starts, waits for SIGTERM or SIGINT, stops within the deadline; SIGHUP reloads what can
 * be reloaded, and ends what cannot. What goes wrong is one sentence on stderr and exit code 1, never a stack
 * (`SLUICE_DEBUG=1` shows it).
 *
 * @param start resolves to undefined when there is nothing to run, as after `--help`.
 * @param stopDeadlineMs after this the process ends whatever still runs.
 */
export async function runProcess(start: () => Promise<Running | undefined>, stopDeadlineMs: number): Promise<void> {
  const stopAsked = new Promise<void>((resolve) => {
    process.once("SIGTERM", () => resolve());
    process.once("SIGINT", () => resolve());
  });
  // A start may take minutes, and must not end because somebody has changed a file meanwhile.
  let hangUps = 0;
  const countHangUp = (): void => void (hangUps += 1);
  process.on("SIGHUP", countHangUp);
  try {
    const running = await start();
    if (running === undefined) {
      return;
    }
    if (running.reload !== undefined) {
      process.on("SIGHUP", () => {
        running.reload?.().catch((error: unknown) => console.error(explain(error)));
      });
    }
    process.off("SIGHUP", countHangUp);
    if (hangUps > 0) {
      process.kill(process.pid, "SIGHUP");
    }
    await stopAsked;
    const deadline = setTimeout(() => {
      console.error(`did not stop within ${stopDeadlineMs} ms, leaving now`);
      process.exit(1);
    }, stopDeadlineMs);
    deadline.unref();
    await running.stop();
    process.exit(0);
  } catch (error) {
    console.error(explain(error));
    process.exit(1);
  }
}

function explain(error: unknown): string {
  if (process.env["SLUICE_DEBUG"] === "1" && error instanceof Error) {
    return error.stack ?? error.message;
  }
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  const path = (error as NodeJS.ErrnoException | undefined)?.path;
  if (path !== undefined && (code === "EACCES" || code === "EROFS" || code === "EPERM")) {
    return `cannot write to ${path}: permission denied (${code})`;
  }
  if (path !== undefined && (code === "ENOTDIR" || code === "EEXIST")) {
    return `cannot use ${path}: a file is in the way (${code})`;
  }
  return messageOf(error);
}

/**
 * Runs `work` again and again with a pause between, until the signal aborts. A failure is logged and does not end the
 * loop: for flushes, ticks and everything else that must go on.
 */
export async function repeat(
  name: string,
  pauseMs: number,
  logger: Logger,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await systemClock.sleep(pauseMs, signal);
    if (signal.aborted) {
      return;
    }
    try {
      await work();
    } catch (error) {
      logger.error(`${name} failed`, { error: messageOf(error) });
    }
  }
}
