import { isServiceError } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decompressLz4 } from "./lz4-frame.ts";
import { xxHash32 } from "./xx-hash.ts";

const text = `hello hello hello hello lz4 ${"ab".repeat(40)}`;

/** What the command `lz4` makes of the text: as it is, and with linked blocks, all checksums and the size. */
const frames = [
  "BCJNGGRApxkAAABuaGVsbG8gBgBvbHo0IGFiAgA2UGJhYmFiAAAAAL30eoc=",
  "BCJNGHRAvRkAAABuaGVsbG8gBgBvbHo0IGFiAgA2UGJhYmFiizZKzAAAAAC99HqH",
].map((base64) => new Uint8Array(Buffer.from(base64, "base64")));
const [plainFrame, checkedFrame] = frames as [Uint8Array, Uint8Array];

function unpack(bytes: Uint8Array, sizeBytesMax = 1_000_000): string | undefined {
  const content = decompressLz4(bytes, sizeBytesMax);
  return content && Buffer.from(content).toString();
}

function joined(...parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((part) => Uint8Array.from(part))));
}

/** A frame with these blocks, without checksums. */
function frameOf(...blocks: readonly (readonly number[])[]): Uint8Array {
  const header = [0x40, 0x40];
  const checksum = (xxHash32(Uint8Array.from(header)) >>> 8) & 0xff;
  const sized = blocks.flatMap((block) => [block.length & 0xff, block.length >> 8, 0, 0, ...block]);
  return joined([0x04, 0x22, 0x4d, 0x18], header, [checksum], sized, [0, 0, 0, 0]);
}

test("frames of other people's tools are read, one after the other, with skippable ones between them", () => {
  for (const frame of frames) {
    expect(unpack(frame)).toBe(text);
  }
  const skippable = [0x5f, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9];
  expect(unpack(joined(plainFrame, skippable, checkedFrame))).toBe(text + text);
  expect(unpack(new Uint8Array(0))).toBe("");
});

test("what is not compressed, and matches that reach into themselves and into the block before", () => {
  expect(unpack(frameOf([0x30, 0x61, 0x62, 0x63], [0x04, 3, 0, 0x10, 0x64]))).toBe("abcabcabcabd");
});

test("nothing grows beyond what it may", () => {
  expect(unpack(plainFrame, text.length)).toBe(text);
  expect(unpack(plainFrame, text.length - 1)).toBeUndefined();
});

test.for<{ readonly title: string; readonly bytes: Uint8Array; readonly told: string }>([
  { title: "no frame", bytes: Uint8Array.from([1, 2, 3, 4]), told: "lz4: bad magic number" },
  { title: "nothing behind the magic", bytes: plainFrame.subarray(0, 4), told: "unexpected EOF" },
  { title: "a cut block", bytes: plainFrame.subarray(0, 20), told: "unexpected EOF" },
  { title: "no end", bytes: plainFrame.subarray(0, -8), told: "unexpected EOF" },
  {
    title: "a match from before the beginning",
    bytes: frameOf([0x10, 0x61, 2, 0, 0]),
    told: "lz4: a match from nowhere",
  },
  { title: "a match of no distance", bytes: frameOf([0x10, 0x61, 0, 0, 0]), told: "lz4: a match from nowhere" },
  { title: "half a distance", bytes: frameOf([0x10, 0x61, 1]), told: "lz4: a block ends too early" },
  { title: "a length without end", bytes: frameOf([0xf0, 255, 255]), told: "lz4: a block ends too early" },
  {
    title: "a block that grows beyond the size of blocks",
    bytes: frameOf([0x1f, 0x61, 1, 0, ...Array.from({ length: 300 }, () => 255), 1]),
    told: "lz4: a match from nowhere",
  },
])("$title is refused", ({ bytes, told }) => {
  expect(() => unpack(bytes)).toThrow(told);
});

test("damage is found, or does no harm", () => {
  const rng = seededRng(9);
  const int = (end: number): number => Math.floor(rng.next() * end);
  for (let round = 0; round < 3000; round++) {
    const bad = frames[round % 2]!.slice();
    bad[int(bad.length)]! ^= 1 << int(8);
    try {
      // The reserved bits of the header are in its checksum, all else in that of the content.
      expect(unpack(bad)).toBe(text);
    } catch (error) {
      expect(isServiceError(error, "bad_data"), String(error)).toBe(true);
    }
  }
});

test("any blocks are read or refused", () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat({ max: 255 }), { minLength: 1, maxLength: 40 }), { maxLength: 4 }),
      (blocks) => {
        try {
          unpack(frameOf(...blocks), 100_000);
        } catch (error) {
          expect(isServiceError(error, "bad_data"), String(error)).toBe(true);
        }
      },
    ),
    { numRuns: 2000 },
  );
});
