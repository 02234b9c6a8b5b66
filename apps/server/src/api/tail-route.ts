import { paths } from "@sluice/api";
import { compileTail } from "@sluice/logql";
import { parseQuery } from "@sluice/logql/syntax";
import { isServiceError, messageOf, nsPerMs, parseDurationMs, ServiceError, type Logger } from "@sluice/model";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { Limits } from "../limits.ts";
import { legacyQuery } from "../querier/legacy-query.ts";
import { sendText } from "./error-handler.ts";
import { refuseForeignOrigin } from "./foreign-origin.ts";
import { paramsOf, parseBounds, parseInteger, parseLimit } from "./params.ts";
import { checkBounds, checkEntriesLimit, checkQuery, withinLookback } from "./query-limits.ts";
import { closeInternalError, followTail, type TailParts, type TailRequest } from "./tail-session.ts";
import { tenantOf } from "./tenant.ts";
import { parseEncodingFlags } from "./write-result.ts";

export interface TailRouteOptions extends TailParts {
  readonly limitsOf: (tenant: string) => Limits;
  /** After this a tail is ended. */
  readonly maxDurationMs: number;
  /** Origins other than the server's own whose pages may connect. */
  readonly allowedOrigins: readonly string[];
  readonly logger: Logger;
}

const delaySecondsMax = 5;

/** What the protocol leaves for the reason of a close. */
const closeReasonBytesMax = 123;

/** `GET /loki/api/v1/tail`: first what there is (`limit` lines from `start` on), then every new line as it comes. */
export const tailRoute: FastifyPluginAsync<TailRouteOptions> = async (app, options) => {
  const { allowedOrigins, logger } = options;
  for (const url of [paths.tail, paths.legacyTail]) {
    app.route({
      method: "GET",
      url,
      preValidation: async (request) => {
        refuseForeignOrigin(request, allowedOrigins, "live tail");
        readTailRequest(request, options);
      },
      handler: (_request, reply) => sendText(reply, 400, "Bad Request"),
      wsHandler: (socket, request) => {
        socket.on("error", () => socket.terminate());
        followTail(socket, readTailRequest(request, options), options).catch((error: unknown) => {
          if (!isServiceError(error, "cancelled")) {
            logger.warn("tail ended", { error: messageOf(error) });
            socket.close(closeInternalError, closeReasonOf(error));
          }
        });
      },
    });
  }
};

/** @throws {ServiceError} `bad_data` for what the client is told before the connection becomes a WebSocket. */
function readTailRequest(request: FastifyRequest, { limitsOf, clock, maxDurationMs }: TailRouteOptions): TailRequest {
  const params = paramsOf(request);
  const tenant = tenantOf(request);
  const limits = limitsOf(tenant);
  const regexp = params.get("regexp");
  const query = regexp === "" ? params.get("query") : legacyQuery(params.get("query"), regexp);
  const filter = compileTail(query);
  const limit = parseLimit(params);
  checkEntriesLimit(limit, limits);
  const nowMs = clock.nowMs();
  const { startNs: askedNs } = parseBounds(params, nowMs);
  const delaySeconds = parseDelay(params.get("delay_for"));
  const nowNs = BigInt(nowMs) * nsPerMs;
  const asked = { startNs: askedNs, endNs: nowNs > askedNs ? nowNs : askedNs };
  const bounds = withinLookback(asked, limits, nowMs) ?? asked;
  checkBounds(bounds, limits);
  checkQuery(query, parseQuery(query), limits);
  const { startNs } = bounds;
  const encodingFlags = parseEncodingFlags(request.headers["x-loki-response-encoding-flags"]);
  return {
    tenant,
    limits,
    query,
    filter,
    limit,
    startNs,
    delayMs: delaySeconds * 1000,
    maxDurationMs,
    encodingFlags,
    isLegacy: request.routeOptions.url === paths.legacyTail,
  };
}

/** Seconds; a duration is taken, too. */
function parseDelay(text: string): number {
  const seconds = /^\d+m?s$/u.test(text) ? parseDurationMs(text) / 1000 : parseInteger(text, 0);
  if (seconds > delaySecondsMax || seconds < 0) {
    throw new ServiceError("bad_data", `delay_for can't be greater than ${delaySecondsMax}`);
  }
  return seconds;
}

function closeReasonOf(error: unknown): string {
  const bytes = new TextEncoder().encode(isServiceError(error) ? error.message : "internal server error");
  // Without the character that the cut went through, if any.
  return new TextDecoder().decode(bytes.subarray(0, closeReasonBytesMax)).replace(/\ufffd+$/u, "");
}
