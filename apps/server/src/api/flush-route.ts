import { paths } from "@sluice/api";
import type { FastifyPluginAsync } from "fastify";

export interface FlushRouteOptions {
  /** Resolves once every line that was acknowledged before the call is in a segment. */
  readonly flush: () => Promise<void>;
}

/** `GET` or `POST /flush`, as Loki has it: writes what is in memory to the store now; 204 when it is there. */
export const flushRoute: FastifyPluginAsync<FlushRouteOptions> = async (app, { flush }) => {
  app.route({
    method: ["GET", "POST"],
    url: paths.flush,
    handler: async (_request, reply) => {
      await flush();
      return reply.status(204).send();
    },
  });
};
