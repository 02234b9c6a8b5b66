import { paths } from "@sluice/api";
import { isServiceError } from "@sluice/model";
import type { FastifyPluginAsync } from "fastify";
import type { QueryRunner } from "../querier/query-runner.ts";
import { clientOf } from "./client-signal.ts";
import { howToRun, readRequestOf, type ReadOptions } from "./read-request.ts";
import { sendJson } from "./send-json.ts";

export interface FormatRouteOptions extends ReadOptions {
  readonly runner: QueryRunner;
}

/**
 * `format_query`: a query in its canonical form, on several lines when it is long. Unlike elsewhere, what is wrong with it
 * is told in JSON.
 *
 * @see Loki's pkg/loki/format_query_handler.go
 */
export const formatRoute: FastifyPluginAsync<FormatRouteOptions> = async (app, options) => {
  app.route({
    method: ["GET", "POST"],
    url: paths.formatQuery,
    handler: async (request, reply) => {
      const read = readRequestOf(request, options);
      using client = clientOf(reply);
      try {
        const query = read.params.get("query");
        const data = await options.runner.run("format", { query }, howToRun(read, client.signal));
        return sendJson(reply, JSON.stringify({ status: "success", data }));
      } catch (error) {
        if (!isServiceError(error, "bad_data")) {
          throw error;
        }
        return sendJson(reply.status(400), JSON.stringify({ status: "invalid-query", error: error.message }));
      }
    },
  });
};
