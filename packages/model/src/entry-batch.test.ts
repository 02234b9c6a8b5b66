import fc from "fast-check";
import { expect, test } from "vitest";
import { batchOf, entriesOf, firstAtOrAfter, lineTextAt, timestampAt, type Entry } from "./entry-batch.ts";
import { labelsFromRecord } from "./labels.ts";

test("entries come back from a batch, to the nanosecond and with their metadata", () => {
  const entry = fc.record({
    timestampNs: fc.bigInt({ min: 1_700_000_000_000_000_000n, max: 1_700_000_000_000_000_000n + 10n ** 15n }),
    line: fc.string({ unit: "grapheme" }),
    metadata: fc.option(
      fc.constantFrom(labelsFromRecord({ trace: "1" }), labelsFromRecord({ trace: "2", user: "x" })),
      {
        nil: undefined,
      },
    ),
  });
  fc.assert(
    fc.property(fc.array(entry), (drawn) => {
      const entries: Entry[] = drawn.map(({ timestampNs, line, metadata }) =>
        metadata === undefined ? { timestampNs, line } : { timestampNs, line, metadata },
      );
      expect(entriesOf(batchOf(entries))).toEqual(entries);
    }),
  );
});

test("equal metadata is stored once", () => {
  const metadata = labelsFromRecord({ trace: "1" });
  const batch = batchOf([1n, 2n, 3n].map((timestampNs) => ({ timestampNs, line: "x", metadata })));
  expect(batch.metadata?.sets).toHaveLength(2);
});

test("a line that is not UTF-8 reads as replacement characters, its neighbours stay whole", () => {
  const batch = batchOf([
    { timestampNs: 1n, line: "ab" },
    { timestampNs: 2n, line: "cd" },
  ]);
  batch.bytes[0] = 0xff;
  expect(lineTextAt(batch, 0)).toBe("\ufffdb");
  expect(lineTextAt(batch, 1)).toBe("cd");
  expect(timestampAt(batch, 1)).toBe(2n);
});

test("entries too far apart for exact deltas are refused", () => {
  expect(() =>
    batchOf([
      { timestampNs: 0n, line: "a" },
      { timestampNs: 2n ** 53n, line: "b" },
    ]),
  ).toThrow(/104 days/u);
});

test("the first entry at or after a time", () => {
  const batch = batchOf([3n, 5n, 5n, 9n].map((timestampNs) => ({ timestampNs, line: "" })));
  expect([0n, 3n, 4n, 5n, 6n, 10n].map((time) => firstAtOrAfter(batch, time))).toEqual([0, 0, 1, 1, 3, 4]);
});
