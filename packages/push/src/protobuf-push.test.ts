import { deltaNsMax, entriesOf, isServiceError, timestampAt, type Entry } from "@sluice/model";
import { describe, expect, test } from "vitest";
import { defaultPushLimits } from "./limits.ts";
import { readPushRequest } from "./protobuf-push.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { pushRequestType } from "./schema.ts";

interface Pair {
  readonly name: string;
  readonly value: string;
}

interface WireEntry {
  readonly timestamp?: { readonly seconds?: number; readonly nanos?: number };
  readonly line?: string;
  readonly structuredMetadata?: readonly Pair[];
}

function encode(streams: readonly { readonly labels?: string; readonly entries?: readonly WireEntry[] }[]): Uint8Array {
  return pushRequestType.encode(pushRequestType.create({ streams: [...streams] })).finish();
}

function read(bytes: Uint8Array): readonly PushedStream[] {
  return readPushRequest(bytes, defaultPushLimits);
}

const readEntries = (bytes: Uint8Array): readonly Entry[] => read(bytes).flatMap(({ batch }) => entriesOf(batch));

describe("fields", () => {
  test("a request of two streams, in wire order", () => {
    const bytes = encode([
      {
        labels: '{app="a"}',
        entries: [
          { timestamp: { seconds: 1_700_000_000, nanos: 123_456_789 }, line: "first" },
          { timestamp: { seconds: 1_699_999_999 }, line: "ünïcode\n\0" },
        ],
      },
      {
        labels: '{app="b"}',
        entries: [
          {
            timestamp: { seconds: 5 },
            line: "x",
            structuredMetadata: [
              { name: "pod", value: "p-1" },
              { name: "id", value: "" },
            ],
          },
        ],
      },
    ]);
    const streams = read(bytes);
    expect(streams.map(({ labels, batch }) => ({ labels, entries: entriesOf(batch) }))).toEqual([
      {
        labels: '{app="a"}',
        entries: [
          { timestampNs: 1_700_000_000_123_456_789n, line: "first" },
          { timestampNs: 1_699_999_999_000_000_000n, line: "ünïcode\n\0" },
        ],
      },
      {
        labels: '{app="b"}',
        entries: [
          {
            timestampNs: 5_000_000_000n,
            line: "x",
            metadata: [
              { name: "id", value: "" },
              { name: "pod", value: "p-1" },
            ],
          },
        ],
      },
    ]);
    expect(streams[0]!.batch.bytes, "lines point into the body").toBe(bytes);
    expect(streams[0]!.batch.metadata, "no column without metadata").toBeUndefined();
  });

  test.for([
    { title: "the epoch", timestamp: {}, want: 0n },
    { title: "one nanosecond before the epoch", timestamp: { seconds: -1, nanos: 999_999_999 }, want: -1n },
    { title: "the first year", timestamp: { seconds: -62_135_596_800 }, want: -62_135_596_800_000_000_000n },
    {
      title: "the last nanosecond of the year 9999",
      timestamp: { seconds: 253_402_300_799, nanos: 999_999_999 },
      want: 253_402_300_799_999_999_999n,
    },
  ])("times are exact: $title", ({ timestamp, want }) => {
    expect(readEntries(encode([{ entries: [{ timestamp }] }]))).toEqual([{ timestampNs: want, line: "" }]);
  });

  test("an entry without a time has Go's zero time", () => {
    expect(readEntries(encode([{ entries: [{ line: "x" }] }]))).toEqual([
      { timestampNs: -62_135_596_800_000_000_000n, line: "x" },
    ]);
  });

  test("no streams, streams without entries, a stream without labels", () => {
    expect(read(new Uint8Array(0))).toEqual([]);
    const [empty, other] = read(encode([{ labels: "{}" }, { entries: [{ line: "x" }] }]));
    expect(empty).toMatchObject({ labels: "{}", batch: { count: 0 } });
    expect(other).toMatchObject({ labels: "", batch: { count: 1 } });
  });

  test("a byte order mark in labels and metadata is kept", () => {
    const bytes = encode([
      { labels: "\ufeff{}", entries: [{ structuredMetadata: [{ name: "a", value: "\ufeffx" }] }] },
    ]);
    const [stream] = read(bytes);
    expect(stream!.labels).toBe("\ufeff{}");
    expect(entriesOf(stream!.batch)[0]!.metadata).toEqual([{ name: "a", value: "\ufeffx" }]);
  });

  test("equal metadata sets are stored once, however they were written", () => {
    const a = field(1, "61") + field(2, "31"); // a="1"
    const b = field(1, "62"); // b=""
    const entries = [
      field(3, a) + field(3, b),
      field(3, a) + field(3, b),
      field(3, b) + field(3, a), // in the other order
      field(3, a) + field(2, "78") + field(3, b), // with the line between
      field(3, field(2, "31") + field(1, "61")) + field(3, b), // the value first
      field(3, a) + field(3, b, field(2, "")), // an empty text written out
      field(3, field(1, "7a"), a) + field(3, b), // a name that is overwritten
      field(3, a), // another set
    ];
    const [stream] = read(hex(field(1, ...entries.map((entry) => field(2, entry)))));
    const { sets, index } = stream!.batch.metadata!;
    expect(sets).toEqual([
      [],
      [
        { name: "a", value: "1" },
        { name: "b", value: "" },
      ],
      [{ name: "a", value: "1" }],
    ]);
    expect([...index]).toEqual([1, 1, 1, 1, 1, 1, 1, 2]);
  });

  test("the last occurrence of a field wins", () => {
    const bytes = hex(
      field(
        1,
        field(1, "61") + field(1, "62"), // labels "a", then "b"
        field(
          2,
          field(1, "0801 1002") + field(1, "0803"), // 1 s 2 ns, then 3 s
          field(2, "78") + field(2, "79"), // lines "x", then "y"
          field(3, field(1, "6b") + field(1, "6c") + field(2, "")), // metadata "k", then "l"
        ),
      ),
    );
    const [stream] = read(bytes);
    expect(stream!.labels).toBe("b");
    expect(entriesOf(stream!.batch)).toEqual([
      { timestampNs: 3_000_000_000n, line: "y", metadata: [{ name: "l", value: "" }] },
    ]);
  });

  test("fields that nobody knows are passed over, groups too", () => {
    // A varint, eight bytes, text, four bytes, and a group with a varint, a group and text inside.
    const unknown = "7801 790000000000000000 7a0161 7d00000000 7b 78ff01 7b 7c 7a00 7c";
    const entry = field(2, unknown, field(1, unknown, "0805"), field(2, "78"), unknown);
    const [read1] = read(hex(unknown, field(1, unknown, entry, unknown), unknown));
    expect(entriesOf(read1!.batch)).toEqual([{ timestampNs: 5_000_000_000n, line: "x" }]);
  });

  test("known fields that nobody needs are passed over", () => {
    const parsed = [{ name: "a", value: "b" }];
    const message = { streams: [{ hash: 7, entries: [{ line: "x", parsed }] }], format: "loki" };
    expect(readEntries(pushRequestType.encode(message).finish())[0]!.line).toBe("x");
  });
});

