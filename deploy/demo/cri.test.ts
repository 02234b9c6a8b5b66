import * as fc from "fast-check";
import { expect, test } from "vitest";
import { criPieceBytesMax, encodeCriLine } from "./cri.ts";

const atNs = 1_764_074_096_789_012_000n;

test("a line has time, stream, tag and text", () => {
  expect(encodeCriLine(atNs, "stdout", "hello world").toString()).toBe(
    "2025-11-25T12:34:56.789012Z stdout F hello world\n",
  );
  expect(encodeCriLine(atNs, "stderr", "").toString()).toBe("2025-11-25T12:34:56.789012Z stderr F \n");
});

test.for([
  { title: "exactly one piece", bytes: criPieceBytesMax, want: ["F"] },
  { title: "one byte more", bytes: criPieceBytesMax + 1, want: ["P", "F"] },
  { title: "40 KiB", bytes: 40 * 1024, want: ["P", "P", "F"] },
])("tags of a long line: $title", ({ bytes, want }) => {
  expect(readBack(encodeCriLine(atNs, "stdout", "x".repeat(bytes))).map((piece) => piece.tag)).toEqual(want);
});

test("the pieces put together are the line, also where a character was cut", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 40 }), fc.integer({ min: 0, max: 2500 }), (text, times) => {
      const line = text.replaceAll("\n", " ").repeat(times).slice(0, 100_000);
      const pieces = readBack(encodeCriLine(atNs, "stderr", line));
      expect(Buffer.concat(pieces.map((piece) => piece.text))).toEqual(Buffer.from(line));
      expect(pieces.map((piece) => piece.tag).join("")).toMatch(/^P*F$/u);
    }),
    { numRuns: 50 },
  );
});

/** Splits as an agent does: by line feed, then the first three spaces. */
function readBack(bytes: Buffer): { readonly tag: string; readonly text: Buffer }[] {
  const pieces = [];
  let start = 0;
  for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
    const line = bytes.subarray(start, end);
    const afterTime = line.indexOf(32) + 1;
    const afterStream = line.indexOf(32, afterTime) + 1;
    const afterTag = line.indexOf(32, afterStream) + 1;
    pieces.push({ tag: line.subarray(afterStream, afterTag - 1).toString(), text: line.subarray(afterTag) });
    start = end + 1;
  }
  expect(start).toBe(bytes.length);
  return pieces;
}
