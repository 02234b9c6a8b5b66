import { logLine, seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernels, kernelMemoryBytesMax, needleSet, needlesMax, plainKernels } from "./index.ts";

const kernels = createKernels();
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Few different bytes, in both cases, with their neighbours in ASCII that are no letters. */
const unit = fc.constantFrom("a", "A", "b", "B", "@", "`", "\u00e1", "\n", ".");
const needle = fc.string({ unit: fc.constantFrom("a", "A", "b", "@", "`", "\u00e1", "."), minLength: 1, maxLength: 5 });

/** What lies at an odd place of a larger buffer, between others that would be hits. */
function embedded(text: string): Uint8Array {
  const bytes = encoder.encode(text);
  const buffer = new Uint8Array(bytes.length + 14).fill(0x61);
  buffer.set(bytes, 7);
  return buffer.subarray(7, 7 + bytes.length);
}

function small(text: string): string {
  return text.replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
}

/** The obvious way. */
function firstHits(bytes: Uint8Array, needles: readonly string[], isFolded: boolean): number[] {
  const fold = (text: string): Buffer => Buffer.from(isFolded ? small(text) : text);
  const found: number[] = [];
  let start = 0;
  for (const line of decoder.decode(bytes).split("\n")) {
    const places = needles.map((text) => fold(line).indexOf(fold(text))).filter((at) => at !== -1);
    if (places.length > 0) {
      found.push(start + Math.min(...places));
    }
    start += encoder.encode(line).length + 1;
  }
  return found;
}

test("kernel and twin find the first of the needles in every line", () => {
  fc.assert(
    fc.property(
      fc.string({ unit, maxLength: 120 }),
      fc.array(needle, { minLength: 1, maxLength: 12 }),
      fc.boolean(),
      (text, needles, isFolded) => {
        const bytes = embedded(text);
        const set = needleSet(
          needles.map((each) => encoder.encode(each)),
          { isFolded },
        );
        const want = firstHits(bytes, needles, isFolded);
        expect([...plainKernels.linesWithAny(bytes, set, 0, bytes.length)]).toEqual(want);
        expect([...kernels.linesWithAny(bytes, set, 0, bytes.length)]).toEqual(want);
      },
    ),
    { numRuns: 2000 },
  );
});

test.for([{ needles: ["Needle-0123456789"] }, { needles: ["Needle", "thread"] }, { needles: ["N", "zz"] }])(
  "$needles are found at every place around the steps of the kernel, and not beyond the range",
  ({ needles }) => {
    const set = needleSet(
      needles.map((each) => encoder.encode(each)),
      { isFolded: true },
    );
    const needle = encoder.encode(needles[0]!.toUpperCase());
    for (let at = 0; at < 150; at++) {
      const bytes = new Uint8Array(at + needle.length).fill(0x2e);
      bytes.set(needle, at);
      expect([...kernels.linesWithAny(bytes, set, 0, bytes.length)]).toEqual([at]);
      expect([...kernels.linesWithAny(bytes, set, 0, bytes.length - 1)]).toEqual([]);
      expect([...kernels.linesWithAny(bytes, set, at + 1, bytes.length)]).toEqual([]);
    }
  },
);

test("more lines than one call of the kernel writes, and lines of logs", () => {
  const rng = seededRng(3);
  const logs = encoder.encode(Array.from({ length: 3000 }, (_, i) => `${logLine(rng, i)}\n`).join(""));
  for (const bytes of [encoder.encode("xAb\n\nab cd\n".repeat(9000)), logs]) {
    for (const needles of [["ab"], ["ab", "cd"], ["error", "timeout", "GET"]]) {
      for (const isFolded of [false, true]) {
        const set = needleSet(
          needles.map((each) => encoder.encode(each)),
          { isFolded },
        );
        const found = kernels.linesWithAny(bytes, set, 1, bytes.length);
        expect(found).toEqual(plainKernels.linesWithAny(bytes, set, 1, bytes.length));
      }
    }
  }
});

test("work that would grow the memory past its bound is done by the twin", () => {
  const bytes = new Uint8Array(kernelMemoryBytesMax);
  bytes.set(encoder.encode("one NEEDLE\n"), 20_000_000);
  const set = needleSet([encoder.encode("needle"), encoder.encode("x")], { isFolded: true });
  expect([...createKernels().linesWithAny(bytes, set, 0, bytes.length)]).toEqual([20_000_004]);
});

test.for([
  { title: "no needle", needles: [] },
  { title: "an empty needle", needles: ["a", ""] },
  { title: "a needle with a line break", needles: ["a\nb"] },
  { title: "too many needles", needles: Array.from({ length: needlesMax + 1 }, () => "a") },
])("$title is refused", ({ needles }) => {
  const bytes = needles.map((each) => encoder.encode(each));
  expect(() => needleSet(bytes, { isFolded: false })).toThrow(RangeError);
});

test("a range that leaves the bytes is refused", () => {
  const set = needleSet([encoder.encode("a")], { isFolded: true });
  for (const tried of [kernels, plainKernels]) {
    expect(() => tried.linesWithAny(encoder.encode("abc"), set, 0, 4)).toThrow(RangeError);
  }
});
