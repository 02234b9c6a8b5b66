import { indexOfBytes } from "./byte-search.ts";

/** Where the finder's needle first lies wholly inside `haystack[from, to)`, or -1. */
export type ByteFinder = (haystack: Uint8Array, from: number, to: number) => number;

/** Below this length skipping gains less than the platform's own search for one byte. */
const skippingLengthMin = 3;

/** How far the table lets a search jump at most; longer needles gain nothing measurable from more. */
const skipMax = 255;

/** Prepares the search for one needle: what a line filter does block after block. An empty needle is at `from`. */
export function createFinder(needle: Uint8Array): ByteFinder {
  if (needle.length < skippingLengthMin) {
    return (haystack, from, to) => indexOfBytes(haystack, needle, from, to);
  }
  const skips = skipTable(needle);
  return (haystack, from, to) => findSkipping(haystack, needle, skips, from, to);
}

/**
 * How far the needle can move on when this byte lies under its end (Boyer-Moore-Horspool): to where the needle holds
 * the byte next, or past it.
 */
function skipTable(needle: Uint8Array): Uint8Array {
  const end = needle.length - 1;
  const skips = new Uint8Array(256).fill(Math.min(needle.length, skipMax));
  for (let i = 0; i < end; i++) {
    skips[needle[i]!] = Math.min(end - i, skipMax);
  }
  return skips;
}

function findSkipping(haystack: Uint8Array, needle: Uint8Array, skips: Uint8Array, from: number, to: number): number {
  const end = needle.length - 1;
  const endByte = needle[end]!;
  for (let at = from + end; at < to;) {
    const byte = haystack[at]!;
    if (byte === endByte && endsAt(haystack, needle, at)) {
      return at - end;
    }
    at += skips[byte]!;
  }
  return -1;
}

/** Whether the needle ends at `offset`, where its last byte is known to be. */
function endsAt(haystack: Uint8Array, needle: Uint8Array, offset: number): boolean {
  const start = offset - needle.length + 1;
  for (let i = needle.length - 2; i >= 0; i--) {
    if (haystack[start + i] !== needle[i]) {
      return false;
    }
  }
  return true;
}
