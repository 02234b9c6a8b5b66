import { logLine, seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { compress, uncompress } from "snappyjs";
import { describe, expect, test } from "vitest";
import { createKernels, kernelMemoryBytesMax, plainKernels, type Kernels } from "./index.ts";

/** Every property runs on one instance, so that what earlier calls left in its memory is there. */
const kernels = createKernels();
const encoder = new TextEncoder();

test("these tests run on WebAssembly", () => {
  expect(kernels.isSimd).toBe(true);
});

/** Few different bytes, so that needles, repeats and tokens are frequent. */
const alphabet = [0x0a, 0x61, 0x5a, 0x39, 0x5f, 0x20, 0xff, 0x00];
const text = (maxLength: number, letters = alphabet.length): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ max: letters - 1, maxLength }).map((bytes) => bytes.map((byte) => alphabet[byte]!));

const logs = (seed: number, lengthMin: number): Uint8Array => {
  const rng = seededRng(seed);
  let lines = "";
  for (let i = 0; lines.length < lengthMin; i++) {
    lines += `${logLine(rng, i)}\n`;
  }
  return encoder.encode(lines);
};

/** Bytes at an odd place of a larger buffer, between others that would be hits. */
function embedded(bytes: Uint8Array): Uint8Array {
  const buffer = new Uint8Array(bytes.length + 14).fill(0x61);
  buffer.set(bytes, 7);
  return buffer.subarray(7, 7 + bytes.length);
}

const wantedLines = (bytes: Uint8Array, needle: Uint8Array, from: number, to: number): number[] => {
  const found: number[] = [];
  const all = Buffer.from(bytes.slice(from, to));
  for (let start = 0; start < all.length;) {
    const newline = all.indexOf(0x0a, start);
    const end = newline === -1 ? all.length : newline;
    const at = all.subarray(start, end).indexOf(needle);
    if (at !== -1) {
      found.push(from + start + at);
    }
    start = end + 1;
  }
  return found;
};

describe("linesWith", () => {
  const needles = fc.uint8Array({ min: 1, max: 3, minLength: 1, maxLength: 12 });
  const search = fc
    .record({ bytes: text(300, 4), needle: needles, cuts: fc.tuple(fc.nat(300), fc.nat(300)) })
    .map(({ bytes, needle, cuts }) => {
      const [from, to] = cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b) as [number, number];
      return { bytes: embedded(bytes), needle: needle.map((byte) => alphabet[byte]!), from, to };
    });

  test("kernel and twin find the first hit of every line, and nothing outside of the range", () => {
    fc.assert(
      fc.property(search, ({ bytes, needle, from, to }) => {
        const want = wantedLines(bytes, needle, from, to);
        expect([...plainKernels.linesWith(bytes, needle, from, to)]).toEqual(want);
        expect([...kernels.linesWith(bytes, needle, from, to)]).toEqual(want);
      }),
      { numRuns: 2000 },
    );
  });

  test("more lines than one call of the kernel writes", () => {
    const bytes = encoder.encode("xab\n\nab ab\n".repeat(9000));
    const needle = encoder.encode("ab");
    const found = kernels.linesWith(bytes, needle, 1, bytes.length);
    expect(found).toHaveLength(18_000);
    expect(found).toEqual(plainKernels.linesWith(bytes, needle, 1, bytes.length));
  });

  test("the needle at every place around the steps of the kernel", () => {
    for (const length of [1, 2, 15, 16, 17, 40]) {
      const needle = encoder.encode("needle-0123456789-abcdefghijklmnopqrstuvw").subarray(0, length);
      for (let at = 0; at < 150; at++) {
        const bytes = new Uint8Array(at + length).fill(0x2e);
        bytes.set(needle, at);
        expect([...kernels.linesWith(bytes, needle, 0, bytes.length)]).toEqual([at]);
        expect([...kernels.linesWith(bytes, needle, 0, bytes.length - 1)]).toEqual([]);
      }
    }
  });

  test.for([
    { title: "an empty needle", needle: "", to: 3 },
    { title: "a needle with a line break", needle: "a\nb", to: 3 },
    { title: "a range that leaves the bytes", needle: "a", to: 4 },
  ])("$title is refused", ({ needle, to }) => {
    for (const tried of [kernels, plainKernels]) {
      expect(() => tried.linesWith(encoder.encode("abc"), encoder.encode(needle), 0, to)).toThrow(RangeError);
    }
  });
});

