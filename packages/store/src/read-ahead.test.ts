import type { ByteRange } from "@sluice/object-store";
import { quietMetrics, seededRng, virtualClock, type VirtualClock } from "@sluice/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ReadAhead, type ReadAheadOptions, type Scan } from "./read-ahead.ts";
import { createStoreMetrics } from "./store-metrics.ts";

const kibibyte = 1024;
const mebibyte = 1024 * kibibyte;
const metrics = createStoreMetrics(quietMetrics);

interface SetUp {
  readonly readAhead: ReadAhead;
  readonly clock: VirtualClock;
  /** What was asked of the object store, in order. */
  readonly asked: (ByteRange & { readonly key: string })[];
}

function setUp(options?: Partial<ReadAheadOptions>, fetch: () => Promise<void> = async () => {}): SetUp {
  const asked: SetUp["asked"] = [];
  const fetchRange = async (key: string, range: ByteRange): Promise<Uint8Array> => {
    asked.push({ key, ...range });
    await fetch();
    return bytesAt(key, range);
  };
  const all = { bytesMax: 128 * mebibyte, windowBytesMax: 16 * mebibyte, ...options };
  const clock = virtualClock();
  return { readAhead: new ReadAhead(all, fetchRange, metrics, clock), clock, asked };
}

const pattern = new Uint8Array(Uint32Array.from({ length: 17 * mebibyte }, (_, i) => Math.imul(i, 0x9e3779b1)).buffer);

/** What every object holds follows from its key and the offset. */
function bytesAt(key: string, { offset, length }: ByteRange): Uint8Array {
  const start = offset + key.charCodeAt(0);
  return pattern.subarray(start, start + length);
}

/** `count` parts of `length` bytes, each `gap` behind the one before. */
function partsOf(count: number, length: number, gap = 0): ByteRange[] {
  return Array.from({ length: count }, (_, i) => ({ offset: 8 + i * (length + gap), length }));
}

async function readAll(scan: Scan, key: string, parts: readonly ByteRange[], order = parts): Promise<void> {
  const read = scan.reader(key, () => parts);
  for (const part of order) {
    expect(Buffer.compare(await read(part), bytesAt(key, part)), `${key} ${part.offset}`).toBe(0);
  }
}

const segment = partsOf(64 * 16, 64 * kibibyte);

test.for([
  { title: "from its beginning", order: segment },
  { title: "from its end", order: segment.toReversed() },
  { title: "stream by turns, as a query in the order of time does", order: byTurns(segment, 100) },
])("a segment of 64 MiB is read in a few requests $title", async ({ order }) => {
  const { readAhead, asked } = setUp();
  const scan = readAhead.scan();
  await readAll(scan, "a", segment, order);
  expect(asked.length).toBeLessThanOrEqual(8);
  expect(bytesAsked(asked)).toBe(64 * mebibyte);
  expect(readAhead.bytes).toBe(0);
  // What was learned from the first segment holds for the others.
  asked.length = 0;
  await readAll(scan, "b", segment);
  expect(asked.length).toBe(4);
});

test("a query that wants one block reads one block", async () => {
  const { readAhead, asked } = setUp();
  await readAll(readAhead.scan(), "a", segment.slice(500, 501));
  expect(asked).toEqual([{ key: "a", ...segment[500]! }]);
});

test("a query that ends after one of many blocks has read a mebibyte at most", async () => {
  const { readAhead, asked } = setUp();
  await readAll(readAhead.scan(), "a", segment, segment.slice(-1));
  expect(asked.length).toBe(1);
  expect(bytesAsked(asked)).toBeLessThanOrEqual(mebibyte);
});

test.for([
  { title: "small gaps are read along", gap: 100 * kibibyte, requests: 2 },
  { title: "large gaps are not", gap: 300 * kibibyte, requests: 10 },
])("$title", async ({ gap, requests }) => {
  const { readAhead, asked } = setUp();
  await readAll(readAhead.scan(), "a", partsOf(10, 60 * kibibyte, gap));
  expect(asked.length).toBe(requests);
});

