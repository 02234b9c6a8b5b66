import { logLine, seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createKernels, kernelMemoryBytesMax, plainKernels, type Kernels } from "./index.ts";

const kernels = createKernels();
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The lines joined, as blocks hold them, and what either makes of them, as texts of JSON strings. */
function escaped(tried: Kernels, lines: readonly Uint8Array[]): string[] {
  const bytes = Uint8Array.from(lines.flatMap((line) => [...line, 0x0a]));
  const ends: number[] = [];
  let end = 0;
  for (const line of lines) {
    end += line.length;
    ends.push(end);
    end += 1;
  }
  const starts = ends.map((lineEnd, i) => lineEnd - lines[i]!.length);
  const out = tried.escapeJsonLines(bytes, Uint32Array.from(starts), Uint32Array.from(ends), 0, lines.length);
  return [...out.ends].map((to, i) => Buffer.from(out.bytes.subarray(i === 0 ? 0 : out.ends[i - 1], to)).toString());
}

/** How the server writes a line today: its text, by JSON.stringify. */
const written = (line: Uint8Array): string => JSON.stringify(decoder.decode(line)).slice(1, -1);

function expectSame(lines: readonly Uint8Array[]): void {
  const want = lines.map(written);
  expect(escaped(kernels, lines)).toEqual(want);
  expect(escaped(plainKernels, lines)).toEqual(want);
}

describe("every line is what JSON.stringify makes of its text", () => {
  const odd = [0x22, 0x5c, 0x00, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x1f, 0x7f, 0x20, 0x61];
  const utf8 = [0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0xff];
  const line = (values: readonly number[]): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ max: values.length - 1, maxLength: 60 }).map((bytes) => bytes.map((index) => values[index]!));

  test.for([
    { title: "all bytes", lines: fc.uint8Array({ maxLength: 60 }) },
    { title: "text with much to escape", lines: line([...odd, 0x61, 0x62, 0x63, 0x64]) },
    { title: "what looks like UTF-8", lines: line([...utf8, 0x61, 0x22]) },
    { title: "characters of all lengths", lines: fc.string({ unit: "binary" }).map((text) => encoder.encode(text)) },
  ])("$title", ({ lines }) => {
    fc.assert(
      fc.property(fc.array(lines, { maxLength: 6 }), (of) => {
        expectSame(of);
      }),
      { numRuns: 700 },
    );
  });

  test("every byte in every place around the steps of the kernel", () => {
    for (let byte = 0; byte < 256; byte++) {
      expectSame(
        Array.from({ length: 34 }, (_, at) => {
          const bytes = new Uint8Array(34).fill(0x61);
          bytes[at] = byte;
          return bytes;
        }),
      );
    }
  });

  test("every beginning of a sequence of bytes", () => {
    const seconds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
    for (let first = 0x80; first < 256; first++) {
      const lines = seconds.flatMap((second) =>
        [0x22, 0x80, 0xbf, 0xc2].flatMap((third) =>
          [0x5c, 0x80].map((fourth) => Uint8Array.of(first, second, third, fourth)),
        ),
      );
      expectSame([...lines, ...lines.map((bytes) => bytes.subarray(0, 3)), Uint8Array.of(first)]);
    }
  });

  test("logs, texts with line breaks, separators and a byte order mark", () => {
    const rng = seededRng(1);
    const texts = Array.from({ length: 300 }, (_, i) => logLine(rng, i));
    expectSame(
      [...texts, "a\nb", "\ufeffx", "\u2028\u2029", "<a href='&'>", "𝄞".repeat(9)].map((t) => encoder.encode(t)),
    );
  });
});

test("some of many lines, in any order, of bytes that lie in a larger buffer", () => {
  const bytes = encoder.encode('...one"two\\three...').subarray(3, 16);
  const starts = Uint32Array.of(0, 8, 0, 3, 5);
  const ends = Uint32Array.of(3, 13, 13, 4, 5);
  for (const tried of [kernels, plainKernels]) {
    const out = tried.escapeJsonLines(bytes, starts, ends, 1, 5);
    expect(decoder.decode(out.bytes)).toBe('threeone\\"two\\\\three\\"');
    expect([...out.ends]).toEqual([5, 20, 22, 22]);
    expect(tried.escapeJsonLines(bytes, starts, ends, 2, 2)).toEqual({
      bytes: new Uint8Array(),
      ends: new Uint32Array(),
    });
  }
});

test("lines that do not fit into the kernels' memory", () => {
  const bytes = new Uint8Array(kernelMemoryBytesMax / 4).fill(0x22);
  const [starts, ends] = [Uint32Array.of(0), Uint32Array.of(bytes.length)];
  const out = createKernels().escapeJsonLines(bytes, starts, ends, 0, 1);
  expect([...out.ends]).toEqual([2 * bytes.length]);
});

test.for([
  { title: "a line past the end", starts: [0], ends: [4], from: 0, to: 1 },
  { title: "a line that ends before it begins", starts: [2], ends: [1], from: 0, to: 1 },
  { title: "a line that is not there", starts: [0], ends: [1], from: 0, to: 2 },
  { title: "a range that is none", starts: [0], ends: [1], from: 1, to: 0 },
])("$title is refused", ({ starts, ends, from, to }) => {
  for (const tried of [kernels, plainKernels]) {
    expect(() =>
      tried.escapeJsonLines(new Uint8Array(3), Uint32Array.from(starts), Uint32Array.from(ends), from, to),
    ).toThrow(RangeError);
  }
});
