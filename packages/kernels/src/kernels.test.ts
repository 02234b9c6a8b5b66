import fc from "fast-check";
import { expect, test } from "vitest";
import { countNewlines, indexOfBytes, newlineOffsets } from "./index.ts";

/** Few different bytes, so that partial matches and repeats are common. */
const bytes = fc.uint8Array({ min: 0x0a, max: 0x0c, maxLength: 200 });

test("indexOfBytes finds what the obvious search finds, and nothing outside its bounds", () => {
  fc.assert(
    fc.property(
      bytes,
      fc.uint8Array({ min: 0x0a, max: 0x0c, maxLength: 4 }),
      fc.nat(200),
      fc.nat(200),
      (haystack, needle, a, b) => {
        const from = Math.min(a, b, haystack.length);
        const to = Math.min(Math.max(a, b), haystack.length);
        const wanted = Buffer.from(haystack.subarray(from, to)).indexOf(Buffer.from(needle));
        expect(indexOfBytes(haystack, needle, from, to)).toBe(wanted === -1 ? -1 : wanted + from);
      },
    ),
    { numRuns: 1000 },
  );
});

test("newlines are found and counted, whatever number was expected", () => {
  fc.assert(
    fc.property(bytes, fc.nat(300), (haystack, expected) => {
      const wanted = [...haystack.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at);
      expect([...newlineOffsets(haystack, expected)]).toEqual(wanted);
      expect(countNewlines(haystack)).toBe(wanted.length);
    }),
  );
});