test("blocks that are read at once share a request", async () => {
  const { readAhead, asked } = setUp();
  const parts = segment.slice(0, 8);
  const read = readAhead.scan().reader("a", () => parts);
  const all = await Promise.all(parts.map(read));
  expect(all.map((bytes) => bytes.length)).toEqual(parts.map(({ length }) => length));
  expect(asked.length).toBe(1);
});

test("memory is bounded, whatever many queries leave behind, and a scan of many segments at once slows down, not up", async () => {
  const bytesMax = 24 * mebibyte;
  const { readAhead, asked } = setUp({ bytesMax });
  for (let i = 0; i < 40; i++) {
    await readAll(readAhead.scan(), "left", segment, segment.slice(0, 1));
    expect(readAhead.bytes).toBeLessThanOrEqual(bytesMax);
  }
  asked.length = 0;
  const scan = readAhead.scan();
  const readers = ["a", "b", "c", "d", "e", "f", "g", "h"].map((key) => scan.reader(key, () => segment));
  for (const part of segment) {
    for (const read of readers) {
      await read(part);
      expect(readAhead.bytes).toBeLessThanOrEqual(bytesMax);
    }
  }
  const blockCount = readers.length * segment.length;
  expect(asked.length).toBeLessThan(blockCount / 4);
  expect(bytesAsked(asked)).toBeLessThan(readers.length * 64 * mebibyte * 1.5);
});

test("what an ended query has left goes when others come", async () => {
  const { readAhead, clock } = setUp();
  await readAll(readAhead.scan(), "a", segment, segment.slice(0, 1));
  await clock.advance(20_000);
  await readAll(readAhead.scan(), "b", segment, segment.slice(0, 1));
  const left = readAhead.bytes;
  await clock.advance(20_000);
  await readAll(readAhead.scan(), "c", segment.slice(0, 1));
  expect(readAhead.bytes).toBe(left / 2);
});

test("a window that cannot be fetched fails those who wait for it, and is asked for again", async () => {
  let fails = true;
  const { readAhead, asked } = setUp({}, async () => {
    if (fails) {
      throw new Error("away");
    }
  });
  const parts = segment.slice(0, 8);
  const read = readAhead.scan().reader("a", () => parts);
  const settled = await Promise.allSettled([read(parts[0]!), read(parts[1]!)]);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(readAhead.bytes).toBe(0);
  fails = false;
  expect((await read(parts[1]!)).length).toBe(64 * kibibyte);
  expect(asked.length).toBe(2);
});

test("every part comes as it is, in any order, by itself or with others, announced or not, in little memory or much", async () => {
  const part = fc.record({ length: fc.integer({ min: 1, max: 90_000 }), gap: fc.integer({ min: 0, max: 400_000 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(part, { minLength: 1, maxLength: 30 }),
      fc.integer({ min: 1, max: 3 * mebibyte }),
      fc.nat(),
      async (shapes, bytesMax, seed) => {
        const rng = seededRng(seed);
        let end = 8;
        const parts = shapes.map(({ length, gap }) => {
          const offset = end + gap;
          end = offset + length;
          return { offset, length };
        });
        const { readAhead } = setUp({ bytesMax, windowBytesMax: mebibyte });
        const read = readAhead.scan().reader("a", () => parts);
        const wanted = [...parts, ...parts, { offset: 1, length: 3 }].filter(() => rng.next() < 0.8);
        wanted.sort(() => rng.next() - 0.5);
        const reads = wanted.map(async (range) => {
          expect(Buffer.compare(await read(range), bytesAt("a", range))).toBe(0);
          expect(readAhead.bytes).toBeLessThanOrEqual(bytesMax);
        });
        await Promise.all(reads);
      },
    ),
    { numRuns: 100 },
  );
});

function bytesAsked(asked: readonly ByteRange[]): number {
  return asked.reduce((sum, { length }) => sum + length, 0);
}

/** The first of each of `count` runs, then the second of each, and so on. */
function byTurns(parts: readonly ByteRange[], count: number): ByteRange[] {
  const perRun = Math.ceil(parts.length / count);
  return Array.from({ length: perRun }, (_, i) => i).flatMap((i) => parts.filter((_, at) => at % perRun === i));
}
