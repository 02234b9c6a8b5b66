import { hash } from "node:crypto";
import { readSync } from "node:fs";

/**
 * The hash of a file's first `length` bytes; grows with the file up to {@link headLengthMax}. With device and inode it is
 * what a file is known by, whatever it is called: inodes are used again.
 */
export interface FileHead {
  readonly length: number;
  readonly hash: string;
}

export const headLengthMax = 1024;
export const noHead: FileHead = { length: 0, hash: "" };

const headBuffer = Buffer.allocUnsafeSlow(headLengthMax);

/**
 * The head of an open file.
 *
 * @param length at most {@link headLengthMax}.
 * @returns a shorter head when the file is shorter.
 */
export function readHead(fd: number, length: number): FileHead {
  const read = length === 0 ? 0 : readSync(fd, headBuffer, 0, length, 0);
  return read === 0 ? noHead : { length: read, hash: hash("sha256", headBuffer.subarray(0, read), "hex").slice(0, 32) };
}

/** Whether an open file still begins with the bytes of `head`. */
export function hasHead(fd: number, head: FileHead): boolean {
  const found = readHead(fd, head.length);
  return found.length === head.length && found.hash === head.hash;
}
