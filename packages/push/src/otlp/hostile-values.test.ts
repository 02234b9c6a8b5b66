import { expect, test } from "vitest";
import { fieldSize, writeHeader } from "../wire-writer.ts";
import { decodeOtlp } from "./decode-otlp.ts";

/** A request whose parts lie in each other: fields, outermost first, around so many bytes at `offset`. */
function nested(
  fields: readonly number[],
  contentBytes: number,
): { readonly body: Uint8Array; readonly offset: number } {
  const sizes = [contentBytes];
  for (const _ of fields) {
    sizes.unshift(fieldSize(sizes[0]!));
  }
  const body = new Uint8Array(sizes[0]!);
  let offset = 0;
  for (const [i, field] of fields.entries()) {
    offset = writeHeader(body, offset, field * 8 + 2, sizes[i + 1]!);
  }
  return { body, offset };
}

function decode(body: Uint8Array, contentType = "application/x-protobuf"): unknown {
  return decodeOtlp({ body, contentType, contentEncoding: undefined }, { nowNs: () => 0n });
}

test.for<{ readonly title: string; readonly fields: readonly number[]; readonly field: number }>([
  { title: "attributes of a resource", fields: [1, 1], field: 1 },
  { title: "attributes of a scope", fields: [1, 2, 1], field: 3 },
  { title: "attributes of a record", fields: [1, 2, 2], field: 6 },
  { title: "values of an array", fields: [1, 2, 2, 5, 5], field: 1 },
  { title: "values of a map", fields: [1, 2, 2, 5, 6], field: 1 },
])("$title of two bytes each are refused before they fill the memory", ({ fields, field }) => {
  const { body, offset } = nested(fields, 2_000_002);
  for (let i = offset; i < body.length; i += 2) {
    body[i] = field * 8 + 2;
  }
  expect(() => decode(body)).toThrow(
    expect.objectContaining({
      code: "too_large",
      message: expect.stringContaining("1000000 attributes and values") as string,
    }),
  );
});

test("a value whose text is longer than a text can be is the sender's mistake", () => {
  const { body } = nested([1, 2, 2, 5, 7], 403_000_000);
  expect(() => decode(body)).toThrow(expect.objectContaining({ code: "too_large" }));
});

test.for([
  ["", true],
  ["QQ", true],
  ["QQ==", true],
  ["QQ=", false],
  ["QUI", true],
  ["QUI=", true],
  ["QUI==", false],
  ["QUJD", true],
  ["QUJD=", false],
  ["Q", false],
  ["_-+/", true],
  ["QU=D", false],
  ["====", false],
  ["A".repeat(40_000_000), true],
] as const)("Base64 %# is told from what is none", ([bytesValue, isBase64]) => {
  const logRecords = [{ body: { bytesValue } }];
  const body = Buffer.from(JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }));
  if (isBase64) {
    expect(decode(body, "application/json")).toHaveLength(1);
  } else {
    expect(() => decode(body, "application/json")).toThrow("must be Base64");
  }
});
