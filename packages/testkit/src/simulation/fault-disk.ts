import type { FileSystem, OpenFile, Rng } from "@sluice/model";
import { randomInt } from "../random.ts";
import {
  afterPowerCut,
  allFiles,
  concat,
  failed,
  newDirectory,
  newFile,
  type DirectoryNode,
  type FileNode,
} from "./disk-nodes.ts";
import { NameChanges } from "./name-changes.ts";

export type DiskOperation =
  | "open"
  | "read"
  | "append"
  | "sync"
  | "truncate"
  | "list"
  | "stat"
  | "makeDirectory"
  | "rename"
  | "link"
  | "remove"
  | "syncDirectory";

/** How an operation fails. */
export interface DiskFault {
  /** "EIO", "ENOSPC", ... */
  readonly code: string;
  /** How much of it is done all the same, 0 to 1: bytes of an append; other operations are done from 0.5 on. */
  readonly done?: number;
  /** For `sync`: the bytes that were not synced are forgotten at once, as chance has it. Some kernels do that. */
  readonly forgets?: Rng;
}

/**
 * A disk in memory that forgets, on a power cut, what was not synced: bytes, sector by sector in any order; names, each
 * change on its own as far as later ones do not build on it; directories with all that is in them. It can also be full,
 * read less than it was asked for, and fail any operation.
 */
export interface FaultDisk extends FileSystem {
  /** How often each operation was called. */
  readonly counts: Record<DiskOperation, number>;
  /** Bytes that fit; a write that does not is done in part and rejects with ENOSPC. */
  capacityBytes: number;
  /** Bytes of all files. */
  readonly usedBytes: number;
  /**
   * Called before each operation, which waits for it and fails with the fault it gives, or with what it throws. By
   * default an operation takes one turn of the event loop.
   */
  intercept: ((operation: DiskOperation, path: string) => void | DiskFault | Promise<void | DiskFault>) | undefined;
  /** How many of so many bytes one read gives, at least 1. */
  readLength: ((length: number) => number) | undefined;
  /** What was not synced reaches the disk all the same, as it may at any time. */
  writeBack(): void;
  /**
   * The process ends: its files become unusable, and all that it had done is there. With `rng`, what it was just doing
   * is done as far as chance has it.
   */
  kill(rng?: Rng): void;
  /** As {@link kill}, but what was not synced is there or not as chance has it. */
  powerCut(rng: Rng): void;
  /** The whole content of a file, to look at or to change. */
  contentOf(path: string): Uint8Array;
  setContent(path: string, content: Uint8Array): void;
}

