import type { FileSystem } from "@sluice/model";
import { isElement, type ListedObject } from "./object-store.ts";

/** Files that are looked at together. */
const statBatch = 64;

/**
 * The files below `directory` as objects, ascending by key. Directories that hold no key of interest are not opened, and
 * names that are of no interest cost no look at the file.
 */
export async function* listFiles(
  fs: FileSystem,
  directory: string,
  prefix: string,
  startAfter: string,
): AsyncGenerator<ListedObject, void, undefined> {
  yield* listBelow(prefix.slice(0, prefix.lastIndexOf("/") + 1));

  async function* listBelow(folder: string): AsyncGenerator<ListedObject, void, undefined> {
    const names = await namesIn(fs, `${directory}/${folder}`);
    const keys = names.filter(isElement).map((name) => folder + name);
    for (const found of await statAll(keys.filter((key) => mayMatter(key, prefix, startAfter)))) {
      if (found.isDirectory) {
        yield* listBelow(found.key);
      } else if (found.key.startsWith(prefix) && found.key > startAfter) {
        yield { key: found.key, sizeBytes: found.sizeBytes };
      }
    }
  }

  /** Files and folders (their keys end in "/"), in the order of the keys they stand for: `a-b` comes before `a/c`. */
  async function statAll(keys: readonly string[]): Promise<(ListedObject & { isDirectory: boolean })[]> {
    const found: (ListedObject & { isDirectory: boolean })[] = [];
    for (let start = 0; start < keys.length; start += statBatch) {
      const batch = keys.slice(start, start + statBatch);
      const stats = await Promise.all(batch.map((key) => fs.stat(`${directory}/${key}`)));
      for (const [i, stat] of stats.entries()) {
        if (stat !== undefined) {
          found.push({ key: stat.isDirectory ? `${batch[i]}/` : batch[i]!, ...stat });
        }
      }
    }
    return found.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Whether the file `key`, or a file in a folder of that name, can begin with `prefix` and come after `startAfter`. */
function mayMatter(key: string, prefix: string, startAfter: string): boolean {
  const folder = `${key}/`;
  const isInPrefix = key.startsWith(prefix) || folder.startsWith(prefix) || prefix.startsWith(folder);
  return isInPrefix && (key > startAfter || folder > startAfter || startAfter.startsWith(folder));
}

async function namesIn(fs: FileSystem, directory: string): Promise<readonly string[]> {
  try {
    return await fs.list(directory);
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) {
      return [];
    }
    throw error;
  }
}
