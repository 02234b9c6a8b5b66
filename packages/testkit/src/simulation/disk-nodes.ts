import type { Rng } from "@sluice/model";
import { randomInt } from "../random.ts";

export interface FileNode {
  readonly kind: "file";
  content: Uint8Array;
  /** What a power cut leaves for certain. */
  durable: Uint8Array;
}

export interface DirectoryNode {
  readonly kind: "directory";
  entries: Map<string, DiskNode>;
  durable: Map<string, DiskNode>;
}

export type DiskNode = FileNode | DirectoryNode;

export function newFile(): FileNode {
  return { kind: "file", content: new Uint8Array(0), durable: new Uint8Array(0) };
}

export function newDirectory(): DirectoryNode {
  return { kind: "directory", entries: new Map(), durable: new Map() };
}

/** Every file below the directory, each once though it may have several names. */
export function allFiles(directory: DirectoryNode): Set<FileNode> {
  const found = new Set<FileNode>();
  const collect = ({ entries }: DirectoryNode): void => {
    for (const node of entries.values()) {
      if (node.kind === "file") {
        found.add(node);
      } else {
        collect(node);
      }
    }
  };
  collect(directory);
  return found;
}

const sectorBytes = 512;

/** Each sector that was written but not synced is new, or old, or zeros; the length is anything between. */
export function afterPowerCut({ content, durable }: FileNode, rng: Rng): Uint8Array {
  if (content === durable) {
    return content;
  }
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

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

export function failed(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}
