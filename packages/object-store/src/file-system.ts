import { randomUUID } from "node:crypto";
import { type FileSystem, isServiceError, messageOf, ServiceError } from "@sluice/model";
import { DurableDirectories } from "./durable-directories.ts";
import { listFiles } from "./list-files.ts";
import {
  alreadyExists,
  type ByteRange,
  checkKey,
  checkPrefix,
  type ListedObject,
  notFound,
  type ObjectStat,
  type ObjectStore,
  type PutOptions,
  resolveRange,
} from "./object-store.ts";

export interface FileSystemObjectStoreOptions {
  /** Absolute path; made when missing. */
  readonly directory: string;
  readonly fs: FileSystem;
}

/** Where objects are written before they get their name. `~` is in no key, so it is never listed nor overwritten. */
const temporaryName = "~temporary";

/**
 * Opens a directory as an object store: the object `a/b` is the file `a/b` in it. What an earlier process left
 * unfinished is removed.
 *
 * @throws {ServiceError} `unavailable` when the directory cannot be made or written to.
 */
export async function openFileSystemObjectStore(options: FileSystemObjectStoreOptions): Promise<ObjectStore> {
  const { directory, fs } = options;
  const temporary = `${directory}/${temporaryName}`;
  const directories = new DurableDirectories(fs);
  try {
    await directories.make(temporary);
    for (const name of await fs.list(temporary)) {
      await fs.remove(`${temporary}/${name}`);
    }
    const probe = `${temporary}/${randomUUID()}`;
    await (await fs.open(probe, "create")).close();
    await fs.remove(probe);
  } catch (error) {
    throw failure(`cannot use ${directory} as an object store`, error);
  }
  return new FileSystemObjectStore(options, directories);
}

/** The same for another thread of the process that opened the directory: what is unfinished there is in good hands. */
export function fileSystemObjectStore(options: FileSystemObjectStoreOptions): ObjectStore {
  return new FileSystemObjectStore(options, new DurableDirectories(options.fs));
}

class FileSystemObjectStore implements ObjectStore {
  readonly #directory: string;
  readonly #fs: FileSystem;
  readonly #directories: DurableDirectories;

  constructor({ directory, fs }: FileSystemObjectStoreOptions, directories: DurableDirectories) {
    this.#directory = directory;
    this.#fs = fs;
    this.#directories = directories;
  }

  async put(key: string, body: readonly Uint8Array[], options?: PutOptions): Promise<void> {
    const path = this.#pathOf(key);
    const ifAbsent = options?.ifAbsent === true;
    try {
      await this.#putOnce(path, body, ifAbsent).catch((error: unknown) => {
        if (codeOf(error) !== "ENOENT") {
          throw error;
        }
        // Another process that starts takes our unfinished file for one that was left over; or a directory was removed.
        this.#directories.forget();
        return this.#putOnce(path, body, ifAbsent);
      });
    } catch (error) {
      throw await this.#putFailure(key, path, error);
    }
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array> {
    const path = this.#pathOf(key);
    try {
      return range === undefined ? await this.#fs.readFile(path) : await this.#readRange(key, path, range);
    } catch (error) {
      throw isMissing(error) ? notFound(key) : failure(`cannot read object ${key}`, error);
    }
  }

  async stat(key: string): Promise<ObjectStat | undefined> {
    const path = this.#pathOf(key);
    try {
      const found = await this.#fs.stat(path);
      return found === undefined || found.isDirectory ? undefined : { sizeBytes: found.sizeBytes };
    } catch (error) {
      if (isMissing(error)) {
        return undefined;
      }
      throw failure(`cannot read object ${key}`, error);
    }
  }

  async *list(prefix: string, startAfter = ""): AsyncGenerator<ListedObject, void, undefined> {
    checkPrefix(prefix);
    try {
      yield* listFiles(this.#fs, this.#directory, prefix, startAfter);
    } catch (error) {
      throw failure(`cannot list objects ${prefix}`, error);
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await this.#fs.remove(path);
      await this.#fs.syncDirectory(path.slice(0, path.lastIndexOf("/")));
    } catch (error) {
      if (!isMissing(error)) {
        throw failure(`cannot remove object ${key}`, error);
      }
    }
  }

  #pathOf(key: string): string {
    checkKey(key);
    return `${this.#directory}/${key}`;
  }

  async #putOnce(path: string, body: readonly Uint8Array[], ifAbsent: boolean): Promise<void> {
    const parent = path.slice(0, path.lastIndexOf("/"));
    const temporary = `${this.#directory}/${temporaryName}/${randomUUID()}`;
    try {
      await this.#directories.make(`${this.#directory}/${temporaryName}`);
      await this.#write(temporary, body);
      await this.#directories.make(parent);
      await (ifAbsent ? this.#fs.link(temporary, path) : this.#fs.rename(temporary, path));
      await this.#fs.syncDirectory(parent);
    } finally {
      // One that stays costs space until the next start, and nothing else.
      await this.#fs.remove(temporary).catch(() => {});
    }
  }

  async #write(path: string, body: readonly Uint8Array[]): Promise<void> {
    const file = await this.#fs.open(path, "create");
    try {
      await file.append(body);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #readRange(key: string, path: string, range: ByteRange): Promise<Uint8Array> {
    const file = await this.#fs.open(path, "read");
    try {
      const { start, end } = resolveRange(key, range, await file.sizeBytes());
      const bytes = new Uint8Array(end - start);
      let filled = 0;
      while (filled < bytes.length) {
        const count = await file.read(bytes.subarray(filled), start + filled);
        if (count === 0) {
          throw new ServiceError("unavailable", `object ${key} became shorter while it was read`);
        }
        filled += count;
      }
      return bytes;
    } finally {
      await file.close();
    }
  }

  /** What a failed put means: the key is taken, or it collides with a directory, or the disk failed. */
  async #putFailure(key: string, path: string, error: unknown): Promise<unknown> {
    const code = codeOf(error);
    const found = await this.#fs.stat(path).catch(() => undefined);
    if (found?.isDirectory === true || code === "ENOTDIR" || (code === "EEXIST" && found === undefined)) {
      return new ServiceError("bad_data", `object key ${key} continues another object's key, or another continues it`);
    }
    if (code !== "EEXIST") {
      return failure(`cannot write object ${key}`, error);
    }
    try {
      // The winner may not have come to this yet, and the caller will build on what it finds.
      await this.#fs.syncDirectory(path.slice(0, path.lastIndexOf("/")));
      return alreadyExists(key);
    } catch (syncError) {
      return failure(`cannot write object ${key}`, syncError);
    }
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

/** Nothing there, or a directory, or below a file. */
function isMissing(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "EISDIR", "ERR_FS_EISDIR"].includes(codeOf(error) ?? "");
}

/** The error for the caller: the disk's failures have a code, everything else is passed on as it is. */
function failure(what: string, error: unknown): unknown {
  if (isServiceError(error) || codeOf(error) === undefined) {
    return error;
  }
  return new ServiceError("unavailable", `${what}: ${messageOf(error)}`, { cause: error });
}
