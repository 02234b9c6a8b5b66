import { batchOf, entriesOf, labelsFromRecord, ServiceError } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { arbitraryEntries } from "../test/arbitrary-entries.ts";
import { decodeStreams, encodeStreams } from "./stream-columns.ts";

test("streams come back in their order, with every entry", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom("a", "b"), arbitraryEntries), { maxLength: 4 }), (drawn) => {
      const streams = drawn.map(([app, entries]) => ({ labels: labelsFromRecord({ app }), batch: batchOf(entries) }));
      const bytes = new Uint8Array(Buffer.concat(encodeStreams(streams)));
      const read = decodeStreams(bytes).map(({ labels, batch }) => ({ labels, entries: entriesOf(batch) }));
      expect(read).toEqual(drawn.map(([app, entries]) => ({ labels: labelsFromRecord({ app }), entries })));
    }),
  );
});

test("a batch that points into a push body is written as its lines alone", () => {
  const joined = batchOf([
    { timestampNs: 1n, line: "one" },
    { timestampNs: 2n, line: "two" },
  ]);
  const bytes = new TextEncoder().encode("??one??two??");
  const batch = { ...joined, bytes, lineStarts: Uint32Array.of(2, 7), lineEnds: Uint32Array.of(5, 10) };
  const [read] = decodeStreams(new Uint8Array(Buffer.concat(encodeStreams([{ labels: [], batch }]))));
  expect(entriesOf(read!.batch)).toEqual(entriesOf(joined));
  expect(read!.batch.bytes).toEqual(joined.bytes);
});

test("truncated or damaged bytes are an error or whole streams, never a crash", () => {
  const good = new Uint8Array(
    Buffer.concat(
      encodeStreams([{ labels: labelsFromRecord({ app: "x" }), batch: batchOf([{ timestampNs: 1n, line: "line" }]) }]),
    ),
  );
  const attempt = (bytes: Uint8Array): void => {
    try {
      decodeStreams(bytes);
    } catch (error) {
      expect(error).toBeInstanceOf(ServiceError);
    }
  };
  for (let at = 0; at < good.length; at++) {
    attempt(good.subarray(0, at));
    for (let bit = 0; bit < 8; bit++) {
      const bad = good.slice();
      bad[at]! ^= 1 << bit;
      attempt(bad);
    }
  }
});
