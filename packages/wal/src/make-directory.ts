import type { FileSystem } from "@sluice/model";

/** Makes a directory and the ones above it, and makes their names survive a power cut. */
export async function makeDirectoryDurably(fs: FileSystem, directory: string): Promise<void> {
  const missing: string[] = [];
  for (let path = directory; (await fs.stat(path)) === undefined; path = parentOf(path)) {
    missing.push(path);
  }
  await fs.makeDirectory(directory);
  for (const path of missing.reverse()) {
    await fs.syncDirectory(parentOf(path));
  }
  if (missing.length === 0) {
    // A process that was killed right after making it may have left this open. If the parent is not ours to open, then
    // neither did we make the directory.
    await fs.syncDirectory(parentOf(directory)).catch(() => {});
  }
}

function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/")) || "/";
}
