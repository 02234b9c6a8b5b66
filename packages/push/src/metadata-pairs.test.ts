import { expect, test } from "vitest";
import { decodePush } from "./decode-push.ts";
import { defaultPushLimits } from "./limits.ts";
import { readPushRequest } from "./protobuf-push.ts";
import { createSnappyCodec } from "./snappy.ts";
import { fieldSize, writeHeader } from "./wire-writer.ts";

test("metadata of two bytes a pair is refused before it fills the memory", () => {
  const pairs = Buffer.alloc(10_000_002, Buffer.from([0x1a, 0]));
  const push = field(0x0a, Buffer.concat([field(0x0a, Buffer.from('{a="b"}')), field(0x12, pairs)]));
  const told = expect.objectContaining({ code: "too_large" }) as Error;
  expect(() => readPushRequest(push, defaultPushLimits)).toThrow(told);
  const snappy = createSnappyCodec();
  const request = { body: snappy.compress(push), contentType: "application/x-protobuf", contentEncoding: undefined };
  expect(() => decodePush(request, undefined, snappy)).toThrow(told);
});

function field(tag: number, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(fieldSize(content.length));
  bytes.set(content, writeHeader(bytes, 0, tag, content.length));
  return bytes;
}
