import { spawnSync } from "node:child_process";
import { writeFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";

/** A file system of few bytes, of its own. */
export interface SmallDisk extends AsyncDisposable {
  readonly path: string;
  /** Takes so many bytes away from whoever else writes. */
  occupy(bytes: number): Promise<void>;
  /** Gives them back. */
  makeRoom(): Promise<void>;
}

/** Mounts a tmpfs; undefined where that is not allowed, as it is to root only. */
export async function mountSmallDisk(sizeBytes: number): Promise<SmallDisk | undefined> {
  const directory = await temporaryDirectory();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${sizeBytes}`, "tmpfs", directory.path]);
  if (mounted.status !== 0) {
    await directory[Symbol.asyncDispose]();
    return undefined;
  }
  const ballast = join(directory.path, "ballast");
  return {
    path: directory.path,
    occupy: (bytes) => writeFile(ballast, Buffer.alloc(bytes, 1)),
    makeRoom: () => rm(ballast),
    async [Symbol.asyncDispose]() {
      spawnSync("umount", ["--lazy", directory.path]);
      await directory[Symbol.asyncDispose]();
    },
  };
}
