import { ServiceError } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeRecord, encodeRecord, type ManifestRecord } from "./format.ts";

const count = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const text = fc.string({ unit: "binary" }).map((value) => value.toWellFormed());
const time = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const aSegment = fc.record({
  key: text,
  tenant: text,
  day: fc.integer({ min: -110_000, max: 110_000 }),
  minNs: time,
  maxNs: time,
  entryCount: count,
  rawBytes: count,
  sizeBytes: count,
  footerBytes: count,
  blockCount: count,
  streamCount: count,
});

const aRecord: fc.Arbitrary<ManifestRecord> = fc.record({
  kind: fc.constantFrom("entry" as const, "snapshot" as const),
  sequence: count,
  walCovered: fc.array(fc.tuple(text, count), { maxLength: 3 }).map((pairs) => new Map(pairs)),
  removed: fc.array(text, { maxLength: 3 }),
  added: fc.array(aSegment, { maxLength: 3 }),
});

const example: ManifestRecord = {
  kind: "entry",
  sequence: 42,
  walCovered: new Map([["wal", 1000]]),
  removed: ["tenants/t/segments/2026-11-24/old.seg"],
  added: [
    {
      key: "tenants/t/segments/2026-11-25/new.seg",
      tenant: "t",
      day: 20_782,
      minNs: 1_795_564_800_000_000_000n,
      maxNs: 1_795_564_800_000_000_001n,
      entryCount: 2,
      rawBytes: 300,
      sizeBytes: 200,
      footerBytes: 100,
      blockCount: 1,
      streamCount: 1,
    },
  ],
};

test("a record comes back as it was", () => {
  fc.assert(
    fc.property(aRecord, (record) => {
      expect(decodeRecord(encodeRecord(record), "key", record.kind, record.sequence)).toEqual(record);
    }),
  );
});

/** {@link example} as version 1 wrote it. Never to be changed: objects like this one are out there. */
const golden =
  "U0xNTgEAKgEDd2Fs6AcBJXRlbmFudHMvdC9zZWdtZW50cy8yMDI2LTExLTI0L29sZC5zZWcBJXRlbmFudHMvdC9zZWdtZW50cy8yMDI2LTExLTI1L25ldy5zZWcBdNzEAgAAMhusIOsYAQAyG6wg6xgCrALIAWQBAfgZhkU=";

test("what version 1 wrote stays readable", () => {
  expect(decodeRecord(Buffer.from(golden, "base64"), "key", "entry", 42)).toEqual(example);
});

test("every flipped bit and every cut is detected", () => {
  const good = encodeRecord(example);
  for (let bit = 0; bit < good.length * 8; bit++) {
    const bad = good.with(bit >> 3, good[bit >> 3]! ^ (1 << (bit & 7)));
    expect(() => decodeRecord(bad, "manifest/x", "entry", 42), `bit ${bit}`).toThrow(ServiceError);
  }
  for (let length = 0; length < good.length; length++) {
    expect(() => decodeRecord(good.subarray(0, length), "manifest/x", "entry", 42), `${length} bytes`).toThrow(
      ServiceError,
    );
  }
});

test.for([
  { title: "another number", kind: "entry" as const, sequence: 43 },
  { title: "another kind", kind: "snapshot" as const, sequence: 42 },
])("a record in the place of $title is refused", ({ kind, sequence }) => {
  expect(() => decodeRecord(encodeRecord(example), "manifest/x", kind, sequence)).toThrow(
    `it holds entry 42, not ${kind} ${sequence}`,
  );
});

test("a version that is not known is refused by its number", () => {
  expect(() => decodeRecord(encodeRecord(example).with(4, 2), "manifest/x", "entry", 42)).toThrow(
    "manifest object manifest/x has version 2, this build reads version 1",
  );
});

test("any bytes are read or refused as corrupt, nothing else", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(() => decodeRecord(bytes, "key", "entry", 1)).toThrow(ServiceError);
    }),
  );
});
