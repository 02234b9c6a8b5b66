import { join } from "node:path";
import { makeDirectoryDurably, ServiceError } from "@sluice/model";
import { nodeFileSystem } from "@sluice/model/node";
import { checkStore } from "../fsck/check-store.ts";
import { readOnlyDirectory } from "../fsck/read-only-directory.ts";
import { checkEmpty, checksumsName, filesBelow, FileTree, namesIn, readChecksums } from "./copied-files.ts";

export interface RestoreOptions {
  /** A backup. */
  readonly from: string;
  /** The data directory to be: missing or empty. Absolute. */
  readonly data: string;
  readonly onProgress?: (filesDone: number, filesAll: number) => void;
}

export interface RestoreReport {
  readonly fileCount: number;
  readonly sizeBytes: number;
  /** What the segments hold; the write-ahead log comes on top. */
  readonly lineCount: number;
}

/**
 * Makes a data directory of a backup: checks every file against its checksum on the way, then all segments against the
 * manifest and their own checksums, and only then puts it in place.
 *
 * @throws {ServiceError} `already_exists` when `data` is not empty; `not_found` when `from` is no backup; `corrupt` naming
 *   the file that is damaged, missing or too many. `data` is left without anything that a server would take for its own.
 */
export async function restore({ from, data, onProgress = () => {} }: RestoreOptions): Promise<RestoreReport> {
  // What is left of a try that was cut off is in the way of nobody.
  await checkEmpty(data, restoringName);
  await makeDirectoryDurably(nodeFileSystem, data);
  const restoring = join(data, restoringName);
  const tree = new FileTree(restoring);
  await tree.removeAll();
  try {
    const report = await restoreInto(restoring, tree, from, onProgress);
    await tree.moveInto(data);
    return report;
  } catch (error) {
    await tree.removeAll();
    throw error;
  }
}

const restoringName = ".restoring";

async function restoreInto(
  restoring: string,
  tree: FileTree,
  from: string,
  onProgress: NonNullable<RestoreOptions["onProgress"]>,
): Promise<RestoreReport> {
  const checksums = await readChecksums(from);
  const unknown = (await filesBelow(from)).find((path) => path !== checksumsName && !checksums.has(path));
  if (unknown !== undefined) {
    throw new ServiceError("corrupt", `${join(from, unknown)} is not in ${checksumsName}`);
  }
  let sizeBytes = 0;
  let done = 0;
  for (const [path, sha256] of checksums) {
    onProgress(done, checksums.size);
    const file = await tree.copy(join(from, path), path);
    if (file === undefined) {
      throw new ServiceError("corrupt", `${join(from, path)} is missing`);
    }
    if (file.sha256 !== sha256) {
      throw new ServiceError("corrupt", `${join(from, path)} is damaged: its checksum does not match`);
    }
    sizeBytes += file.sizeBytes;
    done += 1;
  }
  onProgress(done, checksums.size);
  await tree.finish();
  const hasStore = (await namesIn(join(restoring, "store", "manifest"))).length > 0;
  const report = hasStore ? await checkStore(readOnlyDirectory(join(restoring, "store"))) : undefined;
  const [problem] = report?.problems ?? [];
  if (problem !== undefined) {
    throw new ServiceError("corrupt", `the backup is not whole: ${problem}`);
  }
  return { fileCount: checksums.size, sizeBytes, lineCount: report?.lineCount ?? 0 };
}
