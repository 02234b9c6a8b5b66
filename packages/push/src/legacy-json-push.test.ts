import { entriesOf } from "@sluice/model";
import { expect, test } from "vitest";
import { readLegacyJsonPush } from "./legacy-json-push.ts";
import { defaultPushLimits } from "./limits.ts";
import type { PushedStream } from "./pushed-stream.ts";

function read(value: unknown): readonly PushedStream[] {
  return readLegacyJsonPush(new TextEncoder().encode(JSON.stringify(value)), defaultPushLimits);
}

const withEntry = (entry: unknown): unknown => ({ streams: [{ labels: "{}", entries: [entry] }] });

test("labels stay text, times keep their nanoseconds and zones", () => {
  const [stream, untimed, empty] = read({
    streams: [
      {
        labels: '{app="x", }',
        entries: [
          { ts: "2026-01-01T02:00:00.123456789+02:00", line: "a", extra: 1 },
          { ts: "2026-01-01T00:00:01Z" },
          { line: "b" },
        ],
      },
      {},
    ],
  });
  expect(stream!.labels).toBe('{app="x", }');
  expect(entriesOf(stream!.batch)).toEqual([
    { timestampNs: 1_767_225_600_123_456_789n, line: "a" },
    { timestampNs: 1_767_225_601_000_000_000n, line: "" },
  ]);
  expect(untimed, "Go's zero time is too far away for the same batch").toMatchObject({ labels: '{app="x", }' });
  expect(entriesOf(untimed!.batch)).toEqual([{ timestampNs: -62_135_596_800_000_000_000n, line: "b" }]);
  expect(empty).toMatchObject({ labels: "", batch: { count: 0 } });
});

test.for([
  { body: null, count: 0 },
  { body: { streams: null }, count: 0 },
  { body: { streams: [{ labels: "{}", entries: null }] }, count: 1 },
])("accepted: $body", ({ body, count }) => {
  expect(read(body)).toHaveLength(count);
});

test.for([
  { body: { streams: {} }, want: "streams must be an array, not an object" },
  { body: { streams: ["x"] }, want: 'stream 0 must be an object, not "x"' },
  { body: { streams: [{ labels: { a: "b" } }] }, want: "the labels of stream 0 must be a string, not an object" },
  { body: { streams: [{ entries: 5 }] }, want: "the entries of stream 0 must be an array, not a number" },
  { body: withEntry([]), want: "entry 0 of stream 0 must be an object, not an array" },
  { body: withEntry({ ts: 5 }), want: "the ts of entry 0 of stream 0 must be an RFC 3339 time, not a number" },
  { body: withEntry({ ts: "now" }), want: 'the ts of entry 0 of stream 0 must be an RFC 3339 time, not "now"' },
  { body: withEntry({ line: 5 }), want: "the line of entry 0 of stream 0 must be a string, not a number" },
])("refused: $want", ({ body, want }) => {
  expect(() => read(body)).toThrow(want);
});
