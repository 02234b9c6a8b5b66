import { ByteReader, ByteWriter } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { expectErrorOrSame } from "../test/damage.ts";
import { blockTableOf, readBlockTable, writeBlockTable, type BlockTable } from "./block-table.ts";
import { blockLength, type BlockEntry } from "./block-columns.ts";

const baseNs = 1_767_571_200_000_000_000n;
const streamCount = 5;
const uint32 = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const column = (rawBytesMin: number) =>
  fc.record({ storedBytes: fc.nat(100_000), rawBytes: fc.nat(100_000).map((n) => n + rawBytesMin), crc: uint32 });

const arbitraryEntry: fc.Arbitrary<BlockEntry> = fc
  .record({
    stream: fc.nat(streamCount - 1),
    min: fc.oneof(fc.nat(50), fc.integer({ min: -1_000_000, max: 86_400_000_000_000 })),
    length: fc.oneof(fc.nat(20), fc.nat(1_000_000_000)),
    count: fc.integer({ min: 1, max: 1000 }),
    rawBytes: uint32,
    offset: fc.oneof(fc.nat(), fc.nat(2 ** 40)),
    encoding: fc.nat(255),
    body: column(1000),
    times: column(1000),
    lengths: fc.option(column(0), { nil: undefined }),
    metadata: fc.option(column(0), { nil: undefined }),
    ids: fc.option(column(0), { nil: undefined }),
  })
  .map(({ min, length, body, times, lengths, metadata, ids, ...rest }) => ({
    ...rest,
    minNs: baseNs + BigInt(min),
    maxNs: baseNs + BigInt(min) + BigInt(length),
    columns: { body, times, lengths, metadata, ids },
  }));

const arbitraryEntries = fc
  .array(arbitraryEntry, { maxLength: 30 })
  .map((entries) => entries.toSorted((a, b) => a.stream - b.stream));

/** Near to each other, so that ranges begin and end where blocks do. */
const nearEntries = fc
  .array(fc.tuple(arbitraryEntry, fc.nat(streamCount - 1), fc.nat(50), fc.nat(20)), { maxLength: 30 })
  .map((drawn) =>
    drawn
      .map(([entry, stream, min, length]) => {
        const minNs = baseNs + BigInt(min);
        return { ...entry, stream, minNs, maxNs: minNs + BigInt(length) };
      })
      .toSorted((a, b) => a.stream - b.stream),
  );

/** In the order that segments have: so that ranges are found by halves. */
const ascendingEntries = nearEntries.map((entries) =>
  entries
    .toSorted((a, b) => a.stream - b.stream || Number(a.minNs - b.minNs))
    .map((entry, i, all) => {
      const next = all[i + 1];
      const isBeforeNext = next === undefined || next.stream !== entry.stream || entry.maxNs <= next.minNs;
      return isBeforeNext ? entry : { ...entry, maxNs: next.minNs };
    }),
);

function write(table: BlockTable): Uint8Array {
  const out = new ByteWriter();
  writeBlockTable(out, table);
  return out.finish();
}

const read = (bytes: Uint8Array): BlockTable => readBlockTable(new ByteReader(bytes, "a table"), baseNs, streamCount);

test("entries come back as they went in, each field by itself, too", () => {
  fc.assert(
    fc.property(arbitraryEntries, (entries) => {
      for (const table of [
        blockTableOf(baseNs, streamCount, entries),
        read(write(blockTableOf(baseNs, streamCount, entries))),
      ]) {
        expect([...table.entries()]).toEqual(entries);
        for (const [i, { stream, minNs, maxNs, count, rawBytes, offset, columns }] of entries.entries()) {
          expect(table.streamAt(i)).toBe(stream);
          expect([table.minNsAt(i), table.maxNsAt(i)]).toEqual([minNs, maxNs]);
          expect([table.countAt(i), table.rawBytesAt(i), table.offsetAt(i)]).toEqual([count, rawBytes, offset]);
          expect(table.storedBytesAt(i)).toBe(blockLength({ columns }));
        }
      }
    }),
  );
});

test("a range finds the blocks of a stream that reach into it, whether their times ascend or not", () => {
  fc.assert(
    fc.property(
      fc.oneof(nearEntries, ascendingEntries),
      fc.nat(streamCount - 1),
      fc.integer({ min: -10, max: 80 }),
      fc.integer({ min: -10, max: 80 }),
      (entries, stream, from, to) => {
        const table = blockTableOf(baseNs, streamCount, entries);
        const [startNs, endNs] = [baseNs + BigInt(from), baseNs + BigInt(to)];
        const found: number[] = [];
        table.eachInRange(stream, table.offsetOf(startNs), table.offsetOf(endNs), (block) => found.push(block));
        const wanted = entries.flatMap((entry, i) =>
          entry.stream === stream && entry.minNs < endNs && entry.maxNs >= startNs ? [i] : [],
        );
        expect(found).toEqual(wanted);
      },
    ),
    { numRuns: 1000 },
  );
});

test("times far from the day are out of reach, not wrapped around", () => {
  const entry = fc.sample(arbitraryEntry, { numRuns: 1, seed: 1 })[0]!;
  const table = blockTableOf(baseNs, streamCount, [entry]);
  let count = 0;
  const visit = (startNs: bigint, endNs: bigint): void =>
    table.eachInRange(entry.stream, table.offsetOf(startNs), table.offsetOf(endNs), () => (count += 1));
  visit(-(2n ** 63n), 2n ** 63n - 1n);
  expect(count).toBe(1);
  visit(2n ** 62n, 2n ** 63n - 1n);
  visit(-(2n ** 63n), -(2n ** 62n));
  expect(count).toBe(1);
});

test("a block takes less than 80 bytes of memory", () => {
  const [entry] = fc.sample(arbitraryEntry, { numRuns: 1, seed: 1 });
  const columns = { ...entry!.columns, lengths: undefined, metadata: undefined };
  const entries = Array.from({ length: 1000 }, (_, i) => ({ ...entry!, columns, offset: i }));
  expect(blockTableOf(baseNs, streamCount, entries).sizeBytes / 1000).toBeLessThan(80);
});

test("any damage is an error or leaves a table that can be used", () => {
  const entries = fc.sample(arbitraryEntries, { numRuns: 4, seed: 7 }).find(({ length }) => length > 2)!;
  const good = write(blockTableOf(baseNs, streamCount, entries.slice(0, 6)));
  expectErrorOrSame(good, (bytes) => {
    const table = read(bytes);
    for (let stream = 0; stream < streamCount; stream++) {
      table.eachInRange(stream, 0, 1e15, (block) => {
        expect(table.entryAt(block).stream).toBe(stream);
      });
    }
  });
});

test("columns of a kind to come are refused, for nobody knows where they end", () => {
  const out = new ByteWriter();
  out.varint(1);
  out.varint(0);
  out.u64(baseNs);
  for (const number of [0, 1, 1, 8]) {
    out.varint(number);
  }
  out.u8(0);
  out.u8(8);
  for (let column = 0; column < 3; column++) {
    out.varint(1);
    out.varint(2);
    out.u32(0);
  }
  expect(() => read(out.finish())).toThrow("a block with flags 8, of which this reader does not know all");
});
