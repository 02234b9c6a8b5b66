import { deltaNsMax, entriesOf, isServiceError, labelsFrom, lineAt, timestampAt, type Entry } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import protobuf from "protobufjs/light.js";
import { describe, expect, test } from "vitest";
import { defaultPushLimits } from "./limits.ts";
import { readPushRequest } from "./protobuf-push.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { pushRequestType, pushSchema } from "./schema.ts";

interface Pair {
  readonly name: string;
  readonly value: string;
}

interface WireEntry {
  readonly timestamp?: { readonly seconds?: number; readonly nanos?: number };
  readonly line?: string;
  readonly structuredMetadata?: readonly Pair[];
  readonly parsed?: readonly Pair[];
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

describe("against protobufjs", () => {
  const text = fc.string({ unit: "grapheme", maxLength: 20 });
  const pair = fc.record({ name: text, value: text });
  const entry = fc.record({
    timestamp: fc.record({
      seconds: fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
      nanos: fc.integer({ min: 0, max: 999_999_999 }),
    }),
    line: fc.oneof(text, fc.string({ unit: "grapheme", maxLength: 300 })),
    structuredMetadata: fc.array(pair, { maxLength: 3 }),
    parsed: fc.array(pair, { maxLength: 1 }),
  });
  const request = fc.record({
    streams: fc.array(fc.record({ labels: text, entries: fc.array(entry, { maxLength: 5 }), hash: fc.nat() }), {
      maxLength: 4,
    }),
    format: text,
  });

  test("every request reads the same", () => {
    fc.assert(
      fc.property(request, (message) => {
        const bytes = pushRequestType.encode(message).finish();
        expect(flat(read(bytes))).toEqual(oracle(bytes));
      }),
      { numRuns: 300 },
    );
  });

  test("damaged requests: an error that a client can act on, or what protobufjs reads", () => {
    const rng = seededRng(20_261_125);
    const int = (end: number): number => Math.floor(rng.next() * end);
    let accepted = 0;
    for (const message of fc.sample(request, { numRuns: 150, seed: 7 })) {
      const good = pushRequestType.encode(message).finish();
      for (let round = 0; round < 40; round++) {
        const bad = round % 4 === 0 ? good.slice(0, int(good.length)) : Uint8Array.from(good);
        for (let flips = int(4); flips > 0 && bad.length > 0; flips--) {
          bad[int(bad.length)]! ^= 1 << int(8);
        }
        accepted += agrees(bad) ? 1 : 0;
      }
    }
    expect(accepted, "some damage must still be readable, or the test proves little").toBeGreaterThan(500);
  });

  test("garbage: an error that a client can act on, or what protobufjs reads", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        agrees(bytes);
      }),
      { numRuns: 3000 },
    );
  });
});

/** One entry of a request, flat, its texts as hexadecimal bytes (damage makes invalid UTF-8). */
type FlatEntry = readonly [labels: string, timestampNs: bigint, line: string, metadata: string];

function flat(streams: readonly PushedStream[]): readonly FlatEntry[] {
  return streams.flatMap(({ labels, batch }) =>
    entriesOf(batch).map((entry, i): FlatEntry => {
      const metadata = JSON.stringify(entry.metadata ?? []);
      return [labels, entry.timestampNs, Buffer.from(lineAt(batch, i)).toString("hex"), metadata];
    }),
  );
}

/**
 * The schema as the reader sees it: bytes for strings, since protobufjs reads damaged UTF-8 in its own way, and no
 * `Entry.parsed`, which the reader passes over without a look inside.
 */
const bytesType = protobuf.Root.fromJSON(
  JSON.parse(
    JSON.stringify(pushSchema, (name, value: unknown) => (name === "parsed" ? undefined : value)).replaceAll(
      '"type":"string"',
      '"type":"bytes"',
    ),
  ) as protobuf.INamespace,
).lookupType("logproto.PushRequest");

interface RawPair {
  readonly name: Uint8Array;
  readonly value: Uint8Array;
}

interface RawRequest {
  readonly streams: readonly {
    readonly labels: Uint8Array;
    readonly entries: readonly {
      readonly timestamp: { readonly seconds: unknown; readonly nanos: number } | null;
      readonly line: Uint8Array;
      readonly structuredMetadata: readonly RawPair[];
    }[];
  }[];
}

function oracle(bytes: Uint8Array): readonly FlatEntry[] {
  const { streams } = bytesType.decode(bytes) as unknown as RawRequest;
  const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  // protobufjs answers with an empty array where a bytes field is missing.
  const text = (value: Iterable<number>): string => decoder.decode(Uint8Array.from(value));
  return streams.flatMap(({ labels, entries }) =>
    entries.map(({ timestamp, line, structuredMetadata }): FlatEntry => {
      const seconds = timestamp === null ? -62_135_596_800n : BigInt(String(timestamp.seconds));
      const metadata = labelsFrom(
        structuredMetadata.map(({ name, value }) => ({ name: text(name), value: text(value) })),
      );
      return [
        text(labels),
        seconds * 1_000_000_000n + BigInt(timestamp?.nanos ?? 0),
        Buffer.from(line).toString("hex"),
        JSON.stringify(metadata),
      ];
    }),
  );
}

/** Whether the bytes were accepted; when they were, the oracle must read the same. */
function agrees(bytes: Uint8Array): boolean {
  let streams: readonly PushedStream[];
  try {
    streams = read(bytes);
  } catch (error) {
    expect(isServiceError(error, "bad_data"), `${String(error)} for ${Buffer.from(bytes).toString("hex")}`).toBe(true);
    return false;
  }
  let expected: readonly FlatEntry[];
  try {
    expected = oracle(bytes);
  } catch (error) {
    // Like Go's readers ours does not look at field numbers inside an unknown group, and takes tags of any length.
    expect(String(error), Buffer.from(bytes).toString("hex")).toMatch(
      /invalid end group tag|invalid tag encoding|illegal tag/u,
    );
    return false;
  }
  expect(flat(streams), Buffer.from(bytes).toString("hex")).toEqual(expected);
  return true;
}

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
