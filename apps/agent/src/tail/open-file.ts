import { closeSync, constants, fstatSync, openSync, realpathSync } from "node:fs";
import type { Target } from "../discovery/target.ts";
import type { Positions } from "./positions.ts";
import { TailedFile, type FileStreams, type ReadContext } from "./tailed-file.ts";

/** What it takes to open files. */
export interface OpenOptions {
  readonly positions: Positions;
  readonly context: ReadContext;
  /** The streams of a file of a target, by the path that its labels come from. */
  readonly streamsOf: (target: Target, path: string) => FileStreams;
}

/** A file that is being followed, and what its path tells about it. */
export interface FollowedFile {
  readonly file: TailedFile;
  /** Device and inode. */
  readonly key: string;
  /** Where it really is, symbolic links resolved. */
  readonly realPath: string;
  /** When another file took its place, or its name went away; milliseconds since the epoch. */
  replacedMs: number | undefined;
  /** When something was read of it last. */
  readMs: number;
  /** Its size at the last check. */
  sizeBytes: number;
}

/**
 * Opens a file at its saved position.
 *
 * @param actualPath where the file is; `path`, where it is looked for, differs for one that was rotated away.
 * @returns undefined when it is no regular file, or gone.
 * @throws the file system's error when it cannot be read.
 */
export function openFollowed(
  target: Target,
  path: string,
  actualPath: string,
  nowMs: number,
  options: OpenOptions,
): FollowedFile | undefined {
  const { positions, context, streamsOf } = options;
  let fd: number;
  try {
    // Opening a pipe without a writer must not block the agent.
    fd = openSync(actualPath, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile()) {
      closeSync(fd);
      return undefined;
    }
    const sizeBytes = Number(stat.size);
    const found = { target: target.key, path, dev: String(stat.dev), ino: String(stat.ino), sizeBytes };
    const position = positions.resume(found, fd);
    const file = new TailedFile(fd, position, target.format, streamsOf(target, position.path), context);
    return {
      file,
      key: fileKey(stat),
      realPath: realpathSync(actualPath),
      replacedMs: undefined,
      readMs: nowMs,
      sizeBytes,
    };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Tells one file from another, as long as one of them is open. */
export function fileKey(stat: { readonly dev: bigint; readonly ino: bigint }): string {
  return `${stat.dev}:${stat.ino}`;
}
