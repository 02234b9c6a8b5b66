import { accessSync, constants, mkdirSync } from "node:fs";
import { createServer } from "node:net";
import { messageOf, ServiceError } from "@sluice/model";

/**
 * Makes a directory that can be written to.
 *
 * @throws {ServiceError} `bad_data`, one sentence that names the directory and what is wrong with it.
 */
export function prepareDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "EEXIST" || code === "ENOTDIR"
        ? "a file is in the way"
        : code === "EACCES" || code === "EPERM"
          ? "permission denied"
          : code === "EROFS"
            ? "the file system is read-only"
            : messageOf(error);
    throw new ServiceError(
      "bad_data",
      `cannot write to the data directory ${path}: ${why} (choose another with --data)`,
      {
        cause: error,
      },
    );
  }
}

/**
 * Finds out whether a port is free, before anything is started that would only find it taken.
 *
 * @throws {ServiceError} `unavailable`, one sentence that names the port.
 */
export async function checkPort(host: string, port: number): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen(port, host, resolve);
    });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why =
      code === "EADDRINUSE"
        ? "is in use; stop what holds it or choose another with --port"
        : code === "EACCES"
          ? "needs root; choose one above 1023 with --port"
          : `cannot be used (${code})`;
    throw new ServiceError("unavailable", `port ${port} on ${host} ${why}`, { cause: error });
  }
  await new Promise((resolve) => probe.close(resolve));
}
