import { seededRng } from "@sluice/testkit";
import { describe, expect, test } from "vitest";
import { createKernels, kernelMemoryBytesMax, plainKernels } from "./index.ts";
import { entriesMaxOf, streamsMaxOf } from "./push-columns.ts";

const kernels = createKernels();
const encoder = new TextEncoder();

const varint = (value: number): number[] => {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) {
    out.push((rest % 128) | 128);
  }
  return [...out, rest];
};
const field = (tag: number, content: ArrayLike<number> & Iterable<number>): number[] => [
  tag,
  ...varint(content.length),
  ...content,
];
const time = (seconds: number, nanos: number): number[] =>
  field(0x0a, [0x08, ...varint(seconds), 0x10, ...varint(nanos)]);
const line = (text: string): number[] => field(0x12, encoder.encode(text));
const metadata = (text: string): number[] => field(0x1a, encoder.encode(text));
const labels = (text: string): number[] => field(0x0a, encoder.encode(text));
const entry = (...fields: number[][]): number[] => field(0x12, fields.flat());
const stream = (...fields: number[][]): number[] => field(0x0a, fields.flat());

type Read = ReturnType<typeof kernels.readPush>;

/** What both make of a message, which must be the same. */
function read(message: Uint8Array): Read {
  const block = kernels.encodeSnappy(message);
  const got = kernels.readPush(block, message.length);
  expect(got).toEqual(plainKernels.readPush(block, message.length));
  return got;
}

const good = Uint8Array.from([
  ...stream(
    labels('{app="a"}'),
    entry(time(1_700_000_000, 5), line("first"), metadata("m1")),
    entry(time(1_700_000_001, 0), line("second"), metadata("m2"), metadata("m3")),
    entry(time(1_699_999_999, 7), metadata("m1"), line("")),
    entry(time(1_700_000_002, 7), line("none")),
  ),
  ...stream(labels('{app="b"}')),
  ...stream(entry(time(3, 999_999_999), line("x".repeat(300)), metadata("m1")), labels('{app="c"}')),
]);

test("streams, entries, times, lines and equal metadata", () => {
  const { bytes, columns } = read(good)!;
  const text = (start: number, end: number): string => Buffer.from(bytes.subarray(start, end)).toString();
  expect(bytes).toEqual(good);
  expect(
    columns!.streams.map((s) => [
      text(s.labelsStart, s.labelsEnd),
      s.entriesEnd,
      s.setsEnd,
      s.baseSeconds,
      s.baseNanos,
    ]),
  ).toEqual([
    ['{app="a"}', 4, 2, 1_700_000_000, 5],
    ['{app="b"}', 4, 2, 0, 0],
    ['{app="c"}', 5, 3, 3, 999_999_999],
  ]);
  expect([...columns!.deltaNs]).toEqual([0, 999_999_995, -999_999_998, 2_000_000_002, 0]);
  expect([...columns!.lineStarts].map((start, i) => text(start, columns!.lineEnds[i]!).slice(0, 8))).toEqual(
    "first second  none xxxxxxxx".split(" "),
  );
  expect([...columns!.places!]).toEqual([1, 2, 1, 0, 3]);
  expect(text(columns!.sets[2]!, columns!.sets[3]!)).toBe("\u001a\u0002m2\u001a\u0002m3");
});

