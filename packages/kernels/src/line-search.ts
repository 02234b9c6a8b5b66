import { createFinder } from "./finder.ts";
import { smallLetter, type NeedleSet } from "./needle-set.ts";

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

/**
 * Where one of the needles lies first in every line of `bytes[from, to)` that holds one, ascending. Lines end with `\n`.
 * The plain TypeScript twin of the kernel.
 *
 * @throws {RangeError} when the range is none of `bytes`.
 */
export function linesWithAny(bytes: Uint8Array, set: NeedleSet, from: number, to: number): Uint32Array {
  checkRange(bytes, from, to);
  const text = set.isFolded ? bytes.subarray(0, to).map(smallLetter) : bytes;
  const hits = set.needles.map((needle) => linesWith(text, needle, from, to)).filter((places) => places.length > 0);
  const [only, another] = hits;
  if (another === undefined) {
    return only ?? new Uint32Array(0);
  }
  const found: number[] = [];
  let lineEnd = -1;
  for (const at of Uint32Array.from(hits.flatMap((places) => [...places])).sort()) {
    if (at > lineEnd) {
      found.push(at);
      const end = bytes.indexOf(newline, at);
      lineEnd = end === -1 ? to : end;
    }
  }
  return Uint32Array.from(found);
}

/** What both twins insist on. */
export function checkLineSearch(bytes: Uint8Array, needle: Uint8Array, from: number, to: number): void {
  if (needle.length === 0 || needle.includes(newline)) {
    throw new RangeError("the needle of a search by lines is empty or holds a line break");
  }
  checkRange(bytes, from, to);
}

export function checkRange(bytes: Uint8Array, from: number, to: number): void {
  if (!(from >= 0 && from <= to && to <= bytes.length)) {
    throw new RangeError(`the range [${from}, ${to}) is not inside of ${bytes.length} bytes`);
  }
}
