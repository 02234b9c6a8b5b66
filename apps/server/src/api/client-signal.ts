import type { FastifyReply } from "fastify";

/** Whether the client still waits: the signal aborts when it leaves before it was answered. */
export interface WaitingClient extends Disposable {
  readonly signal: AbortSignal;
}

/** To be disposed of when the answer is there. */
export function clientOf(reply: FastifyReply): WaitingClient {
  const controller = new AbortController();
  const left = (): void => {
    if (!reply.raw.writableEnded) {
      controller.abort();
    }
  };
  reply.raw.once("close", left);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => reply.raw.off("close", left),
  };
}
