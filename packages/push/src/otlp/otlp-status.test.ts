import protobuf from "protobufjs/light.js";
import { expect, test } from "vitest";
import { encodeOtlpStatus } from "./otlp-status.ts";

const statusType = protobuf.Root.fromJSON({
  nested: { Status: { fields: { code: { type: "int32", id: 1 }, message: { type: "string", id: 2 } } } },
}).lookupType("Status");

test.for(["", "no", "größer", "x".repeat(300)])("%s is the message of a status", (message) => {
  const bytes = encodeOtlpStatus(message);
  expect(statusType.toObject(statusType.decode(bytes))).toEqual(message === "" ? {} : { message });
});
