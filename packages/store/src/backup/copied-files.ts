import { createHash } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { ServiceError } from "@sluice/model";

/** The list of a backup's files, as `sha256sum --check` reads it. It is written last: without it there is no backup. */
export const checksumsName = "checksums.sha256";

/** A file of a backup. */
export interface CopiedFile {
  /** Relative to the backup, with `/`. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

const chunkBytes = 1024 * 1024;

/** Writes files below one directory, durably once {@link finish} has resolved. */
export class FileTree {
  readonly #root: string;
  readonly #directories = new Set<string>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Copies what a file holds at this moment, a piece at a time. @returns undefined when it is not there. */
  async copy(from: string, path: string): Promise<CopiedFile | undefined> {
    let source;
    try {
      source = await open(from);
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw error;
    }
    await using reading = source;
    await using writing = await this.#create(path);
    const hash = createHash("sha256");
    const chunk = new Uint8Array(chunkBytes);
    let sizeBytes = 0;
    for (;;) {
      const { bytesRead } = await reading.read(chunk, 0, chunk.length, sizeBytes);
      if (bytesRead === 0) {
        break;
      }
      const bytes = chunk.subarray(0, bytesRead);
      hash.update(bytes);
      await writing.writeFile(bytes);
      sizeBytes += bytesRead;
    }
    await writing.datasync();
    return { path, sizeBytes, sha256: hash.digest("hex") };
  }

  async write(path: string, content: Uint8Array): Promise<CopiedFile> {
    await using writing = await this.#create(path);
    await writing.writeFile(content);
    await writing.datasync();
    return { path, sizeBytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
  }

  async remove(path: string): Promise<void> {
    await rm(join(this.#root, path));
  }

  /** Removes the directory with all that is in it. */
  async removeAll(): Promise<void> {
    await rm(this.#root, { recursive: true, force: true });
  }

  /** Moves what stands directly below the directory to where it is to be in the end. */
  async moveInto(directory: string): Promise<void> {
    for (const name of await namesIn(this.#root)) {
      await rename(join(this.#root, name), join(directory, name));
    }
    await this.removeAll();
    await syncDirectory(directory);
  }

  /** Makes the names durable, too. */
  async finish(): Promise<void> {
    for (const directory of this.#directories) {
      await syncDirectory(directory);
    }
    await syncDirectory(dirname(this.#root));
  }

  async #create(path: string): ReturnType<typeof open> {
    const target = join(this.#root, path);
    await mkdir(dirname(target), { recursive: true });
    for (let directory = dirname(target); !this.#directories.has(directory); directory = dirname(directory)) {
      this.#directories.add(directory);
      if (directory === this.#root) {
        break;
      }
    }
    return open(target, "wx");
  }
}

/** @throws {ServiceError} `already_exists` when there is something in the directory, except of these names. */
export async function checkEmpty(directory: string, ...except: readonly string[]): Promise<void> {
  const names = await namesIn(directory);
  // What a file system has at its root.
  const others = names.filter((name) => name !== "lost+found" && !except.includes(name));
  if (others.length > 0) {
    throw new ServiceError("already_exists", `${directory} is not empty: it holds ${others[0]}`);
  }
}

/** The names in a directory, ascending; none when it is missing. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

/** All files below a directory, relative to it; none when it is missing. */
export async function filesBelow(directory: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(directory, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  } catch (error) {
    if (isMissing(error)) {
      return [];
    }
    throw error;
  }
}

export function printChecksums(files: readonly CopiedFile[]): Uint8Array {
  const lines = files.map(({ sha256, path }) => `${sha256}  ${path}\n`).sort();
  return new TextEncoder().encode(lines.join(""));
}

/**
 * The checksums by path.
 *
 * @throws {ServiceError} `not_found` when the directory holds no backup that was finished; `corrupt`.
 */
export async function readChecksums(directory: string): Promise<ReadonlyMap<string, string>> {
  let text: string;
  try {
    text = await readFile(join(directory, checksumsName), "utf8");
  } catch (error) {
    if (isMissing(error)) {
      throw new ServiceError("not_found", `${directory} holds no finished backup: ${checksumsName} is missing`);
    }
    throw error;
  }
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [, sha256, path] = /^([0-9a-f]{64}) {2}([A-Za-z0-9._%=/-]+)$/u.exec(line) ?? [];
      if (sha256 === undefined || path === undefined || path.split("/").some((element) => /^\.{0,2}$/u.test(element))) {
        throw new ServiceError("corrupt", `${join(directory, checksumsName)} is damaged: ${JSON.stringify(line)}`);
      }
      return [path, sha256];
    }),
  );
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path);
  await directory.sync();
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === "ENOENT";
}
