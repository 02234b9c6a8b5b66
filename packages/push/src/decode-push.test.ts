import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { batchOf, entriesOf, isServiceError, type ServiceError } from "@sluice/model";
import { seededRng } from "@sluice/testkit";
import { describe, expect, test } from "vitest";
import { decodeLegacyPush, decodePush, type PushHttpRequest } from "./decode-push.ts";
import { encodePush } from "./encode-push.ts";
import { defaultPushLimits } from "./limits.ts";
import { plainSnappyCodec } from "./snappy.ts";

const entries = [
  { timestampNs: 1_700_000_000_000_000_001n, line: "one" },
  { timestampNs: 1_700_000_000_000_000_002n, line: "two", metadata: [{ name: "pod", value: "p" }] },
];
const protobufBody = encodePush([{ labels: '{app="x"}', batch: batchOf(entries) }]);
const jsonBody = Buffer.from(
  '{"streams":[{"stream":{"app":"x"},"values":[' +
    '["1700000000000000001","one"],["1700000000000000002","two",{"pod":"p"}]]}]}',
);
const legacyBody = Buffer.from(
  '{"streams":[{"labels":"{app=\\"x\\"}","entries":[{"ts":"2023-11-14T22:13:20.000000001Z","line":"one"}]}]}',
);

function push(body: Uint8Array, contentType?: string, contentEncoding?: string): PushHttpRequest {
  return { body, contentType, contentEncoding };
}

