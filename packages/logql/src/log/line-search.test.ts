import { createKernels, plainKernels } from "@sluice/kernels";
import { batchOf } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { LineFilterNode } from "../syntax/index.ts";
import { compileLineSearch, linesWith } from "./line-search.ts";
import { Line } from "./line.ts";
import { compileLineFilter } from "./stages/line-filter.ts";

const simd = createKernels();

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
        const wanted = lines.keys().filter((i) => i >= start && i < end && lines[i]!.includes(needleText));
        const want = [...wanted];
        for (const kernels of [simd, plainKernels]) {
          expect([...linesWith(batch, needle, kernels, start, end)]).toEqual(want);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

const filters: readonly LineFilterNode[] = [
  ["|=", ["ab"]],
  ["|=", ["ab", "é"]],
  ["|=", ["a\nb", "b"]],
  ["|=", ["a", ""]],
  ["|~", ["ab|bé"]],
  ["|~", ["(?i)AB"]],
  ["|~", ["^ab"]],
  ["|~", ["a+b"]],
  ["|~", ["abB?[ké]"]],
  ["|~", ["bab\\b"]],
  ["|~", ["(?i)aba+$"]],
  ["|~", ["a.b"]],
  ["|~", ["(?i)k|s"]],
  ["!=", ["ab"]],
  ["!~", ["ab|bé"]],
  ["!~", ["a+b"]],
  ["|~", ["[ab]+é|k$"]],
].map(([operator, texts]) => ({
  kind: "lineFilter",
  operator: operator as LineFilterNode["operator"],
  alternatives: (texts as readonly string[]).map((text) => ({ kind: "text", text })),
}));

test("the lines that a filter's search finds are those that pass, or some more", () => {
  const unit = fc.constantFrom("a", "b", "A", "B", "\n", "é", "k", "\u212a", "ſ");
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit, maxLength: 8 }), { minLength: 1, maxLength: 12 }),
      fc.constantFrom(...filters),
      (lines, filter) => {
        const batch = batchOf(lines.map((line, i) => ({ timestampNs: BigInt(i), line })));
        const stage = compileLineFilter(filter);
        const line = new Line();
        const passing = lines.keys().filter((row) => {
          line.reset(batch.bytes, batch.lineStarts[row]!, batch.lineEnds[row]!);
          return stage(line);
        });
        const want = [...passing];
        for (const kernels of [simd, plainKernels]) {
          const search = compileLineSearch(filter, kernels);
          if (search !== undefined) {
            const found = [...search.find(batch, 0, lines.length)];
            expect(search.isWhole ? found : found.filter((row) => want.includes(row))).toEqual(want);
          }
        }
      },
    ),
    { numRuns: 3000 },
  );
});
