import { ServiceError } from "@sluice/model";
import type { FastifyRequest } from "fastify";

/**
 * A page of another site must neither read logs nor delete them through its visitor's browser; programs send no Origin.
 *
 * @param allowedOrigins origins other than the server's own whose pages may.
 * @param what is refused, for the message.
 * @throws {ServiceError} `bad_data`
 */
export function refuseForeignOrigin(request: FastifyRequest, allowedOrigins: readonly string[], what: string): void {
  const { origin, host } = request.headers;
  if (origin === undefined || allowedOrigins.includes(origin)) {
    return;
  }
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new ServiceError(
      "bad_data",
      `${what} refused for origin '${origin}': add it to server.allowed_origins to allow it`,
    );
  }
}
