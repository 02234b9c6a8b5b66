import {
  batchOf,
  deltaNsMax,
  entriesOf,
  labelsFromRecord,
  type Entry,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePush } from "./decode-push.ts";
import { encodePush } from "./encode-push.ts";
import { PushEncoder } from "./push-encoder.ts";
import { pushRequestType } from "./schema.ts";
import { plainSnappyCodec, type SnappyCodec } from "./snappy.ts";

/** Leaves the request uncompressed, so that its bytes can be compared. */
const stored: SnappyCodec = { compress: (bytes) => bytes.slice(), decompress: (block) => block };

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

interface RawEntry {
  readonly seconds: number;
  readonly nanos: number;
  readonly line: string;
  readonly metadata?: Labels;
}

function add(encoder: PushEncoder, labels: string, entry: RawEntry): void {
  const line = encode(`>>${entry.line}<<`);
  encoder.addEntry(labels, entry.seconds, entry.nanos, line, 2, line.length - 2, entry.metadata);
}

/** The message for protobufjs, which writes every field that is present: zero values must be absent. */
function asMessage({ seconds, nanos, line, metadata = [] }: RawEntry): object {
  return {
    timestamp: { ...(seconds === 0 ? {} : { seconds }), ...(nanos === 0 ? {} : { nanos }) },
    ...(line === "" ? {} : { line }),
    structuredMetadata: metadata.map(({ name, value }) => ({
      ...(name === "" ? {} : { name }),
      ...(value === "" ? {} : { value }),
    })),
  };
}

function expected(streams: readonly { readonly labels: string; readonly entries: readonly RawEntry[] }[]): Uint8Array {
  const message = streams.map(({ labels, entries }) => ({
    ...(labels === "" ? {} : { labels }),
    entries: entries.map(asMessage),
  }));
  return Uint8Array.from(pushRequestType.encode({ streams: message }).finish());
}

describe("bytes", () => {
  test("a request written down by hand", () => {
    const encoder = new PushEncoder(stored);
    add(encoder, "{}", { seconds: 1, nanos: 300, line: "hi", metadata: [{ name: "a", value: "b" }] });
    expect(Buffer.from(encoder.finish()).toString("hex")).toBe(
      "0a19" + // streams[0], 25 bytes
        "0a027b7d" + // labels "{}"
        "1213" + // entries[0], 19 bytes
        "0a050801" + // timestamp, 5 bytes: seconds 1
        "10ac02" + // nanos 300
        "12026869" + // line "hi"
        "1a060a016112" + // metadata a=
        "0162", // b
    );
  });

  const metadata = fc.dictionary(fc.string({ maxLength: 4 }), fc.string({ maxLength: 200 }), { maxKeys: 3 });
  const entry = fc.record({
    seconds: fc.oneof(
      fc.constantFrom(0, 127, 128, 2 ** 31 - 1, 2 ** 31, 2 ** 32, -1, -62_135_596_800, 253_402_300_799),
      fc.integer({ min: 1_600_000_000, max: 1_800_000_000 }),
    ),
    nanos: fc.oneof(fc.constantFrom(0, 127, 128, 999_999_999), fc.integer({ min: 0, max: 999_999_999 })),
    line: fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.nat({ max: 20_000 }).map((count) => "x".repeat(count)),
    ),
    metadata: metadata.map(labelsFromRecord),
  });
  const labels = fc.uniqueArray(fc.constantFrom("", "{}", '{app="é"}', `{a="${"long".repeat(40)}"}`), { minLength: 1 });

  test("the same as protobufjs, entry by entry, streams interleaved; sizes are exact", () => {
    fc.assert(
      fc.property(labels, fc.array(fc.tuple(fc.nat(), entry), { maxLength: 12 }), (names, rows) => {
        const encoder = new PushEncoder(stored);
        const byLabels = new Map<string, RawEntry[]>();
        for (const [choice, row] of rows) {
          const name = names[choice % names.length]!;
          add(encoder, name, row);
          byLabels.set(name, [...(byLabels.get(name) ?? []), row]);
          const streams = Array.from(byLabels, ([text, entries]) => ({ labels: text, entries }));
          expect(encoder.sizeBytes).toBe(expected(streams).length);
        }
        expect(encoder.entryCount).toBe(rows.length);
        expect(encoder.streamCount).toBe(byLabels.size);
        const streams = Array.from(byLabels, ([text, entries]) => ({ labels: text, entries }));
        expect(encoder.finish()).toEqual(expected(streams));
      }),
      { numRuns: 100 },
    );
  });
});

