import fc from "fast-check";
import { expect, test } from "vitest";
import { ByteReader, ByteWriter } from "./binary.ts";
import { ServiceError } from "./error.ts";

test("numbers, bytes and texts come back as they were written", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          unsigned: fc.maxSafeNat(),
          signed: fc.integer({ min: -(2 ** 51), max: 2 ** 51 }),
          wide: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
          text: fc.string({ unit: "grapheme" }),
          bytes: fc.uint8Array({ maxLength: 600 }),
        }),
      ),
      (records) => {
        const writer = new ByteWriter();
        for (const record of records) {
          writer.varint(record.unsigned);
          writer.signedVarint(record.signed);
          writer.u64(record.wide);
          writer.text(record.text);
          writer.u32(record.bytes.length);
          writer.bytes(record.bytes);
        }
        const reader = new ByteReader(writer.finish(), "a test");
        for (const record of records) {
          expect(reader.varint()).toBe(record.unsigned);
          expect(reader.signedVarint()).toBe(record.signed);
          expect(reader.u64()).toBe(record.wide);
          expect(reader.text()).toBe(record.text);
          expect(reader.bytes(reader.u32())).toEqual(record.bytes);
        }
        expect(reader.remaining).toBe(0);
      },
    ),
  );
});

test("reading past the end is an error that names the thing and the place", () => {
  const reader = new ByteReader(Uint8Array.of(5, 1, 2), "block 7");
  expect(() => reader.text()).toThrow(
    new ServiceError("corrupt", "block 7 is damaged at byte 1: it ends 3 bytes too early"),
  );
});

test("a varint of endless continuation bytes is refused", () => {
  expect(() => new ByteReader(new Uint8Array(20).fill(0xff), "x").varint()).toThrow(/a number is too large/u);
});
