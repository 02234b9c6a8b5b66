import { createKernels, plainKernels } from "@sluice/kernels";
import { batchOf, labelsFromRecord, type Labels } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { filterOf } from "./encode-block.ts";
import { compileSkipTest } from "./skip-test.ts";

const encoder = new TextEncoder();
const kernels = [plainKernels, createKernels()];
/** Few characters, so that tokens, their parts and what parts them meet often. */
const text = fc.string({
  unit: fc.constantFrom("a", "b", "7", "_", " ", "-", "=", '"', "\n", "ä", "\u0000"),
  maxLength: 30,
});
const metadata = fc.dictionary(
  fc.constantFrom("id", "user"),
  text.filter((value) => value !== ""),
  { maxKeys: 2 },
);

function filtersOf(lines: readonly { readonly line: string; readonly metadata?: Labels }[]): Uint8Array[] {
  const batch = batchOf(lines.map((entry, i) => ({ timestampNs: BigInt(i), ...entry })));
  return kernels.map((own) => filterOf(batch, own));
}

test("a filter never hides a line that holds the needles", () => {
  fc.assert(
    fc.property(
      fc.array(text, { minLength: 1 }),
      fc.array(fc.tuple(fc.nat(30), fc.nat(30)), { maxLength: 3 }),
      fc.nat(),
      (lines, cuts, which) => {
        // On bytes: a needle may begin in the midst of a character.
        const line = encoder.encode(lines[which % lines.length]);
        const needles = cuts.map(([from, to]) => line.subarray(Math.min(from, to), Math.max(from, to)));
        const mayHold = compileSkipTest({ needles, equalities: [] }) ?? (() => true);
        for (const filter of filtersOf(lines.map((other) => ({ line: other })))) {
          expect(mayHold(filter, [])).toBe(true);
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test("a filter never hides an entry that has the labels in its metadata or its stream", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(text, metadata), { minLength: 1, maxLength: 10 }),
      metadata,
      fc.nat(),
      (drawn, stream, which) => {
        const lines = drawn.map(([line, record]) => ({ line, metadata: labelsFromRecord(record) }));
        const equalities = [...lines[which % lines.length]!.metadata, ...labelsFromRecord(stream)];
        const mayHold = compileSkipTest({ needles: [], equalities }) ?? (() => true);
        for (const filter of filtersOf(lines)) {
          expect(mayHold(filter, labelsFromRecord(stream))).toBe(true);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test.for<[needle: string, isSkipped: boolean]>([
  ["request 4ab1 ", true],
  ["GET /cart ", false],
  ["4ab1", false],
  ["T /car", false],
  ["metadata=eve ", false],
])("what a block cannot hold is skipped, what may be a part of a word is not: %j", ([needle, isSkipped]) => {
  const lines = [{ line: "GET /cart 200 metadata=eve ok", metadata: labelsFromRecord({ trace: "4bf9-2f35" }) }];
  const mayHold = compileSkipTest({ needles: [encoder.encode(needle)], equalities: [] });
  for (const filter of filtersOf(lines)) {
    expect(mayHold?.(filter, []) ?? true).toBe(!isSkipped);
  }
});

test("an equality needs whole tokens of the metadata, unless the stream has the label", () => {
  const lines = [{ line: "x", metadata: labelsFromRecord({ trace: "4bf9-2f35" }) }];
  const skips = (value: string, stream: Labels): boolean[] => {
    const mayHold = compileSkipTest({ needles: [], equalities: [{ name: "trace", value }] });
    return filtersOf(lines).map((filter) => !mayHold!(filter, stream));
  };
  expect(skips("4bf9-2f35", [])).toEqual([false, false]);
  expect(skips("4bf9-2f36", [])).toEqual([true, true]);
  expect(skips("4bf", [])).toEqual([true, true]);
  expect(skips("4bf", labelsFromRecord({ trace: "4bf" }))).toEqual([false, false]);
  expect(skips("4bf", labelsFromRecord({ trace: "4bf9" }))).toEqual([true, true]);
});