test("an encoder is empty after finish and can be used again", () => {
  const encoder = new PushEncoder(stored);
  const row = { seconds: 5, nanos: 0, line: "x".repeat(10_000) };
  add(encoder, "{}", row);
  const first = encoder.finish();
  expect([encoder.sizeBytes, encoder.entryCount, encoder.streamCount]).toEqual([0, 0, 0]);
  expect(encoder.finish()).toEqual(new Uint8Array(0));
  add(encoder, '{a="b"}', { seconds: 6, nanos: 0, line: "y" });
  expect(encoder.finish()).toEqual(expected([{ labels: '{a="b"}', entries: [{ seconds: 6, nanos: 0, line: "y" }] }]));
  expect(first, "what was handed out stays as it is").toEqual(expected([{ labels: "{}", entries: [row] }]));
});

describe("encodePush", () => {
  function decoded(body: Uint8Array): readonly { readonly labels: string; readonly entries: readonly Entry[] }[] {
    const request = { body, contentType: "application/x-protobuf", contentEncoding: undefined };
    return decodePush(request).map(({ labels, batch }) => ({ labels, entries: entriesOf(batch) }));
  }

  test("is undone by decodePush", () => {
    const entry = fc.record({
      timestampNs: fc.bigInt({ min: -2_000_000_000_000_000n, max: 2_000_000_000_000_000n }),
      line: fc.string({ unit: "grapheme" }),
      metadata: fc
        .dictionary(fc.string({ maxLength: 3 }), fc.string({ maxLength: 3 }), { maxKeys: 2, noNullPrototype: true })
        .map(labelsFromRecord),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 10 }), (entries) => {
        const batch = batchOf(entries);
        expect(decoded(encodePush([{ labels: "{}", batch }]))).toEqual(
          entries.length === 0 ? [] : [{ labels: "{}", entries: entriesOf(batch) }],
        );
      }),
      { numRuns: 200 },
    );
  });

  test.for([
    { title: "the largest delta after the last nanosecond of a second", baseNs: 999_999_999n, deltaNs: deltaNsMax },
    { title: "the smallest delta", baseNs: 0n, deltaNs: -deltaNsMax },
    { title: "a base before the epoch", baseNs: -1n, deltaNs: 1 },
    { title: "a base in the year 1", baseNs: -62_135_596_800_000_000_000n, deltaNs: 999_999_999 },
  ])("times are exact: $title", ({ baseNs, deltaNs }) => {
    const batch: EntryBatch = {
      count: 1,
      baseNs,
      deltaNs: Float64Array.of(deltaNs),
      bytes: encode("x\n"),
      lineStarts: Uint32Array.of(0),
      lineEnds: Uint32Array.of(1),
    };
    expect(decoded(encodePush([{ labels: "{}", batch }]))).toEqual([
      { labels: "{}", entries: [{ timestampNs: baseNs + BigInt(deltaNs), line: "x" }] },
    ]);
  });

  test("streams of equal labels become one", () => {
    const a = batchOf([{ timestampNs: 1n, line: "a" }]);
    const b = batchOf([{ timestampNs: 2n, line: "b" }]);
    const body = encodePush([
      { labels: "{}", batch: a },
      { labels: '{x="y"}', batch: b },
      { labels: "{}", batch: b },
    ]);
    expect(decoded(body).map(({ labels, entries }) => [labels, entries.length])).toEqual([
      ["{}", 2],
      ['{x="y"}', 1],
    ]);
  });

  test("the body is one snappy block", () => {
    const body = encodePush([{ labels: "{}", batch: batchOf([{ timestampNs: 1n, line: "x".repeat(1000) }]) }]);
    expect(body.length).toBeLessThan(100);
    expect(plainSnappyCodec.decompress(body, 2000).length).toBeGreaterThan(1000);
  });
});