describe("left to others", () => {
  const at = time(1, 1);
  test.for([
    { title: "another field of the request", message: [...stream(labels("{}")), 0x12, 0] },
    { title: "another field of a stream", message: stream(labels("{}"), [0x18, 1]) },
    { title: "another field of an entry", message: stream(entry(at, [0x22, 0])) },
    { title: "another field of a time", message: stream(entry(field(0x0a, [0x18, 1]))) },
    { title: "another wire type", message: stream(entry(at, [0x15, 0, 0, 0, 0])) },
    { title: "a tag in two bytes", message: stream([0x92, 0x00, 0x00]) },
    { title: "an entry without a time", message: stream(entry(line("x"))) },
    { title: "seconds in six bytes", message: stream(entry(time(2 ** 35, 0))) },
    { title: "a second of nanoseconds", message: stream(entry(time(1, 1e9))) },
    { title: "a time past its end", message: stream(entry(field(0x0a, [0x08, 0x80]), line("x"))) },
    { title: "times too far apart", message: stream(entry(time(1, 0)), entry(time(9_007_201, 0))) },
    { title: "a line past its entry", message: stream(entry(at, [0x12, 2, 0x61])) },
    { title: "an entry past its stream", message: [...stream(labels("{}")), 0x0a, 2, 0x12, 5, 0x0a] },
    { title: "a stream past the end", message: [0x0a, 3, 0x0a] },
    { title: "a length in six bytes", message: [0x0a, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00] },
    { title: "a length of 2^32", message: [0x0a, 0x80, 0x80, 0x80, 0x80, 0x10] },
    { title: "a tag alone", message: [0x0a] },
    { title: "hardly anything in many streams", message: Array.from({ length: 50 }, () => stream()).flat() },
    {
      title: "hardly anything in many entries",
      message: stream(...Array.from({ length: 50 }, () => entry([0x0a, 0]))),
    },
  ])("$title", ({ message }) => {
    expect(read(Uint8Array.from(message))).toMatchObject({ columns: undefined });
  });

  test("and what is no snappy block is nothing", () => {
    const block = kernels.encodeSnappy(good);
    for (const tried of [kernels, plainKernels]) {
      expect(tried.readPush(block, good.length - 1)).toBeUndefined();
      for (let length = 0; length < block.length; length++) {
        expect(tried.readPush(block.subarray(0, length), 10_000)).toBeUndefined();
      }
    }
  });
});

test("the densest streams and entries that there is room for", () => {
  const entries = stream(...Array.from({ length: 1000 }, () => entry(time(1_700_000_000, 2 ** 29), line(""))));
  expect(read(Uint8Array.from(entries))!.columns!.lineStarts).toHaveLength(1000);
  expect(entriesMaxOf(entries.length)).toBeGreaterThan(1000);
  const streams = Array.from({ length: 100 }, () =>
    stream(labels('{a="b"}'), entry(time(1_700_000_000, 2 ** 29), line("12"))),
  ).flat();
  expect(read(Uint8Array.from(streams))!.columns!.streams).toHaveLength(100);
  expect(streamsMaxOf(streams.length)).toBeGreaterThan(100);
});

test("many sets of metadata, each twice, in two streams", () => {
  const entries = Array.from({ length: 9000 }, (_, i) => entry(time(i, 1), line("a"), metadata(`set ${i % 4500}`)));
  const { columns } = read(Uint8Array.from([...stream(...entries), ...stream(...entries)]))!;
  expect(columns!.streams.map(({ setsEnd }) => setsEnd)).toEqual([4500, 9000]);
  expect(columns!.places!.slice(4500, 9000)).toEqual(columns!.places!.slice(0, 4500));
});

test("a message that is larger than the kernels' memory", () => {
  const own = createKernels();
  const message = Uint8Array.from(stream(entry(time(1, 1), Array.from(line("x".repeat(100))))));
  const padded = new Uint8Array(kernelMemoryBytesMax / 2);
  padded.set(message);
  const block = own.encodeSnappy(padded);
  expect(own.readPush(block, padded.length)).toMatchObject({ columns: undefined });
  expect(own.readPush(own.encodeSnappy(message), 1000)!.columns!.lineEnds).toHaveLength(1);
});

test("cuts, flips and garbage: kernel and twin agree on every one", () => {
  const rng = seededRng(5);
  const int = (end: number): number => Math.floor(rng.next() * end);
  let columns = 0;
  for (let length = 0; length < good.length; length++) {
    read(good.slice(0, length));
  }
  for (let round = 0; round < 6000; round++) {
    const bad =
      round % 4 === 0
        ? Uint8Array.from({ length: int(40) }, () => [0x0a, 0x12, 2, 5, 8, 0x80, 0][int(7)]!)
        : good.slice();
    for (let flips = 1 + int(3); flips > 0 && bad.length > 0; flips--) {
      bad[int(bad.length)] = int(256);
    }
    columns += read(bad)?.columns === undefined ? 0 : 1;
  }
  expect(columns).toBeGreaterThan(500);
});