describe("split", () => {
  const seconds = (...values: readonly number[]): Uint8Array =>
    encode([{ labels: "{}", entries: values.map((value) => ({ timestamp: { seconds: value } })) }]);

  test("a stream is split where an entry is too far from the first one of its batch", () => {
    const far = Math.floor(deltaNsMax / 1e9);
    const streams = read(seconds(0, far, far + 1, 2 * far, -1, 0));
    expect(streams.map(({ batch }) => entriesOf(batch).map(({ timestampNs }) => timestampNs / 1_000_000_000n))).toEqual(
      [
        [0n, BigInt(far)],
        [BigInt(far) + 1n, 2n * BigInt(far)],
        [-1n, 0n],
      ],
    );
  });

  test("the furthest delta is exact", () => {
    const base = { seconds: 0, nanos: 0 };
    const furthest = { seconds: 9_007_199, nanos: 254_740_991 };
    const next = { seconds: 9_007_199, nanos: 254_740_992 };
    const entries = [base, furthest, next].map((timestamp) => ({ timestamp }));
    const streams = read(encode([{ entries }]));
    expect(streams.map(({ batch }) => batch.count)).toEqual([2, 1]);
    expect(timestampAt(streams[0]!.batch, 1)).toBe(BigInt(deltaNsMax));
    expect(timestampAt(streams[1]!.batch, 0)).toBe(BigInt(deltaNsMax) + 1n);
  });

  test("metadata stays with its entry across a split", () => {
    const entry = (second: number, value: string): WireEntry => ({
      timestamp: { seconds: second },
      structuredMetadata: value === "" ? [] : [{ name: "v", value }],
    });
    const streams = read(encode([{ entries: [entry(0, ""), entry(1, "a"), entry(1e10, ""), entry(2e10, "b")] }]));
    expect(streams.map(({ batch }) => entriesOf(batch).map(({ metadata }) => metadata?.[0]!.value))).toEqual([
      [undefined, "a"],
      [undefined],
      ["b"],
    ]);
  });

  test("streams are counted after the split, so that memory stays bounded", () => {
    const limits = { ...defaultPushLimits, streamsMax: 3 };
    const alternating = seconds(0, 1e10, 0, 1e10);
    expect(() => readPushRequest(alternating, limits)).toThrow("more than 3 streams in one request");
    expect(readPushRequest(seconds(0, 1e10, 0), limits)).toHaveLength(3);
    expect(() => readPushRequest(hex("0a00".repeat(4)), limits)).toThrow("more than 3 streams");
  });
});

