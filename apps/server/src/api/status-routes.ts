import { paths } from "@sluice/api";
import type { FastifyPluginAsync } from "fastify";
import { sendText } from "./error-handler.ts";

export interface StatusRoutesOptions {
  /** Why the server cannot serve now, in Loki's words, or undefined when it can. */
  readonly notReady: () => string | undefined;
  readonly renderMetrics: () => Promise<string>;
  readonly metricsContentType: string;
  readonly version: string;
}

/** Readiness, metrics and build information. */
export const statusRoutes: FastifyPluginAsync<StatusRoutesOptions> = async (app, options) => {
  app.get(paths.ready, (_request, reply) => {
    const reason = options.notReady();
    return reason === undefined ? sendText(reply, 200, "ready") : sendText(reply, 503, reason);
  });

  app.get(paths.metrics, async (_request, reply) =>
    reply.header("Content-Type", options.metricsContentType).send(await options.renderMetrics()),
  );

  app.get(paths.buildInfo, () => ({
    version: options.version,
    revision: "",
    branch: "",
    buildUser: "",
    buildDate: "",
    goVersion: "",
  }));
};
