import type { FileSystem } from "./ports.ts";

/**
 * Replaces a file as a whole: a reader sees the old content or the new, also after a power cut. `path` must be
 * absolute, with `/` between its elements.
 */
export async function writeFileDurably(fs: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const temporary = `${path}.tmp`;
  await fs.remove(temporary);
  const file = await fs.open(temporary, "create");
  try {
    await file.append([content]);
    await file.sync();
  } finally {
    await file.close();
  }
  await fs.rename(temporary, path);
  await fs.syncDirectory(parentDirectory(path));
}

/**
 * Makes a directory and those above it, and makes their names survive a power cut. The ones that were there are synced
 * too: a process that was killed right after making them may not have come to it.
 *
 * @param isDurable tells of directories whose names, up to the root, are known to be safe; by default only the root's.
 * @returns the directories whose names are safe now and were not known to be.
 */
export async function makeDirectoryDurably(
  fs: FileSystem,
  directory: string,
  isDurable: (directory: string) => boolean = (path) => path === "/",
): Promise<readonly string[]> {
  await fs.makeDirectory(directory);
  const made: string[] = [];
  for (let path = directory; !isDurable(path); path = parentDirectory(path)) {
    made.push(path);
  }
  for (const path of made) {
    try {
      await fs.syncDirectory(parentDirectory(path));
    } catch (error) {
      // A directory that this process may not open is none that it made.
      if (!["EACCES", "EPERM"].includes((error as { readonly code?: string }).code ?? "")) {
        throw error;
      }
    }
  }
  return made;
}

function parentDirectory(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
