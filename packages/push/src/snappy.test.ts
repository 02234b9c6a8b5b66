import { isServiceError } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { compress, uncompress } from "snappyjs";
import { describe, expect, test } from "vitest";
import { createSnappyCodec, plainSnappyCodec } from "./snappy.ts";

const mib = 1_048_576;

const codecs = [
  { title: "kernels", codec: createSnappyCodec() },
  { title: "plain", codec: plainSnappyCodec },
];

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

describe.for(codecs)("$title", ({ codec }) => {
  test("compress and decompress are inverse", () => {
    const compressible = fc.array(fc.constantFrom("GET /api/cart 200 ", "level=info ", "x"), { maxLength: 200 });
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      compressible.map((words) => new TextEncoder().encode(words.join(""))),
    );
    fc.assert(
      fc.property(bytes, (original) => {
        expect(codec.decompress(codec.compress(original), mib)).toEqual(original);
        expect(codec.decompress(compress(original), mib)).toEqual(original);
        expect(uncompress(codec.compress(original))).toEqual(original);
      }),
      { numRuns: 300 },
    );
  });

  test("input longer than one fragment of 64 KiB", () => {
    const rng = seededRng(1);
    const original = Uint8Array.from({ length: 300_000 }, (_, i) =>
      i % 7 === 0 ? Math.floor(rng.next() * 256) : i % 11,
    );
    const block = codec.compress(original);
    expect(block.length).toBeLessThan(original.length);
    expect(codec.decompress(block, original.length)).toEqual(original);
  });

  // Written by hand after google/snappy's format_description.txt.
  test.for([
    { title: "an empty block", block: "00", want: "" },
    { title: "a literal", block: "03 08 616263", want: "abc" },
    { title: "a literal with its length in one byte", block: "3d f0 3c".concat("61".repeat(61)), want: "a".repeat(61) },
    { title: "a copy with a one-byte offset", block: "08 0c 61626364 01 04", want: "abcdabcd" },
    { title: "a copy that overlaps itself", block: "0a 00 61 22 0100", want: "aaaaaaaaaa" },
    { title: "a copy with a four-byte offset", block: "04 04 6162 07 02000000", want: "abab" },
  ])("decompress: $title", ({ block, want }) => {
    expect(new TextDecoder().decode(codec.decompress(bytesOf(block), mib))).toBe(want);
  });

  test.for([
    { title: "nothing", block: "" },
    { title: "a length without end", block: "ff ff" },
    { title: "a length above 32 bits", block: "ff ff ff ff 7f" },
    { title: "a length of six bytes", block: "80 80 80 80 80 00" },
    { title: "a literal past the end", block: "03 08 6162" },
    { title: "a literal that moves backwards in 32-bit arithmetic", block: "08 fc fb ff ff ff 61 62 63 64" },
    { title: "fewer bytes than declared", block: "04 08 616263" },
    { title: "more bytes than declared", block: "02 08 616263" },
    { title: "a copy past the declared length", block: "04 00 61 22 0100" },
    { title: "a copy from before the start", block: "04 00 61 22 0200" },
    { title: "a copy of distance zero", block: "04 00 61 22 0000" },
    { title: "a copy without its offset", block: "05 00 61 02 01" },
  ])("corrupt: $title", ({ block }) => {
    expect(() => codec.decompress(bytesOf(block), 2 ** 32)).toThrow("snappy: corrupt input");
  });

  test("a block that declares 4 GiB costs nothing", () => {
    const bomb = bytesOf("ff ff ff ff 0f 00 61");
    expect(() => codec.decompress(bomb, 1000)).toThrow(
      "request body too large: decompressed message size too large than max (4294967295 vs 1000)",
    );
  });

  describe("damage", () => {
    const rng = seededRng(2);
    const text = 'level=info msg="request completed" status=200 path=/api/cart\n'.repeat(20);
    const block = codec.compress(new TextEncoder().encode(text));

    test("never hangs, never answers with the wrong length", () => {
      for (let round = 0; round < 5000; round++) {
        const bad = block.slice(0, rng.next() < 0.2 ? Math.floor(rng.next() * block.length) : block.length);
        for (let flips = 1 + Math.floor(rng.next() * 3); flips > 0 && bad.length > 0; flips--) {
          bad[Math.floor(rng.next() * bad.length)] = Math.floor(rng.next() * 256);
        }
        try {
          codec.decompress(bad, 100_000);
        } catch (error) {
          expect(isServiceError(error), String(error)).toBe(true);
        }
      }
    });
  });
});