test.for([
  { title: "a length past the end", bytes: "0a05", want: "unexpected EOF" },
  { title: "an entry longer than its stream", bytes: "0a02 1203 120178", want: "unexpected EOF" },
  { title: "a line longer than its entry", bytes: "0a04 1202 1205 0000000000", want: "unexpected EOF" },
  { title: "a varint that ends too early", bytes: "0aff", want: "unexpected EOF" },
  { title: "a varint of eleven bytes", bytes: "0a ffffffffffffffffffff01", want: "proto: integer overflow" },
  {
    title: "a negative length",
    bytes: "0a ffffffffffffffffff01",
    want: "proto: negative length found during unmarshaling",
  },
  { title: "field zero", bytes: "0000", want: "proto: PushRequest: illegal tag 0 (wire type 0)" },
  {
    title: "field zero in an entry",
    bytes: "0a04 1202 0000",
    want: "proto: EntryAdapter: illegal tag 0 (wire type 0)",
  },
  {
    title: "a field number past 2^29",
    bytes: "808080801000",
    want: "proto: PushRequest: illegal tag 536870912 (wire type 4294967296)",
  },
  { title: "an end of group alone", bytes: "0c", want: "proto: PushRequest: wiretype end group for non-group" },
  { title: "a group without end", bytes: "7b 7801", want: "unexpected EOF" },
  { title: "wire type 6", bytes: "7e", want: "proto: illegal wireType 6" },
  { title: "wire type 7 inside a group", bytes: "7b 7f", want: "proto: illegal wireType 7" },
  { title: "a stream that is a number", bytes: "0801", want: "proto: wrong wireType = 0 for field Streams" },
  { title: "a line that is a number", bytes: "0a04 1202 1001", want: "proto: wrong wireType = 0 for field Line" },
  { title: "a hash that is text", bytes: "0a02 1a00", want: "proto: wrong wireType = 2 for field Hash" },
  {
    title: "a time before the year 1",
    bytes: timed(-62_135_596_801, 0),
    want: "timestamp: &types.Timestamp{Seconds: -62135596801,\nNanos: 0,\n} before 0001-01-01",
  },
  {
    title: "a time after the year 9999",
    bytes: timed(253_402_300_800, 0),
    want: "timestamp: &types.Timestamp{Seconds: 253402300800,\nNanos: 0,\n} after 10000-01-01",
  },
  {
    title: "negative nanos",
    bytes: timed(0, -1),
    want: "timestamp: &types.Timestamp{Seconds: 0,\nNanos: -1,\n}: nanos not in range [0, 1e9)",
  },
])("refused: $title", ({ bytes, want }) => {
  expect(errorOf(() => read(hex(bytes)))).toEqual({ code: "bad_data", message: want });
});

function hex(...parts: readonly string[]): Uint8Array {
  return Uint8Array.from(Buffer.from(parts.join("").replaceAll(" ", ""), "hex"));
}

/** A length-delimited field shorter than 16 KiB, as hexadecimal text. */
function field(number: number, ...parts: readonly string[]): string {
  const content = parts.join("").replaceAll(" ", "");
  const length = content.length / 2;
  const lengthBytes = length < 0x80 ? [length] : [(length & 0x7f) | 0x80, length >>> 7];
  return Buffer.from([number * 8 + 2, ...lengthBytes]).toString("hex") + content;
}

/** A request of one entry with this time, as hexadecimal text. */
function timed(seconds: number, nanos: number): string {
  return Buffer.from(encode([{ entries: [{ timestamp: { seconds, nanos } }] }])).toString("hex");
}

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return isServiceError(error) ? { code: error.code, message: error.message } : error;
  }
  return "no error";
}
