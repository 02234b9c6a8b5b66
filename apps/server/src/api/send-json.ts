import type { FastifyReply } from "fastify";

/** Answers with JSON that is written already, as Loki's answers to queries are marked. */
export function sendJson(reply: FastifyReply, json: string | Uint8Array): FastifyReply {
  return reply.header("Content-Type", "application/json; charset=UTF-8").send(json);
}
