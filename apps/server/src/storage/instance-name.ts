import { randomBytes } from "node:crypto";
import { ServiceError, writeFileDurably, type FileSystem } from "@sluice/model";

const namePattern = /^[a-z0-9-]{1,64}$/u;

/**
 * The name of the server whose data directory this is, the same at every start: servers that share a bucket know by it
 * whose write-ahead log is covered how far. Chosen at random and kept in the file `instance`; a copy of the directory
 * must not run beside the original.
 *
 * @throws {ServiceError} `corrupt` when the file holds something else.
 */
export async function instanceName(fs: FileSystem, dataDirectory: string): Promise<string> {
  const path = `${dataDirectory}/instance`;
  if ((await fs.stat(path)) === undefined) {
    await writeFileDurably(fs, path, new TextEncoder().encode(`server-${randomBytes(8).toString("hex")}\n`));
  }
  const name = new TextDecoder().decode(await fs.readFile(path)).trim();
  if (!namePattern.test(name)) {
    throw new ServiceError("corrupt", `${path} does not hold the name of this server`);
  }
  return name;
}
