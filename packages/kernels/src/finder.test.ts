import fc from "fast-check";
import { expect, test } from "vitest";
import { indexOfBytes } from "./byte-search.ts";
import { createFinder } from "./finder.ts";

/** What the kernels must agree with, byte by byte. */
function naiveIndexOf(haystack: Uint8Array, needle: Uint8Array, from: number, to: number): number {
  for (let at = from; at + needle.length <= to; at++) {
    if (needle.every((byte, i) => haystack[at + i] === byte)) {
      return at;
    }
  }
  return -1;
}

/** Few different bytes, so that needles are found, and nearly found, often. */
const text = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ max: 2, maxLength }).map((bytes) => bytes.map((byte) => [0x0a, 0x61, 0xff][byte]!));

const search = fc
  .record({ haystack: text(60), needle: text(6), cuts: fc.tuple(fc.nat(60), fc.nat(60)) })
  .map(({ haystack, needle, cuts }) => {
    const [from, to] = cuts.map((cut) => Math.min(cut, haystack.length)).sort((a, b) => a - b) as [number, number];
    return { haystack, needle, from, to };
  });

test("both searches find what a byte by byte search finds, and stay inside their range", () => {
  fc.assert(
    fc.property(search, ({ haystack, needle, from, to }) => {
      const want = naiveIndexOf(haystack, needle, from, to);
      expect(indexOfBytes(haystack, needle, from, to)).toBe(want);
      expect(createFinder(needle)(haystack, from, to)).toBe(want);
    }),
    { numRuns: 2000 },
  );
});

test("a finder for a needle longer than its largest skip misses nothing", () => {
  const needle = Uint8Array.from({ length: 700 }, (_, i) => (i * 7) % 251);
  const finder = createFinder(needle);
  for (let at = 0; at < 600; at++) {
    const haystack = new Uint8Array(1400);
    haystack.set(needle, at);
    expect(finder(haystack, 0, haystack.length)).toBe(at);
    expect(finder(haystack, 0, at + needle.length - 1)).toBe(-1);
    expect(finder(haystack, at + 1, haystack.length)).toBe(-1);
  }
});