export function faultDisk(): FaultDisk {
  const root = newDirectory();
  const names = new NameChanges(root);
  let generation = 0;
  let underWay = new Set<(done: number) => unknown>();

  const fileAt = (path: string): FileNode => {
    const { directory, name } = names.placeOf(path);
    const node = directory.entries.get(name);
    if (node === undefined) {
      throw failed("ENOENT", path);
    }
    if (node.kind === "directory") {
      throw failed("EISDIR", path);
    }
    return node;
  };

  /** @param apply does the operation, or so much of it; synchronous, so that it happens at one moment. */
  const perform = async <Result>(
    operation: DiskOperation,
    path: string,
    apply: (done: number) => Result,
  ): Promise<Result> => {
    const startedIn = generation;
    disk.counts[operation] += 1;
    underWay.add(apply);
    let fault: void | DiskFault;
    try {
      // A real operation never ends within the turn that started it.
      fault = disk.intercept === undefined ? await oneTurn() : await disk.intercept(operation, path);
    } finally {
      underWay.delete(apply);
    }
    if (startedIn !== generation) {
      throw failed("EIO", path);
    }
    if (fault === undefined) {
      return apply(1);
    }
    doPartly(operation, apply, fault.done ?? 0);
    if (operation === "sync" && fault.forgets !== undefined) {
      const file = fileAt(path);
      file.content = afterPowerCut(file, fault.forgets);
      file.durable = file.content;
    }
    throw failed(fault.code, path);
  };

  const openFile = (path: string, file: FileNode): OpenFile => {
    const openedIn = generation;
    const onFile = <Result>(operation: DiskOperation, apply: (done: number) => Result): Promise<Result> =>
      openedIn === generation ? perform(operation, path, apply) : Promise.reject(failed("EIO", path));
    return {
      read: (target, position) =>
        onFile("read", () => {
          const wanted = Math.min(target.length, Math.max(0, file.content.length - position));
          const length = wanted > 0 ? (disk.readLength?.(wanted) ?? wanted) : 0;
          target.set(file.content.subarray(position, position + length));
          return length;
        }),
      append: (parts) =>
        onFile("append", (done) => {
          const all = concat(parts);
          const wanted = all.subarray(0, Math.floor(all.length * done));
          const room = disk.capacityBytes === Infinity ? Infinity : Math.max(0, disk.capacityBytes - disk.usedBytes);
          file.content = concat([file.content, wanted.subarray(0, room)]);
          if (room < wanted.length) {
            throw failed("ENOSPC", path);
          }
        }),
      sync: () =>
        onFile("sync", () => {
          file.durable = file.content;
        }),
      truncate: (sizeBytes) =>
        onFile("truncate", () => {
          file.content = file.content.slice(0, sizeBytes);
        }),
      sizeBytes: async () => file.content.length,
      async close() {},
    };
  };

  const disk: FaultDisk = {
    counts: {
      open: 0,
      read: 0,
      append: 0,
      sync: 0,
      truncate: 0,
      list: 0,
      stat: 0,
      makeDirectory: 0,
      rename: 0,
      link: 0,
      remove: 0,
      syncDirectory: 0,
    },
    capacityBytes: Infinity,
    intercept: undefined,
    readLength: undefined,
    get usedBytes() {
      return [...allFiles(root)].reduce((sum, { content }) => sum + content.length, 0);
    },
    open: (path, mode) =>
      perform("open", path, () => {
        const { directory, name } = names.placeOf(path);
        const exists = directory.entries.has(name);
        if (mode === "create" && exists) {
          throw failed("EEXIST", path);
        }
        if (mode !== "read" && !exists) {
          names.change([{ directory, name, node: newFile() }]);
        }
        return openFile(path, fileAt(path));
      }),
    readFile: (path) => perform("read", path, () => fileAt(path).content.slice()),
    list: (path) => perform("list", path, () => [...names.directoryAt(path).entries.keys()].sort()),
    stat: (path) =>
      perform("stat", path, () => {
        const node = names.find(path);
        return (
          node && {
            sizeBytes: node.kind === "file" ? node.content.length : 0,
            isDirectory: node.kind === "directory",
          }
        );
      }),
    makeDirectory: (path) =>
      perform("makeDirectory", path, () => {
        let directory: DirectoryNode = root;
        for (const name of path.split("/").filter((element) => element !== "")) {
          const node = directory.entries.get(name) ?? newDirectory();
          if (node.kind === "file") {
            throw failed("ENOTDIR", path);
          }
          if (!directory.entries.has(name)) {
            names.change([{ directory, name, node }]);
          }
          directory = node;
        }
      }),
    rename: (from, to) =>
      perform("rename", from, () => {
        const node = fileAt(from);
        names.change([
          { ...names.placeOf(from), node: undefined },
          { ...names.placeOf(to), node },
        ]);
      }),
    link: (from, to) =>
      perform("link", from, () => {
        const place = names.placeOf(to);
        if (place.directory.entries.has(place.name)) {
          throw failed("EEXIST", to);
        }
        names.change([{ ...place, node: fileAt(from) }]);
      }),
    remove: (path) =>
      perform("remove", path, () => {
        if (names.find(path) !== undefined) {
          names.change([{ ...names.placeOf(path), node: undefined }]);
        }
      }),
    syncDirectory: (path) => perform("syncDirectory", path, () => names.sync(names.directoryAt(path))),
    writeBack() {
      names.syncAll();
      for (const file of allFiles(root)) {
        file.durable = file.content;
      }
    },
    kill(rng) {
      generation += 1;
      const cutShort = underWay;
      underWay = new Set();
      for (const apply of cutShort) {
        if (rng !== undefined && rng.next() < 0.5) {
          doPartly(undefined, apply, rng.next());
        }
      }
    },
    powerCut(rng) {
      disk.kill(rng);
      names.powerCut(rng);
      for (const file of allFiles(root)) {
        file.durable = afterPowerCut(file, rng);
        file.content = file.durable;
      }
    },
    contentOf: (path) => fileAt(path).content.slice(),
    setContent(path, content) {
      const file = fileAt(path);
      file.content = content;
      file.durable = content;
    },
  };
  return disk;
}

/** What an operation that fails has done by then. That it was not even possible is nobody's business any more. */
function doPartly(operation: DiskOperation | undefined, apply: (done: number) => unknown, done: number): void {
  if (operation !== "append" && operation !== undefined && done < 0.5) {
    return;
  }
  try {
    apply(done);
  } catch {
    // Full, or not there.
  }
}

function oneTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A way in which an operation may fail. */
export function randomDiskFault(operation: DiskOperation, rng: Rng): DiskFault {
  const done = rng.next();
  if (operation === "append" && rng.next() < 0.3) {
    return { code: "ENOSPC", done };
  }
  return operation === "sync" && randomInt(rng, 2) === 0 ? { code: "EIO", done, forgets: rng } : { code: "EIO", done };
}
