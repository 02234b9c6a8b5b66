import { statSync } from "node:fs";
import type { Counter } from "@sluice/model";
import type { Target } from "../discovery/target.ts";
import { fileKey, openFollowed, type FollowedFile, type OpenOptions } from "./open-file.ts";
import { unreadRotatedFiles, type DirectoryNames } from "./rotated-files.ts";

/** How patient the agent is with files that lost their name; milliseconds. */
export interface RotationTimes {
  /** How long a file that was replaced must be at its end before the next one is begun. */
  readonly settleMs: number;
  /** How long a file that was replaced is still looked at for late lines. */
  readonly lingerMs: number;
  /** How long a file is kept open whose name went away while it still has another one. */
  readonly orphanMs: number;
}

export interface FollowOptions extends OpenOptions, RotationTimes {
  /** By kind: `renamed`, `truncated`, `deleted`. */
  readonly rotations: Counter;
}

/**
 * One path, and all the files that are still to be read there: the oldest first, the one that has the name now last.
 * Their lines are sent in this order.
 */
export class FollowedPath {
  readonly target: Target;
  readonly path: string;
  readonly #options: FollowOptions;
  /** Keys of the files that are open anywhere in this target; a file is never read twice. */
  readonly #open: Set<string>;
  readonly #files: FollowedFile[] = [];
  #closedLineCount = 0;

  /** @param open shared by all paths of the target. */
  constructor(target: Target, path: string, open: Set<string>, options: FollowOptions) {
    this.target = target;
    this.path = path;
    this.#open = open;
    this.#options = options;
  }

  get files(): readonly FollowedFile[] {
    return this.#files;
  }

  /** Lines read since the path is followed. */
  get lineCount(): number {
    return this.#files.reduce((sum, { file }) => sum + file.lineCount, this.#closedLineCount);
  }

  /** Whether nothing is left to follow. */
  get isFinished(): boolean {
    return this.#files.length === 0;
  }

  /**
   * Opens the file at the path, and before it those that were rotated away and not read to their end.
   *
   * @throws the file system's error when the file cannot be read.
   */
  open(nowMs: number, names: DirectoryNames): void {
    this.#openCurrent(nowMs);
    this.openRotated(nowMs, names);
  }

  /** Takes up files that were rotated away and have unread lines: late ones, and those of a time without an agent. */
  openRotated(nowMs: number, names: DirectoryNames): void {
    const current = this.#files.at(-1);
    if (current === undefined) {
      return;
    }
    const { positions } = this.#options;
    // A container may rotate its file before we see it for the first time. Its lines have times of their own, so that
    // reading all of them does no harm; what lies beside a new plain file may be history, or a copy of the file itself.
    const newPathSinceMs = this.target.format === "cri" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
    const { key } = this.target;
    const unread = unreadRotatedFiles(key, this.path, current.realPath, names, positions, newPathSinceMs);
    const opened: FollowedFile[] = [];
    for (const rotated of unread) {
      if (this.#open.has(fileKey(rotated))) {
        continue;
      }
      const file = this.#openFile(rotated.path, nowMs);
      if (file !== undefined) {
        file.replacedMs = rotated.mtimeMs;
        opened.push(file);
      }
    }
    this.#files.unshift(...opened);
  }

  /**
   * One turn of reading.
   *
   * @returns how many bytes were read; 0 when there is nothing to read now.
   */
  read(nowMs: number): number {
    for (const file of this.#files) {
      const bytes = file.file.read();
      if (bytes > 0) {
        file.readMs = nowMs;
        return bytes;
      }
      if (file.replacedMs === undefined || nowMs - file.replacedMs < this.#options.settleMs) {
        return 0;
      }
    }
    return 0;
  }

  /**
   * Looks at what is at the path now; notices rotations, truncations and deletions. Opens a new file at once, whether
   * or not there is room to read it: then it cannot be lost to the next rotation.
   *
   * @throws the file system's error when a file cannot be read.
   */
  check(nowMs: number): void {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    const current = this.#files.at(-1);
    for (const file of this.#files) {
      file.file.position.seenMs = nowMs;
    }
    if (found === undefined || !found.isFile()) {
      if (current !== undefined) {
        current.replacedMs ??= nowMs;
      }
    } else if (current?.key === fileKey(found)) {
      current.replacedMs = undefined;
      this.#checkTruncation(current, Number(found.size));
    } else {
      this.#replace(current, fileKey(found), nowMs);
    }
    this.#closeFinished(nowMs);
  }

  close(): void {
    for (const file of this.#files.splice(0)) {
      this.#open.delete(file.key);
      file.file.close();
    }
  }

  #openCurrent(nowMs: number): void {
    const found = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined || this.#open.has(fileKey(found))) {
      return;
    }
    const file = this.#openFile(this.path, nowMs);
    if (file !== undefined) {
      this.#files.push(file);
    }
  }

  #openFile(actualPath: string, nowMs: number): FollowedFile | undefined {
    const file = openFollowed(this.target, this.path, actualPath, nowMs, this.#options);
    // The path may have got another file since it was looked at.
    if (file !== undefined && this.#open.has(file.key)) {
      file.file.close();
      return undefined;
    }
    if (file !== undefined) {
      this.#open.add(file.key);
    }
    return file;
  }

  #replace(current: FollowedFile | undefined, newKey: string, nowMs: number): void {
    const renamedBack = this.#files.findIndex((file) => file.key === newKey);
    if (renamedBack !== -1) {
      const [file] = this.#files.splice(renamedBack, 1);
      file!.replacedMs = undefined;
      this.#files.push(file!);
    } else {
      this.#openCurrent(nowMs);
    }
    if (current !== undefined && this.#files.at(-1) !== current && current.replacedMs === undefined) {
      this.#options.rotations.add(1, { kind: "renamed" });
      current.replacedMs = nowMs;
    }
  }

  #checkTruncation(current: FollowedFile, sizeBytes: number): void {
    if (current.file.wasTruncated(sizeBytes)) {
      this.#options.rotations.add(1, { kind: "truncated" });
      current.file.restart(this.#options.positions.restart(current.file.position));
    }
    current.sizeBytes = sizeBytes;
  }

  #closeFinished(nowMs: number): void {
    const { settleMs, lingerMs, orphanMs, rotations } = this.#options;
    for (const followed of this.#files.filter(({ replacedMs }) => replacedMs !== undefined)) {
      const { file } = followed;
      const { sizeBytes, linkCount } = file.stat();
      const isDeleted = linkCount === 0;
      const waitMs = isDeleted ? settleMs : followed === this.#files.at(-1) ? orphanMs : lingerMs;
      if (file.readOffset < sizeBytes || nowMs - Math.max(followed.replacedMs!, followed.readMs) < waitMs) {
        continue;
      }
      file.finish();
      if (!isDeleted && file.position.offset < file.safeOffset) {
        // Discovery takes a rotated file for unread until all of it is acknowledged: closed now, it would be read twice.
        continue;
      }
      if (isDeleted) {
        file.position.endOffset = file.safeOffset;
        rotations.add(1, { kind: "deleted" });
      }
      this.#files.splice(this.#files.indexOf(followed), 1);
      this.#open.delete(followed.key);
      this.#closedLineCount += file.lineCount;
      file.close();
    }
  }
}
