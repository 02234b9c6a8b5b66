import type { FileSystem, OpenFile, Rng } from "@sluice/model";
import { randomInt } from "@sluice/testkit";

export type Operation =
  | "open"
  | "read"
  | "append"
  | "sync"
  | "truncate"
  | "rename"
  | "link"
  | "remove"
  | "syncDirectory";

/**
 * A file system in memory that forgets, on a power cut, what was not synced: bytes, sector by sector in any order, and
 * names, from some point on. It can also be full, and fail any operation.
 */
export interface MemoryFileSystem extends FileSystem {
  /** How often each operation was called. */
  readonly counts: Record<Operation, number>;
  /** Bytes that fit; a write that does not is done in part and rejects with ENOSPC. */
  capacityBytes: number;
  /** Called before each operation; what it throws or rejects with is the operation's failure. */
  intercept: ((operation: Operation, path: string) => void | Promise<void>) | undefined;
  /** Bytes that were not synced reach the disk all the same, as they may at any time. */
  writeBack(): void;
  /** The process ends: every open file becomes unusable, and all that was written is there. */
  kill(): void;
  /** As {@link kill}, but what was not synced is there or not as chance has it. */
  powerCut(rng: Rng): void;
  /** The whole content of a file, to look at or to change. */
  contentOf(path: string): Uint8Array;
  setContent(path: string, content: Uint8Array): void;
}

interface Inode {
  content: Uint8Array;
  durable: Uint8Array;
}

interface Directory {
  entries: Map<string, Inode>;
  durable: Map<string, Inode>;
  /** What `entries` was after each change since the last sync. */
  changes: Map<string, Inode>[];
}

const sectorBytes = 512;

export function memoryFileSystem(): MemoryFileSystem {
  const directories = new Map<string, Directory>();
  let generation = 0;

  const directoryOf = (path: string): Directory => {
    const found = directories.get(path.slice(0, path.lastIndexOf("/")));
    return found ?? fail("ENOENT", path);
  };
  const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  const inodeAt = (path: string): Inode => directoryOf(path).entries.get(nameOf(path)) ?? fail("ENOENT", path);
  const change = (path: string, inode: Inode | undefined): void => {
    const directory = directoryOf(path);
    if (inode === undefined) {
      directory.entries.delete(nameOf(path));
    } else {
      directory.entries.set(nameOf(path), inode);
    }
    directory.changes.push(new Map(directory.entries));
  };
  const usedBytes = (): number => {
    const inodes = new Set([...directories.values()].flatMap(({ entries }) => [...entries.values()]));
    return [...inodes].reduce((sum, inode) => sum + inode.content.length, 0);
  };

  const start = async (operation: Operation, path: string): Promise<void> => {
    // A real operation never ends within the turn that started it.
    await new Promise((resolve) => setImmediate(resolve));
    fs.counts[operation] += 1;
    await fs.intercept?.(operation, path);
  };

  const openFile = (path: string, inode: Inode): OpenFile => {
    const openedIn = generation;
    const begin = async (operation: Operation): Promise<void> => {
      await start(operation, path);
      if (openedIn !== generation) {
        fail("EIO", path);
      }
    };
    return {
      async read(target, position) {
        await begin("read");
        const bytes = inode.content.subarray(position, position + target.length);
        target.set(bytes);
        return bytes.length;
      },
      async append(parts) {
        await begin("append");
        for (const part of parts) {
          const room = Math.max(0, fs.capacityBytes - usedBytes());
          inode.content = concat(inode.content, part.subarray(0, room));
          if (room < part.length) {
            fail("ENOSPC", path);
          }
        }
      },
      async sync() {
        await begin("sync");
        inode.durable = inode.content;
      },
      async truncate(sizeBytes) {
        await begin("truncate");
        inode.content = inode.content.slice(0, sizeBytes);
      },
      sizeBytes: async () => inode.content.length,
      async close() {},
    };
  };

  const fs: MemoryFileSystem = {
    counts: { open: 0, read: 0, append: 0, sync: 0, truncate: 0, rename: 0, link: 0, remove: 0, syncDirectory: 0 },
    capacityBytes: Number.POSITIVE_INFINITY,
    intercept: undefined,
    async open(path, mode) {
      await start("open", path);
      const exists = directoryOf(path).entries.has(nameOf(path));
      if (mode === "create" && exists) {
        fail("EEXIST", path);
      }
      if (mode !== "read" && !exists) {
        change(path, { content: new Uint8Array(0), durable: new Uint8Array(0) });
      }
      return openFile(path, inodeAt(path));
    },
    readFile: async (path) => inodeAt(path).content.slice(),
    list: async (directory) => [...(directories.get(directory) ?? fail("ENOENT", directory)).entries.keys()].sort(),
    async stat(path) {
      if (path === "/" || directories.has(path)) {
        return { sizeBytes: 0, isDirectory: true };
      }
      const inode = directories.get(path.slice(0, path.lastIndexOf("/")))?.entries.get(nameOf(path));
      return inode && { sizeBytes: inode.content.length, isDirectory: false };
    },
    async makeDirectory(directory) {
      if (!directories.has(directory)) {
        directories.set(directory, { entries: new Map(), durable: new Map(), changes: [] });
      }
    },
    async rename(from, to) {
      await start("rename", from);
      const inode = inodeAt(from);
      directoryOf(from).entries.delete(nameOf(from));
      change(to, inode);
    },
    async link(from, to) {
      await start("link", from);
      if (directoryOf(to).entries.has(nameOf(to))) {
        fail("EEXIST", to);
      }
      change(to, inodeAt(from));
    },
    async remove(path) {
      await start("remove", path);
      change(path, undefined);
    },
    async syncDirectory(path) {
      await start("syncDirectory", path);
      const directory = directories.get(path);
      if (directory !== undefined) {
        directory.durable = new Map(directory.entries);
        directory.changes = [];
      }
    },
    writeBack() {
      for (const inode of [...directories.values()].flatMap(({ entries }) => [...entries.values()])) {
        inode.durable = inode.content;
      }
    },
    kill() {
      generation += 1;
    },
    powerCut(rng) {
      generation += 1;
      for (const directory of directories.values()) {
        const kept = randomInt(rng, directory.changes.length + 1);
        directory.durable = directory.changes[kept - 1] ?? directory.durable;
        directory.entries = new Map(directory.durable);
        directory.changes = [];
        for (const inode of directory.entries.values()) {
          inode.durable = afterPowerCut(inode, rng);
          inode.content = inode.durable;
        }
      }
    },
    contentOf: (path) => inodeAt(path).content.slice(),
    setContent(path, content) {
      const inode = inodeAt(path);
      inode.content = content;
      inode.durable = content;
    },
  };
  return fs;
}

/** Each sector that was written but not synced is new, or old, or zeros; the length is anything between. */
function afterPowerCut({ content, durable }: Inode, rng: Rng): Uint8Array {
  const shorter = Math.min(content.length, durable.length);
  const length = shorter + randomInt(rng, Math.abs(content.length - durable.length) + 1);
  const bytes = new Uint8Array(length);
  bytes.set(durable.subarray(0, length));
  for (let start = 0; start < length; start += sectorBytes) {
    if (rng.next() < 0.5) {
      bytes.set(content.subarray(start, Math.min(start + sectorBytes, length)), start);
    }
  }
  return bytes;
}

function concat(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

function fail(code: string, path: string): never {
  throw Object.assign(new Error(`${code}: ${path}`), { code });
}
