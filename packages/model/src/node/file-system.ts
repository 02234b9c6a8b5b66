import { constants } from "node:fs";
import { link, mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import type { FileSystem, OpenFile } from "../ports.ts";

/** The machine's own file system. */
export const nodeFileSystem: FileSystem = {
  async open(path, mode) {
    const { O_RDONLY, O_RDWR, O_APPEND, O_CREAT, O_EXCL } = constants;
    const flags = mode === "read" ? O_RDONLY : O_RDWR | O_APPEND | O_CREAT | (mode === "create" ? O_EXCL : 0);
    return new NodeFile(await open(path, flags, 0o640));
  },
  readFile: (path) => readFile(path),
  list: async (directory) => (await readdir(directory)).sort(),
  async stat(path) {
    try {
      const found = await stat(path);
      return { sizeBytes: found.size, isDirectory: found.isDirectory() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") {
        return undefined;
      }
      throw error;
    }
  },
  async makeDirectory(directory) {
    await mkdir(directory, { recursive: true });
  },
  rename: (from, to) => rename(from, to),
  link: (from, to) => link(from, to),
  remove: (path) => rm(path, { force: true }),
  async syncDirectory(directory) {
    const handle = await open(directory, constants.O_RDONLY);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

class NodeFile implements OpenFile {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    const { bytesRead } = await this.#handle.read(target, 0, target.length, position);
    return bytesRead;
  }

  async append(parts: readonly Uint8Array[]): Promise<void> {
    // writev takes no more than 1024 parts and may write less than it was given; what is left goes out again.
    const waiting = parts.filter((part) => part.length > 0);
    for (let next = 0; next < waiting.length;) {
      let { bytesWritten } = await this.#handle.writev(waiting.slice(next, next + 1024));
      while (next < waiting.length && bytesWritten >= waiting[next]!.length) {
        bytesWritten -= waiting[next]!.length;
        next += 1;
      }
      if (bytesWritten > 0) {
        waiting[next] = waiting[next]!.subarray(bytesWritten);
      }
    }
  }

  sync(): Promise<void> {
    return this.#handle.datasync();
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.#handle.truncate(sizeBytes);
  }

  async sizeBytes(): Promise<number> {
    return (await this.#handle.stat()).size;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
