import { createFinder } from "./finder.ts";

const newline = 0x0a;

/**
 * Where the needle lies first in every line of `bytes[from, to)` that holds it, ascending. Lines end with `\n`. The
 * plain TypeScript twin of the kernel.
 *
 * @param needle not empty and without `\n`.
 * @throws {RangeError} when the needle is, or the range is none of `bytes`.
 */
export function linesWith(bytes: Uint8Array, needle: Uint8Array, from: number, to: number): Uint32Array {
  checkLineSearch(bytes, needle, from, to);
  const find = createFinder(needle);
  const found: number[] = [];
  let at = find(bytes, from, to);
  while (at !== -1) {
    found.push(at);
    const end = bytes.indexOf(newline, at);
    at = end === -1 || end >= to ? -1 : find(bytes, end + 1, to);
  }
  return Uint32Array.from(found);
}

/** What both twins insist on. */
export function checkLineSearch(bytes: Uint8Array, needle: Uint8Array, from: number, to: number): void {
  if (needle.length === 0 || needle.includes(newline)) {
    throw new RangeError("the needle of a search by lines is empty or holds a line break");
  }
  if (!(from >= 0 && from <= to && to <= bytes.length)) {
    throw new RangeError(`the range [${from}, ${to}) is not inside of ${bytes.length} bytes`);
  }
}
