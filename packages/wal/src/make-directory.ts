import type { FileSystem } from "@sluice/model";

/**
 * Makes a directory and those above it, and makes their names survive a power cut. The ones that were there are synced
 * too: a process that was killed right after making them may not have come to it.
 */
export async function makeDirectoryDurably(fs: FileSystem, directory: string): Promise<void> {
  await fs.makeDirectory(directory);
  let path = directory;
  while (path !== "/") {
    path = path.slice(0, path.lastIndexOf("/")) || "/";
    try {
      await fs.syncDirectory(path);
    } catch (error) {
      // A directory that this process may not open is none that it made.
      if (!["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) {
        throw error;
      }
    }
  }
}
