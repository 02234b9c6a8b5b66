import { ServiceError } from "@sluice/model";
import type { FastifyReply } from "fastify";
import { timeoutText } from "./query-limits.ts";

/**
 * Runs with a signal that aborts when the client leaves or the time is over.
 *
 * @throws {ServiceError} `timeout` with Loki's text, and whatever `run` rejects with.
 */
export async function withDeadline<T>(
  reply: FastifyReply,
  timeoutMs: number,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    controller.abort();
  }, timeoutMs);
  const clientLeft = (): void => {
    if (!reply.raw.writableEnded) {
      controller.abort();
    }
  };
  reply.raw.once("close", clientLeft);
  try {
    return await run(controller.signal);
  } catch (error) {
    throw timedOut ? new ServiceError("timeout", timeoutText, { cause: error }) : error;
  } finally {
    clearTimeout(timer);
    reply.raw.off("close", clientLeft);
  }
}
