import fc from "fast-check";
import { isServiceError } from "@sluice/model";
import { expect, test } from "vitest";
import { compress, decompress } from "./zstd.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2000 }),
  fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(20_000)).map(([part, times]) => {
    const all = new Uint8Array(part.length * times);
    for (let i = 0; i < times; i++) {
      all.set(part, i * part.length);
    }
    return all;
  }),
);

test("what was compressed comes back, whatever was before it", () => {
  fc.assert(
    fc.property(fc.array(bytes, { maxLength: 4 }), (all) => {
      const compressed = all.map(compress);
      for (const [i, one] of compressed.entries()) {
        expect(Buffer.compare(decompress(one, all[i]!.length, "it"), all[i]!)).toBe(0);
      }
    }),
    { numRuns: 100 },
  );
});

test("a wrong size, a cut or garbage is an error or the right bytes, and the next call works", () => {
  const good = new TextEncoder().encode("level=info msg=hello ".repeat(500));
  const compressed = compress(good);
  const refused = (of: Uint8Array, size: number): void => {
    try {
      decompress(of, size, "it");
      expect.unreachable("no error");
    } catch (error) {
      expect(isServiceError(error, "corrupt")).toBe(true);
    }
    expect(Buffer.compare(decompress(compressed, good.length, "it"), good)).toBe(0);
  };
  refused(compressed, good.length - 1);
  refused(compressed, good.length + 1);
  refused(compressed, 0);
  for (let length = 0; length < compressed.length; length++) {
    refused(compressed.subarray(0, length), good.length);
  }
  refused(new Uint8Array(100), 100);
  refused(new TextEncoder().encode("this is no frame"), 16);
});
