import { seededRng, randomInt } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  checksumOf,
  findRecordHeader,
  readRecordHeader,
  recordHeaderBytes,
  type RecordHeader,
  writeRecordHeader,
} from "./record.ts";

const u32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const header = fc
  .record({
    length: u32,
    groupFirst: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 2 ** 32 }),
    indexInGroup: u32,
    checksum: u32,
  })
  .map(({ indexInGroup, ...rest }): RecordHeader => ({ ...rest, position: rest.groupFirst + indexInGroup }));

function encoded(value: RecordHeader, salt: number): Uint8Array {
  const bytes = new Uint8Array(recordHeaderBytes);
  writeRecordHeader(bytes, value, salt);
  return bytes;
}

test("a header reads back as it was written, at any offset", () => {
  fc.assert(
    fc.property(header, u32, fc.nat(50), (value, salt, offset) => {
      const bytes = new Uint8Array(offset + recordHeaderBytes);
      bytes.set(encoded(value, salt), offset);
      expect(readRecordHeader(bytes, offset, salt)).toEqual(value);
      expect(readRecordHeader(bytes.subarray(0, -1), offset, salt)).toBeUndefined();
    }),
  );
});

test("a flipped bit or another salt is noticed", () => {
  fc.assert(
    fc.property(header, u32, fc.nat(recordHeaderBytes * 8 - 1), (value, salt, bit) => {
      const bytes = encoded(value, salt);
      expect(readRecordHeader(bytes, 0, (salt + 1) >>> 0)).toBeUndefined();
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      expect(readRecordHeader(bytes, 0, salt)).toBeUndefined();
    }),
  );
});

test("a header is found in noise, at any offset, when its position is one that may come", () => {
  const rng = seededRng(1);
  const value = { length: 5, position: 70_000, groupFirst: 69_999, checksum: 9 };
  const noise = Uint8Array.from({ length: 5000 }, () => randomInt(rng, 256));
  for (let offset = 0; offset + recordHeaderBytes <= noise.length; offset += 7) {
    const bytes = noise.slice();
    bytes.set(encoded(value, 3), offset);
    expect(findRecordHeader(bytes, 0, 3, 70_000, 70_000)).toBe(offset);
    expect(findRecordHeader(bytes, offset + 1, 3, 1, 80_000)).toBe(-1);
    expect(findRecordHeader(bytes, 0, 3, 70_001, 80_000)).toBe(-1);
    expect(findRecordHeader(bytes, 0, 3, 1, 69_999)).toBe(-1);
  }
});

test("the checksum does not depend on how the record is cut into parts", () => {
  fc.assert(
    fc.property(fc.uint8Array(), fc.nat(), (bytes, cut) => {
      const at = cut % (bytes.length + 1);
      expect(checksumOf([bytes.subarray(0, at), bytes.subarray(at)])).toBe(checksumOf([bytes]));
    }),
  );
});
