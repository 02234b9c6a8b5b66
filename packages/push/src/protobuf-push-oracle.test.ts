import { entriesOf, isServiceError, labelsFrom, lineAt } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import protobuf from "protobufjs/light.js";
import { expect, test } from "vitest";
import { defaultPushLimits } from "./limits.ts";
import { readPushRequest } from "./protobuf-push.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { pushRequestType, pushSchema } from "./schema.ts";

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
      expect(flat(readPushRequest(bytes, defaultPushLimits))).toEqual(oracle(bytes));
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
    streams = readPushRequest(bytes, defaultPushLimits);
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