test("newlines: the same offsets and the same count, whatever number was expected", () => {
  fc.assert(
    fc.property(text(400, 3), fc.constantFrom(0, 1, 10, 300, 2 ** 32 - 1), (bytes, expected) => {
      const want = [...bytes.entries()].filter(([, byte]) => byte === 0x0a).map(([at]) => at);
      const view = embedded(bytes);
      for (const tried of [kernels, plainKernels]) {
        expect([...tried.newlineOffsets(view, expected)]).toEqual(want);
        expect(tried.countNewlines(view)).toBe(want.length);
      }
    }),
    { numRuns: 500 },
  );
});

describe("snappy", () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.integer({ min: 1, max: 30 })), { maxLength: 12 })
    .map((runs) =>
      Uint8Array.from(runs.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())),
    );
  const originals = fc.oneof(fc.uint8Array({ maxLength: 400 }), text(2000), repetitive);

  test("blocks of snappyjs are decoded, and blocks of ours by snappyjs", () => {
    fc.assert(
      fc.property(originals, (original) => {
        const bytes = embedded(original);
        const block = kernels.encodeSnappy(bytes);
        expect(block).toEqual(plainKernels.encodeSnappy(bytes));
        expect(uncompress(block)).toEqual(original);
        for (const tried of [kernels, plainKernels]) {
          expect(tried.decodeSnappy(embedded(block), original.length)).toEqual(original);
          expect(tried.decodeSnappy(compress(original), original.length)).toEqual(original);
        }
      }),
      { numRuns: 1000 },
    );
  });

  test("several fragments of 64 KiB, of text and of noise", () => {
    const rng = seededRng(3);
    const noise = Uint8Array.from({ length: 200_000 }, () => Math.floor(rng.next() * 256));
    for (const original of [logs(1, 300_000), noise, new Uint8Array(300_000)]) {
      const block = kernels.encodeSnappy(original);
      expect(block).toEqual(plainKernels.encodeSnappy(original));
      expect(kernels.decodeSnappy(block, original.length)).toEqual(original);
      expect(plainKernels.decodeSnappy(block, original.length)).toEqual(original);
    }
    expect(kernels.encodeSnappy(logs(1, 300_000)).length).toBeLessThan(200_000);
  });

  test("copies of every distance below 70 and every length repeat what they should", () => {
    for (let distance = 1; distance < 70; distance++) {
      const literal = Uint8Array.from({ length: distance }, (_, i) => i + 1);
      for (let length = 1; length <= 64; length++) {
        const head = distance <= 60 ? [(distance - 1) << 2] : [60 << 2, distance - 1];
        const copy = [2 | ((length - 1) << 2), distance, 0];
        const block = Uint8Array.of(
          ...varint(2 * distance + length),
          ...head,
          ...literal,
          ...copy,
          ...head,
          ...literal,
        );
        const want = [...literal, ...Array.from({ length }, (_, i) => literal[i % distance]!), ...literal];
        expect([...(kernels.decodeSnappy(block, 1000) ?? [])]).toEqual(want);
        expect([...(plainKernels.decodeSnappy(block, 1000) ?? [])]).toEqual(want);
      }
    }
  });

  test("the densest block there is", () => {
    const copies = Array.from({ length: 30 }, () => [0xfe, 1, 0]).flat();
    const block = Uint8Array.of(...varint(1 + 30 * 64), 0, 0x61, ...copies);
    for (const tried of [kernels, plainKernels]) {
      expect(tried.decodeSnappy(block, 10_000)).toEqual(new Uint8Array(1 + 30 * 64).fill(0x61));
    }
  });

  const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits.replaceAll(" ", ""), "hex"));

  test.for([
    { title: "nothing", block: "" },
    { title: "a length without end", block: "ff ff" },
    { title: "a length above 32 bits", block: "ff ff ff ff 7f" },
    { title: "a length of six bytes", block: "80 80 80 80 80 00" },
    { title: "more than the caller allows", block: "e9 07 00" },
    { title: "more than its size can make", block: "e8 07 00 61 fe 0100 fe 0100" },
    { title: "a literal past the end", block: "03 08 6162" },
    { title: "a literal of 2^32 bytes", block: "08 fc ff ff ff ff 61 62 63 64" },
    { title: "a literal that moves backwards in 32-bit arithmetic", block: "08 fc fb ff ff ff 61 62 63 64" },
    { title: "a literal without its length", block: "08 f8 01" },
    { title: "fewer bytes than declared", block: "04 08 616263" },
    { title: "more bytes than declared", block: "02 08 616263" },
    { title: "a copy past the declared length", block: "04 00 61 22 0100" },
    { title: "a copy from before the start", block: "04 00 61 22 0200" },
    { title: "a copy of distance zero", block: "04 00 61 22 0000" },
    { title: "a copy of distance 2^32 - 1", block: "04 00 61 23 ffffffff" },
    { title: "a copy without its offset", block: "05 00 61 02 01" },
    { title: "a short copy without its offset", block: "05 00 61 01" },
    { title: "a long copy without its offset", block: "05 00 61 03 010000" },
  ])("damaged: $title", ({ block }) => {
    expect(kernels.decodeSnappy(hex(block), 1000)).toBeUndefined();
    expect(plainKernels.decodeSnappy(hex(block), 1000)).toBeUndefined();
  });

  test("a block cut anywhere is refused", () => {
    const block = kernels.encodeSnappy(logs(2, 3000));
    for (let length = 0; length < block.length; length++) {
      expect(kernels.decodeSnappy(block.subarray(0, length), 10_000)).toBeUndefined();
      expect(plainKernels.decodeSnappy(block.subarray(0, length), 10_000)).toBeUndefined();
    }
  });

  test("a cut block is not completed by what an earlier one left in memory", () => {
    const literals = [70, 61].flatMap((length) => [60 << 2, length - 1, ...new Uint8Array(length).fill(length)]);
    const block = Uint8Array.of(...varint(131), ...literals);
    for (let length = 0; length < block.length; length++) {
      expect(kernels.decodeSnappy(block, 1000)).toHaveLength(131);
      expect(kernels.decodeSnappy(block.subarray(0, length), 1000)).toBeUndefined();
    }
  });

  test("elements that would run over all of the memory are refused, not trapped", () => {
    const copies = Array.from({ length: 100_000 }, () => [0xfe, 1, 0]).flat();
    const block = Uint8Array.from([...varint(100), 0, 0x61, ...copies]);
    expect(createKernels().decodeSnappy(block, 1000)).toBeUndefined();
    expect(plainKernels.decodeSnappy(block, 1000)).toBeUndefined();
  });

  test("damaged blocks and garbage: kernel and twin agree on every one", () => {
    const rng = seededRng(4);
    const block = kernels.encodeSnappy(logs(3, 2000));
    let refused = 0;
    for (let round = 0; round < 20_000; round++) {
      const bad = round % 4 === 0 ? garbage(() => rng.next()) : block.slice();
      for (let flips = 1 + Math.floor(rng.next() * 3); flips > 0 && bad.length > 0; flips--) {
        bad[Math.floor(rng.next() * bad.length)] = Math.floor(rng.next() * 256);
      }
      const decoded = kernels.decodeSnappy(bad, 100_000);
      const want = plainKernels.decodeSnappy(bad, 100_000);
      refused += want === undefined ? 1 : 0;
      if (decoded === undefined || want === undefined) {
        expect(decoded).toBe(want);
      } else {
        expect(Buffer.compare(decoded, want)).toBe(0);
      }
    }
    expect(refused).toBeGreaterThan(1000);
    expect(refused).toBeLessThan(20_000);
  });

  /** A short declared length and random elements. */
  function garbage(next: () => number): Uint8Array {
    return Uint8Array.from({ length: 1 + Math.floor(next() * 40) }, (_, i) =>
      Math.floor(next() * (i === 0 ? 128 : 256)),
    );
  }

  function varint(value: number): number[] {
    return value < 128 ? [value] : [(value & 127) | 128, value >>> 7];
  }
});

