import { ServiceError } from "@sluice/model";
import { timeoutText } from "../api/query-limits.ts";
import type { QueryContext } from "./query-context.ts";
import { runTask, type QueryTasks } from "./query-tasks.ts";

export interface RunOptions {
  /** Whose turn it is when not all can run at once: a tenant's id, or the name of another part of the server. */
  readonly queue: string;
  /** What is alike in this is answered by the same thread, if that has time, from its memory: a query's text. */
  readonly affinity: string;
  /** From the call on, with waiting. */
  readonly timeoutMs: number;
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal;
}

/** Runs tasks that read lines, here or elsewhere. */
export interface QueryRunner {
  /**
   * @throws {ServiceError} what the task throws; `timeout`; `cancelled` when the signal aborts; `rate_limited` when too many
   *   wait already; `unavailable` when the thread that had it ended.
   */
  run<Name extends keyof QueryTasks>(
    name: Name,
    params: Parameters<QueryTasks[Name]>[0],
    options: RunOptions,
  ): Promise<Awaited<ReturnType<QueryTasks[Name]>>>;
}

/** Runs everything on the calling thread, at once: for simulations, and where threads are not wanted. */
export function inlineQueryRunner(context: Omit<QueryContext, "signal">): QueryRunner {
  return {
    run(name, params, { timeoutMs, signal }) {
      return withDeadline(timeoutMs, signal, (stop) => runTask(name, params, { ...context, signal: stop }));
    },
  };
}

/**
 * Runs with a signal that aborts with the given one and when the time is over.
 *
 * @throws {ServiceError} `timeout` when the time is over, whatever `run` rejects with then.
 */
export async function withDeadline<Result>(
  timeoutMs: number,
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const timedOut = new ServiceError("timeout", timeoutText);
  const abort = (): void => controller.abort(new ServiceError("cancelled", "the query was cancelled"));
  const timer = setTimeout(() => controller.abort(timedOut), timeoutMs);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) {
    abort();
  }
  try {
    return await run(controller.signal);
  } catch (error) {
    throw controller.signal.reason === timedOut ? timedOut : error;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}
