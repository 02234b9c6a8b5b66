import fc from "fast-check";
import { expect, test } from "vitest";
import { parseByteSize, printByteSize } from "./byte-size.ts";

test.for([
  ["0", 0],
  ["4096", 4096],
  ["256KB", 262_144],
  ["256kb", 262_144],
  ["3 MB", 3_145_728],
  ["1g", 1_073_741_824],
  ["2 terabytes", 2_199_023_255_552],
] as const)("%s is %i bytes", ([text, sizeBytes]) => {
  expect(parseByteSize(text)).toBe(sizeBytes);
});

test.for(["", "MB", "1.5MB", "-1", "3 KiB", "9999999PB"])("%o is no size", (text) => {
  expect(() => parseByteSize(text)).toThrow(JSON.stringify(text));
});

test.for([
  [0, "0B"],
  [1500, "1500B"],
  [3 << 20, "3MB"],
  [1.5 * 2 ** 30, "1536MB"],
] as const)("%i bytes are printed %s", ([sizeBytes, text]) => {
  expect(printByteSize(sizeBytes)).toBe(text);
});

test("what is printed is read back", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }), (sizeBytes) => {
      expect(parseByteSize(printByteSize(sizeBytes))).toBe(sizeBytes);
    }),
  );
});