describe("token filters", () => {
  test("kernel and twin make the same bytes", () => {
    fc.assert(
      fc.property(fc.array(text(300), { maxLength: 4 }), (parts) => {
        expect(kernels.buildTokenFilter(parts.map(embedded))).toEqual(plainKernels.buildTokenFilter(parts));
      }),
      { numRuns: 1000 },
    );
  });

  test("every byte value beside a token, and long tokens", () => {
    const all = Uint8Array.from({ length: 256 * 5 }, (_, i) => (i % 5 === 4 ? Math.floor(i / 5) : 0x61 + (i % 5)));
    const long = new Uint8Array(100_000).fill(0x41);
    expect(kernels.buildTokenFilter([all, long])).toEqual(plainKernels.buildTokenFilter([all, long]));
  });

  test("tokens of every length at every place around the steps of the kernel", () => {
    const letters = encoder.encode("abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmn");
    for (let length = 1; length <= letters.length; length++) {
      for (const before of [0, 1, 62, 63, 64, 65, 120, 126, 127, 128]) {
        const bytes = new Uint8Array(before + length).fill(0x2e);
        bytes.set(letters.subarray(0, length), before);
        expect(kernels.buildTokenFilter([bytes])).toEqual(plainKernels.buildTokenFilter([bytes]));
      }
    }
  });

  test("blocks of text, and more tokens than the table begins with", () => {
    const many = encoder.encode(Array.from({ length: 60_000 }, (_, i) => i.toString(36)).join("-"));
    for (const bytes of [logs(5, 262_144), many, logs(6, 262_144), logs(7, 1000)]) {
      expect(kernels.buildTokenFilter([bytes])).toEqual(plainKernels.buildTokenFilter([bytes]));
    }
  });
});

