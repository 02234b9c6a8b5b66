import { compileRe2, compileRe2Bytes } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createKernels, kernelMemoryBytesMax, plainKernels } from "./index.ts";

const kernels = createKernels();
const encoder = new TextEncoder();
const free = { anchored: false };

interface Lines {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly all: Uint32Array;
}

/** Lines one after the other with a line break behind each; they may hold some themselves. */
function joined(texts: readonly string[]): Lines {
  const lines = texts.map((text) => encoder.encode(text));
  const starts = new Uint32Array(lines.length);
  const ends = new Uint32Array(lines.length);
  let at = 0;
  for (const [i, line] of lines.entries()) {
    starts[i] = at;
    ends[i] = at + line.length;
    at += line.length + 1;
  }
  const bytes = new Uint8Array(at).fill(0x0a);
  lines.forEach((line, i) => bytes.set(line, starts[i]));
  return { bytes, starts, ends, all: Uint32Array.from(lines.keys()) };
}

const logs = (seed: number, count: number): string[] => {
  const rng = seededRng(seed);
  return Array.from({ length: count }, (_, i) => logLine(rng, i));
};

const patterns = [
  "",
  "a*",
  "zzz",
  "^a",
  "b$",
  "^$",
  "(?m)^b",
  "a.b",
  "(?s)a.b",
  "\\bab\\b",
  "(?i)\u00e9",
  "[^a]{3}",
  "\\p{Greek}",
  "\u65e5?\u672c",
  "(?:ab|ba)+$",
];

test("kernel and twin find the lines that match", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", "b", "\n", " ", "\u00e9", "\u00c9", "\u03bb", "\u65e5", "\u672c"),
  });
  fc.assert(
    fc.property(fc.constantFrom(...patterns), fc.array(text, { maxLength: 20 }), (pattern, texts) => {
      const { bytes, starts, ends, all } = joined(texts);
      const lines = all.filter((line) => line % 3 !== 1);
      const regex = compileRe2(pattern, free);
      const want = [...lines].filter((line) => regex.test(texts[line]!));
      for (const tried of [kernels, plainKernels]) {
        expect([...tried.matchLines(bytes, starts, ends, lines, compileRe2Bytes(pattern, free))]).toEqual(want);
      }
    }),
    { numRuns: 1000 },
  );
});

test("lines of logs, with one expression for many blocks", () => {
  for (const pattern of ["(?i)timeout|refused", "\\d+\\.\\d+ms", '"status":5\\d\\d', "level=(?:warn|error).* \\w+="]) {
    const regex = compileRe2Bytes(pattern, free);
    const plain = compileRe2Bytes(pattern, free);
    for (let seed = 0; seed < 4; seed++) {
      const { bytes, starts, ends, all } = joined(logs(seed, 800));
      const found = kernels.matchLines(bytes, starts, ends, all, regex);
      expect(found).toEqual(plainKernels.matchLines(bytes, starts, ends, all, plain));
    }
  }
});

test("an expression whose table is begun anew all the time", () => {
  const rng = seededRng(5);
  const texts = Array.from({ length: 600 }, () =>
    Array.from({ length: 100 + Math.floor(rng.next() * 100) }, () => (rng.next() < 0.5 ? "a" : "b")).join(""),
  );
  const { bytes, starts, ends, all } = joined(texts);
  const pattern = "a[ab]{90}a[ab]{60}a";
  const regex = compileRe2Bytes(pattern, free);
  const v8 = new RegExp(pattern, "u");
  const want = [...all].filter((line) => v8.test(texts[line]!));
  expect([...kernels.matchLines(bytes, starts, ends, all, regex)]).toEqual(want);
  expect(regex.generation).toBeGreaterThan(1);
});

test("lines that are none are refused, and too many are left to the twin", () => {
  const { bytes, starts, ends } = joined(["a"]);
  const regex = compileRe2Bytes("a", free);
  for (const tried of [kernels, plainKernels]) {
    expect(() => tried.matchLines(bytes, starts, ends, Uint32Array.of(1), regex)).toThrow(RangeError);
    expect(() => tried.matchLines(bytes, starts, Uint32Array.of(3), Uint32Array.of(0), regex)).toThrow(RangeError);
  }
  const large = new Uint8Array(kernelMemoryBytesMax).fill(0x61);
  const found = createKernels().matchLines(
    large,
    Uint32Array.of(0),
    Uint32Array.of(large.length),
    Uint32Array.of(0),
    regex,
  );
  expect([...found]).toEqual([0]);
});
