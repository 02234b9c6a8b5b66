import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Positions } from "./positions.ts";

/** A file that was rotated away from a path, and has bytes that were not sent. */
export interface RotatedFile {
  readonly path: string;
  readonly dev: bigint;
  readonly ino: bigint;
  readonly mtimeMs: number;
}

/** Names that are not plain text any more, or not yet. */
const notPlain = /\.(?:gz|bz2|xz|zst|Z|tmp)$/u;

/** The sorted names of directories, read once: many paths share one directory. */
export class DirectoryNames {
  readonly #names = new Map<string, readonly string[]>();

  of(directory: string): readonly string[] {
    let names = this.#names.get(directory);
    if (names === undefined) {
      try {
        names = readdirSync(directory).sort();
      } catch {
        names = [];
      }
      this.#names.set(directory, names);
    }
    return names;
  }
}

/**
 * The files beside `realPath` that were rotated away from it (`<name>.<anything>`, `<name>-<anything>`) and are not
 * read to their end, oldest first: those with a position, and those that were written to since the agent last saw the
 * path; it cannot have read them.
 *
 * @param path where the file is looked for; `realPath` is that with symbolic links resolved.
 * @param newPathSinceMs for a path that the agent never saw: files beside it that were written to after this are unread.
 */
export function unreadRotatedFiles(
  target: string,
  path: string,
  realPath: string,
  names: DirectoryNames,
  positions: Positions,
  newPathSinceMs: number,
): readonly RotatedFile[] {
  const directory = dirname(realPath);
  const name = basename(realPath);
  const readUntilMs = positions.seenBeforeMs(path) ?? newPathSinceMs;
  const unread: RotatedFile[] = [];
  for (const sibling of namesWithPrefix(names.of(directory), `${name}-`, `${name}.`)) {
    if (notPlain.test(sibling)) {
      continue;
    }
    const siblingPath = join(directory, sibling);
    const stat = statSync(siblingPath, { bigint: true, throwIfNoEntry: false });
    if (stat === undefined || !stat.isFile()) {
      continue;
    }
    const { dev, ino } = stat;
    const sizeBytes = Number(stat.size);
    const mtimeMs = Number(stat.mtimeMs);
    const offset = positions.offsetOf({ target, path, dev: String(dev), ino: String(ino), sizeBytes });
    const isUnread = offset === undefined ? mtimeMs > readUntilMs : sizeBytes > offset;
    if (isUnread) {
      unread.push({ path: siblingPath, dev, ino, mtimeMs });
    }
  }
  return unread.sort((a, b) => a.mtimeMs - b.mtimeMs);
}

/** @param names sorted; `-` sorts directly before `.`, so both prefixes lie side by side. */
function namesWithPrefix(names: readonly string[], first: string, second: string): readonly string[] {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (names[middle]! < first) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const found: string[] = [];
  for (let i = low; i < names.length && (names[i]!.startsWith(first) || names[i]!.startsWith(second)); i++) {
    found.push(names[i]!);
  }
  return found;
}
