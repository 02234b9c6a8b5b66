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
  const { status, message, retryAfterMs } = failureOf(error, request, logger);
  return sendText(withRetryAfter(reply, retryAfterMs), status, message);
}

/** What a client is told. */
export interface Failure {
  readonly status: number;
  readonly message: string;
  /** After this the request may come again. */
  readonly retryAfterMs: number | undefined;
}

/** What a client is told of anything that was thrown; a bug is logged, and its details stay here. */
export function failureOf(error: unknown, request: FastifyRequest, logger: Logger): Failure {
  const failure = (status: number, message: string, retryAfterMs?: number): Failure => ({
    status,
    message,
    retryAfterMs,
  });
  if (error instanceof PushRefused) {
    return failure(error.status, error.message, error.retryAfterMs);
  }
  if (isServiceError(error)) {
    if (error.code === "corrupt") {
      logger.error("damaged data", { url: request.url, error: error.message });
    }
    const mayComeAgain = error.code === "rate_limited" || error.code === "unavailable";
    return failure(statusOfCode[error.code], error.message, mayComeAgain ? retryAfterMsDefault : undefined);
  }
  const { code, statusCode } = error as { readonly code?: string; readonly statusCode?: number };
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") {
    const { message } = bodyTooLarge(request.headers["content-length"] ?? "unknown", request.routeOptions.bodyLimit);
    return failure(413, message);
  }
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") {
    return failure(400, "mime: no media type");
  }
  if (statusCode !== undefined && statusCode < 500) {
    return failure(statusCode, messageOf(error));
  }
  logger.error("request failed", {
    url: request.url,
    error: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  return failure(500, "internal server error");
}

/** Loki's answer to a body that is larger than it may be. */
export function bodyTooLarge(sizeBytes: string, sizeBytesMax: number): ServiceError {
  return new ServiceError(
    "too_large",
    `request body too large: message size too large than max (${sizeBytes} vs ${sizeBytesMax})`,
  );
}

/** Whole seconds, at least one. */
export function withRetryAfter(reply: FastifyReply, ms: number | undefined): FastifyReply {
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