function errorOf(run: () => unknown): Pick<ServiceError, "code" | "message"> {
  try {
    run();
  } catch (error) {
    if (isServiceError(error)) {
      return { code: error.code, message: error.message };
    }
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("content type and encoding", () => {
  test.for([
    { title: "protobuf", request: push(protobufBody, "application/x-protobuf") },
    { title: "protobuf in a Buffer", request: push(Buffer.from(protobufBody), "application/x-protobuf") },
    { title: "any other type is protobuf", request: push(protobufBody, "text/plain") },
    { title: "an encoding that is the empty text", request: push(protobufBody, "application/x-protobuf", "") },
    { title: "snappy, which says nothing new", request: push(protobufBody, "application/x-protobuf", "snappy") },
    { title: "gzip over snappy", request: push(gzipSync(protobufBody), "application/x-protobuf", "gzip") },
    { title: "deflate over snappy", request: push(deflateRawSync(protobufBody), "application/x-protobuf", "deflate") },
    { title: "JSON", request: push(jsonBody, "application/json") },
    { title: "JSON with a parameter", request: push(jsonBody, "application/json; charset=utf-8") },
    { title: "JSON, gzip", request: push(gzipSync(jsonBody), "application/json", "gzip") },
    { title: "JSON, deflate", request: push(deflateRawSync(jsonBody), "application/json", "deflate") },
    { title: "JSON marked as snappy", request: push(jsonBody, "application/json", "snappy") },
  ])("$title", ({ request }) => {
    const [stream, ...others] = decodePush(request);
    expect(others).toEqual([]);
    expect(stream!.labels).toBe('{app="x"}');
    expect(entriesOf(stream!.batch)).toEqual(entries);
  });

  test.for([
    { title: "no content type", request: push(protobufBody), want: "mime: no media type" },
    {
      title: "an unknown encoding",
      request: push(protobufBody, "application/json", "br"),
      want: 'Content-Encoding "br" not supported',
    },
    {
      title: "an encoding that would break the message",
      request: push(protobufBody, undefined, 'a"\n'),
      want: 'Content-Encoding "a\\"\\n" not supported',
    },
    { title: "JSON sent as protobuf", request: push(jsonBody, "text/plain"), want: "snappy: corrupt input" },
    { title: "an empty protobuf body", request: push(new Uint8Array(0), "x/y"), want: "snappy: corrupt input" },
    { title: "an empty JSON body", request: push(new Uint8Array(0), "application/json"), want: "EOF" },
    { title: "an empty gzip body", request: push(new Uint8Array(0), "application/json", "gzip"), want: "EOF" },
    { title: "no gzip", request: push(jsonBody, "application/json", "gzip"), want: "gzip: invalid header" },
    {
      title: "half a gzip",
      request: push(gzipSync(jsonBody).subarray(0, 40), "application/json", "gzip"),
      want: "unexpected EOF",
    },
    {
      title: "zlib instead of raw deflate",
      request: push(deflateSync(jsonBody), "application/json", "deflate"),
      want: "flate: corrupt input: invalid stored block lengths",
    },
    {
      title: "snappy over no protobuf",
      request: push(plainSnappyCodec.compress(Uint8Array.of(0x0a, 0xff)), "application/x-protobuf"),
      want: "unexpected EOF",
    },
  ])("refused: $title", ({ request, want }) => {
    expect(errorOf(() => decodePush(request))).toEqual({ code: "bad_data", message: want });
  });
});

describe("decompression is bounded", () => {
  const limits = { ...defaultPushLimits, decompressedBytesMax: 1000 };
  const zeros = new Uint8Array(1_000_000);

  test.for([
    { title: "gzip", request: push(gzipSync(zeros), "application/json", "gzip"), size: 1001 },
    { title: "deflate", request: push(deflateRawSync(zeros), "application/json", "deflate"), size: 1001 },
    { title: "snappy", request: push(plainSnappyCodec.compress(zeros), "application/x-protobuf"), size: 1_000_000 },
    {
      title: "snappy inside gzip",
      request: push(gzipSync(plainSnappyCodec.compress(new Uint8Array(10_000))), "application/x-protobuf", "gzip"),
      size: 10_000,
    },
  ])("$title", ({ request, size }) => {
    expect(errorOf(() => decodePush(request, limits))).toEqual({
      code: "too_large",
      message: `request body too large: decompressed message size too large than max (${size} vs 1000)`,
    });
  });

  test("a body of exactly the limit is read", () => {
    const body = Buffer.from(`{"streams":[]}${" ".repeat(986)}`);
    expect(decodePush(push(gzipSync(body), "application/json", "gzip"), limits)).toEqual([]);
  });
});

test("the codec is the caller's choice", () => {
  const stored = { compress: (bytes: Uint8Array) => bytes, decompress: (block: Uint8Array) => block };
  const body = encodePush([{ labels: "{}", batch: batchOf(entries) }], stored);
  const [stream] = decodePush(push(body, "application/x-protobuf"), defaultPushLimits, stored);
  expect(entriesOf(stream!.batch)).toEqual(entries);
});

test("the legacy path takes its own JSON, compressed or not, and the same protobuf", () => {
  for (const request of [
    push(legacyBody, "application/json"),
    push(gzipSync(legacyBody), "application/json", "gzip"),
    push(protobufBody, "application/x-protobuf"),
  ]) {
    const [stream] = decodeLegacyPush(request);
    expect(stream!.labels).toBe('{app="x"}');
    expect(entriesOf(stream!.batch)[0]).toEqual(entries[0]);
  }
});

test("garbage of every kind fails as an error that a client can act on", () => {
  const rng = seededRng(3);
  const goods = [protobufBody, jsonBody, gzipSync(jsonBody), deflateRawSync(protobufBody), gzipSync(protobufBody)];
  const types = ["application/json", "application/x-protobuf"];
  const encodings = [undefined, "gzip", "deflate"];
  for (let round = 0; round < 3000; round++) {
    const body = Uint8Array.from(goods[round % goods.length]!).slice(rng.next() < 0.1 ? 3 : 0);
    for (let flips = Math.floor(rng.next() * 4); flips > 0; flips--) {
      body[Math.floor(rng.next() * body.length)] = Math.floor(rng.next() * 256);
    }
    const request = push(body, types[Math.floor(rng.next() * 2)], encodings[Math.floor(rng.next() * 3)]);
    for (const decode of [decodePush, decodeLegacyPush]) {
      try {
        decode(request);
      } catch (error) {
        expect(isServiceError(error), String(error)).toBe(true);
      }
    }
  }
});
