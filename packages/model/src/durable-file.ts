import type { FileSystem } from "./ports.ts";

/**
 * Replaces a file as a whole: a reader sees the old content or the new, also after a power cut. `path` must be
 * absolute, with `/` between its elements.
 */
export async function writeFileDurably(fs: FileSystem, path: string, content: Uint8Array): Promise<void> {
  const directory = path.slice(0, path.lastIndexOf("/")) || "/";
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
  await fs.syncDirectory(directory);
}
