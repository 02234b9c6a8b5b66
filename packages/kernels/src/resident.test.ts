import { logLine, seededRng } from "@sluice/testkit";
import { expect, test } from "vitest";
import { createKernels, fieldNames, kernelMemoryBytesMax, plainKernels } from "./index.ts";

const encoder = new TextEncoder();
const rng = seededRng(7);
const lines = encoder.encode(Array.from({ length: 2000 }, (_, i) => `${logLine(rng, i)}\n`).join(""));
const needle = encoder.encode("error");

test("what resides in the kernels' memory is worked on where it is, with the same results", () => {
  const kernels = createKernels();
  const { text, ids } = kernels.packIds(lines)!;
  const [textHere, idsHere, linesHere] = kernels.reside([text.length, ids.length, lines.length])!;
  textHere!.set(text);
  idsHere!.set(ids);
  expect(kernels.unpackIdsInto(textHere!, idsHere!, linesHere!)).toBe(true);
  expect(Buffer.compare(linesHere!, lines)).toBe(0);

  // Calls with inputs from elsewhere in between leave what resides alone.
  const lineEnds = kernels.newlineOffsets(linesHere!, 2000);
  expect(lineEnds).toEqual(plainKernels.newlineOffsets(lines, 2000));
  const lineStarts = lineEnds.map((_, i) => (i === 0 ? 0 : lineEnds[i - 1]! + 1));
  expect(kernels.linesWith(lines, needle, 0, lines.length)).toEqual(
    kernels.linesWith(linesHere!, needle, 0, lines.length),
  );
  const [from, to] = [lineStarts[17]!, lineEnds[1900]!];
  expect(kernels.linesWith(linesHere!, needle, from, to)).toEqual(plainKernels.linesWith(lines, needle, from, to));
  const all = lineStarts.map((_, i) => i);
  const names = fieldNames(["level", "status"]);
  expect(kernels.jsonFields(linesHere!, lineStarts, lineEnds, all, names, false)).toEqual(
    plainKernels.jsonFields(lines, lineStarts, lineEnds, all, names, false),
  );
  expect(kernels.escapeJsonLines(linesHere!, lineStarts, lineEnds, 5, 1500)).toEqual(
    plainKernels.escapeJsonLines(lines, lineStarts, lineEnds, 5, 1500),
  );
  expect(kernels.textHolds(textHere!, idsHere, lines.length, [needle])).toBe(true);
  expect(kernels.unpackIds(textHere!, idsHere!, lines.length)).toEqual(lines);
  expect(Buffer.compare(linesHere!, lines)).toBe(0);
});

test("ids that do not fit are told, wherever the memory is", () => {
  const kernels = createKernels();
  const { text, ids } = kernels.packIds(lines)!;
  const [small] = kernels.reside([lines.length - 1])!;
  expect(kernels.unpackIdsInto(text, ids, small!)).toBe(false);
  for (const set of [kernels, plainKernels]) {
    const out = new Uint8Array(lines.length);
    expect(set.unpackIdsInto(text, ids, out)).toBe(true);
    expect(Buffer.compare(out, lines)).toBe(0);
    expect(set.unpackIdsInto(text, ids.subarray(1), out)).toBe(false);
  }
});

test("views stay good while calls need much memory", () => {
  const kernels = createKernels();
  const [here] = kernels.reside([lines.length])!;
  here!.set(lines);
  const large = new Uint8Array(kernelMemoryBytesMax).fill(0x0a);
  expect(kernels.countNewlines(large)).toBe(kernelMemoryBytesMax);
  expect(kernels.countNewlines(large.subarray(0, kernelMemoryBytesMax / 2))).toBe(kernelMemoryBytesMax / 2);
  expect(Buffer.compare(here!, lines)).toBe(0);
});

test("more than half of the memory is not given away", () => {
  expect(createKernels().reside([kernelMemoryBytesMax / 2])).toBeUndefined();
  expect(plainKernels.reside([8])).toBeUndefined();
});
