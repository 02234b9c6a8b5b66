import { createKernels, plainKernels } from "@sluice/kernels";
import { isServiceError } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodePush } from "./decode-push.ts";
import { defaultPushLimits } from "./limits.ts";
import { readPushRequest } from "./protobuf-push.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { pushRequestType } from "./schema.ts";
import { createSnappyCodec, type SnappyCodec } from "./snappy.ts";

const kernels = createKernels();
const codecs = { kernel: createSnappyCodec(kernels), twin: createSnappyCodec(plainKernels) };

const word = fc.constantFrom("", "pod", "id", "a-1", "ünï", "0123456789abcdef0123", "x".repeat(200));
const pair = fc.record({ name: word, value: word });
const seconds = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 1_700_000_000, max: 1_700_000_100 }) },
  fc.constantFrom(0, 1, 127, 128, 2 ** 35 - 1, 2 ** 35, -1, 1_690_000_000),
);
const entry = fc.record({
  timestamp: fc.record({ seconds, nanos: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })) }),
  line: fc.oneof(word, fc.string({ unit: "grapheme", maxLength: 300 })),
  structuredMetadata: fc.oneof(fc.constant([]), fc.array(pair, { maxLength: 3 })),
});
const request = fc.record({
  streams: fc.array(fc.record({ labels: word, entries: fc.array(entry, { maxLength: 8 }) }), { maxLength: 4 }),
});

describe.for(Object.entries(codecs))("columns of the %s", ([, codec]) => {
  test("are what the reader makes of the same bytes", () => {
    fc.assert(
      fc.property(request, (message) => {
        expectSame(codec, pushRequestType.encode(message).finish());
      }),
      { numRuns: 500 },
    );
  });

  test("damaged requests: the same, be it an error", () => {
    const rng = seededRng(7);
    const int = (end: number): number => Math.floor(rng.next() * end);
    let read = 0;
    for (const message of fc.sample(request, { numRuns: 150, seed: 8 })) {
      const good = pushRequestType.encode(message).finish();
      for (let round = 0; round < 30; round++) {
        const bad = round % 4 === 0 ? good.slice(0, int(good.length)) : Uint8Array.from(good);
        for (let flips = int(3); flips > 0 && bad.length > 0; flips--) {
          bad[int(bad.length)]! ^= 1 << int(8);
        }
        read += expectSame(codec, bad) ? 1 : 0;
      }
    }
    expect(read, "some must take the kernel's way, or the test proves little").toBeGreaterThan(500);
  });

  test("what clients send takes the short way", () => {
    const entries = Array.from({ length: 100 }, (_, i) => ({
      timestamp: { seconds: 1_700_000_000 + i, nanos: i },
      line: `line ${i}`,
      structuredMetadata: i % 3 === 0 ? [] : [{ name: "pod", value: `p-${i % 7}` }],
    }));
    const streams = [
      { labels: '{app="a"}', entries },
      { labels: '{app="b"}', entries: entries.slice(50) },
    ];
    expect(expectSame(codec, pushRequestType.encode({ streams }).finish())).toBe(true);
  });
});

test.for([
  { max: { streamsMax: 2 }, told: "more than 2 streams in one request" },
  { max: { entriesMax: 2 }, told: "more than 2 entries in one request" },
])("$told: refused with the reader's words", ({ max, told }) => {
  const streams = Array.from({ length: 3 }, () => ({
    labels: '{application="storefront"}',
    entries: [{ timestamp: { seconds: 1 }, line: "x" }],
  }));
  const body = kernels.encodeSnappy(pushRequestType.encode({ streams }).finish());
  const limits = { ...defaultPushLimits, ...max };
  const request = { body, contentType: "application/x-protobuf", contentEncoding: undefined };
  const error = `ServiceError: request body too large: ${told}`;
  expect(resultOf(() => decodePush(request, limits, codecs.kernel))).toEqual({ error });
  const message = pushRequestType.encode({ streams }).finish();
  expect(resultOf(() => readPushRequest(message, limits))).toEqual({ error });
});

/** @returns whether the message took the kernel's way. */
function expectSame(codec: SnappyCodec, message: Uint8Array): boolean {
  const body = kernels.encodeSnappy(message);
  const request = { body, contentType: "application/x-protobuf", contentEncoding: undefined };
  const result = resultOf(() => decodePush(request, defaultPushLimits, codec));
  expect(result).toEqual(resultOf(() => readPushRequest(message, defaultPushLimits)));
  return codec.readPush!(body, message.length).columns !== undefined;
}

function resultOf(read: () => readonly PushedStream[]): unknown {
  try {
    // Without the request's bytes: whether they are a Buffer is not what is compared.
    return read().map(({ labels, batch }) => ({ labels, batch: { ...batch, bytes: Array.from(batch.bytes) } }));
  } catch (error) {
    expect(isServiceError(error), String(error)).toBe(true);
    return { error: String(error) };
  }
}
