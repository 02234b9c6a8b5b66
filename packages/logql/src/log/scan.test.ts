import { createFinder } from "@sluice/kernels";
import { batchOf } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { linesWith } from "./scan.ts";

test("a search through all lines at once finds what a search line by line finds", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "é"), maxLength: 6 });
  fc.assert(
    fc.property(
      fc.array(text, { maxLength: 12 }),
      fc.string({ unit: fc.constantFrom("a", "b", "\n", "é"), minLength: 1, maxLength: 3 }),
      fc.nat(12),
      fc.nat(12),
      (lines, needleText, from, length) => {
        const batch = batchOf(lines.map((line, i) => ({ timestampNs: BigInt(i), line })));
        const needle = new TextEncoder().encode(needleText);
        const start = Math.min(from, lines.length);
        const end = Math.min(start + length, lines.length);
        const found = linesWith(batch, { find: createFinder(needle), needleLength: needle.length }, start, end);
        const wanted = lines.keys().filter((i) => i >= start && i < end && lines[i]!.includes(needleText));
        expect(found).toEqual([...wanted]);
      },
    ),
    { numRuns: 2000 },
  );
});
