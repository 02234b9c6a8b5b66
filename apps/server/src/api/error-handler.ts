import { isServiceError, messageOf, ServiceError, type ErrorCode, type Logger } from "@sluice/model";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { PushRefused } from "../distributor/push-refused.ts";

/** The one place where an expected failure becomes a status. Texts are plain, as Loki's are. */
const statusOfCode: Readonly<Record<ErrorCode, number>> = {
  bad_data: 400,
  unauthorized: 401,
  not_found: 404,
  already_exists: 409,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  cancelled: 499,
  corrupt: 500,
  unavailable: 503,
  timeout: 504,
};

/** After this a refused request may come again, where nobody knows better. */
const retryAfterMsDefault = 1000;

export function setErrorHandler(app: FastifyInstance, logger: Logger): void {
  app.setErrorHandler((error, request, reply) => answerError(error, request, reply, logger));
  app.setNotFoundHandler((_request, reply) => sendText(reply, 404, "404 page not found"));
}

/** Answers with what went wrong; a bug is logged, and its details stay here. */
export function answerError(
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
): FastifyReply {
  if (error instanceof PushRefused) {
    return sendText(withRetryAfter(reply, error.retryAfterMs), error.status, error.message);
  }
  if (isServiceError(error)) {
    if (error.code === "rate_limited" || error.code === "unavailable") {
      withRetryAfter(reply, retryAfterMsDefault);
    }
    if (error.code === "corrupt") {
      logger.error("damaged data", { url: request.url, error: error.message });
    }
    return sendText(reply, statusOfCode[error.code], error.message);
  }
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const { message } = bodyTooLarge(request.headers["content-length"] ?? "unknown", request.routeOptions.bodyLimit);
    return sendText(reply, 413, message);
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return sendText(reply, 400, "mime: no media type");
  }
  if (statusCode !== undefined && statusCode < 500) {
    return sendText(reply, statusCode, messageOf(error));
  }
  logger.error("request failed", {
    url: request.url,
    error: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  return sendText(reply, 500, "internal server error");
}

/** Loki's answer to a body that is larger than it may be. */
export function bodyTooLarge(sizeBytes: string, sizeBytesMax: number): ServiceError {
  return new ServiceError(
    "too_large",
    `request body too large: message size too large than max (${sizeBytes} vs ${sizeBytesMax})`,
  );
}

/** Whole seconds, at least one. */
function withRetryAfter(reply: FastifyReply, ms: number | undefined): FastifyReply {
  return ms === undefined ? reply : reply.header("Retry-After", String(Math.max(Math.ceil(ms / 1000), 1)));
}

/** Answers with a line of plain text that no browser takes for anything else. */
export function sendText(reply: FastifyReply, status: number, text: string): FastifyReply {
  return reply
    .status(status)
    .header("Content-Type", "text/plain; charset=utf-8")
    .header("X-Content-Type-Options", "nosniff")
    .send(`${text}\n`);
}
