import { ServiceError } from "@sluice/model";
import type { FastifyInstance } from "fastify";

/**
 * Starts listening.
 *
 * @returns the address as a URL, with the port that was really taken when 0 was asked for.
 * @throws {ServiceError} `unavailable`, one sentence, when the port is busy or not ours to take.
 */
export async function listen(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number },
): Promise<string> {
  const { host, port } = address;
  try {
    return await app.listen({ host, port });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "EADDRINUSE"
        ? "the port is in use; stop what holds it or choose another with --listen"
        : code === "EACCES"
          ? "permission denied; ports below 1024 need root"
          : code === "EADDRNOTAVAIL" || code === "ENOTFOUND"
            ? "this machine has no such address"
            : String(code);
    throw new ServiceError("unavailable", `cannot listen on ${host}:${port}: ${why}`, { cause: error });
  }
}