describe("memory", () => {
  test("work that would grow it past its bound is done by the twins", () => {
    const own = createKernels();
    const bytes = new Uint8Array(kernelMemoryBytesMax);
    bytes.set(encoder.encode("one needle\n"), 20_000_000);
    expect([...own.linesWith(bytes, encoder.encode("needle"), 0, bytes.length)]).toEqual([20_000_004]);
    expect(own.countNewlines(bytes)).toBe(1);
    expect([...own.newlineOffsets(bytes, 1)]).toEqual([20_000_010]);
    const block = own.encodeSnappy(bytes);
    expect(own.decodeSnappy(block, bytes.length - 1)).toBeUndefined();
    expect(Buffer.compare(own.decodeSnappy(block, bytes.length)!, bytes)).toBe(0);
    expect(own.buildTokenFilter([bytes])).toEqual(plainKernels.buildTokenFilter([encoder.encode("one needle")]));
  });

  test("results stay what they are when later calls reuse and grow it", () => {
    const own = createKernels();
    const results = (tried: Kernels): unknown[] => [
      tried.encodeSnappy(logs(8, 1000)),
      tried.decodeSnappy(compress(logs(9, 500)), 10_000),
      tried.newlineOffsets(logs(8, 1000), 1),
      tried.linesWith(logs(8, 1000), encoder.encode("e"), 0, 500),
      tried.buildTokenFilter([logs(8, 1000)]),
    ];
    const early = results(own);
    own.encodeSnappy(logs(10, 3_000_000));
    own.buildTokenFilter([logs(11, 1_000_000)]);
    expect(early).toEqual(results(plainKernels));
  });
});
