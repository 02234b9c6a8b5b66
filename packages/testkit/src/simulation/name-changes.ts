import type { Rng } from "@sluice/model";
import { failed, type DirectoryNode, type DiskNode } from "./disk-nodes.ts";

/** What one name in one directory stands for from now on; `undefined`: nothing. */
interface Entry {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: DiskNode | undefined;
}

/** All of it happens or nothing, as POSIX has it for a rename. */
type Change = readonly Entry[];

/** The names on a disk, and which of their changes a power cut may take back. */
export class NameChanges {
  readonly #root: DirectoryNode;
  #unsynced: Change[] = [];

  constructor(root: DirectoryNode) {
    this.#root = root;
  }

  /** What the path stands for, if anything. */
  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.#root;
    for (const name of path.split("/").filter((element) => element !== "")) {
      node = node?.kind === "directory" ? node.entries.get(name) : undefined;
    }
    return node;
  }

  directoryAt(path: string): DirectoryNode {
    const node = this.find(path);
    if (node?.kind !== "directory") {
      throw failed(node === undefined ? "ENOENT" : "ENOTDIR", path);
    }
    return node;
  }

  placeOf(path: string): { readonly directory: DirectoryNode; readonly name: string } {
    const slash = path.lastIndexOf("/");
    return { directory: this.directoryAt(path.slice(0, slash)), name: path.slice(slash + 1) };
  }

  change(change: Change): void {
    for (const { directory, name, node } of change) {
      set(directory.entries, name, node);
    }
    this.#unsynced.push(change);
  }

  /** Makes the directory's names durable, and what they build on. */
  sync(directory: DirectoryNode): void {
    const wanted: Change[] = [];
    for (const change of this.#unsynced.toReversed()) {
      if (change.some((entry) => entry.directory === directory) || wanted.some((later) => meet(change, later))) {
        wanted.unshift(change);
      }
    }
    makeDurable(wanted);
    this.#unsynced = this.#unsynced.filter((change) => !wanted.includes(change));
  }

  syncAll(): void {
    makeDurable(this.#unsynced);
    this.#unsynced = [];
  }

  /** Each change is there or not, but none without those before it that concern the same name. */
  powerCut(rng: Rng): void {
    const keep = rng.next();
    const lost: Change[] = [];
    const kept: Change[] = [];
    for (const change of this.#unsynced) {
      const isKept = rng.next() < keep && !lost.some((earlier) => meet(earlier, change));
      (isKept ? kept : lost).push(change);
    }
    makeDurable(kept);
    this.#unsynced = [];
    forget(this.#root);
  }
}

function forget(directory: DirectoryNode): void {
  directory.entries = new Map(directory.durable);
  for (const node of directory.entries.values()) {
    if (node.kind === "directory") {
      forget(node);
    }
  }
}

function makeDurable(changes: readonly Change[]): void {
  for (const { directory, name, node } of changes.flat()) {
    set(directory.durable, name, node);
  }
}

/** Whether two changes concern one name. */
function meet(one: Change, other: Change): boolean {
  return one.some((a) => other.some((b) => a.directory === b.directory && a.name === b.name));
}

function set(entries: Map<string, DiskNode>, name: string, node: DiskNode | undefined): void {
  if (node === undefined) {
    entries.delete(name);
  } else {
    entries.set(name, node);
  }
}
