import { labelsFromRecord, type ResultEntry, type ResultStream } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { detectFields, detectFieldValues } from "./detect-fields.ts";

function entryOf(line: string, given: { readonly metadata?: object; readonly parsed?: object } = {}): ResultEntry {
  const labels = (record: object = {}): ResultEntry["parsed"] => labelsFromRecord(record as Record<string, string>);
  return { timestampNs: 0n, line, metadata: labels(given.metadata), parsed: labels(given.parsed) };
}

function streamOf(...entries: readonly ResultEntry[]): readonly ResultStream[] {
  return [{ labels: labelsFromRecord({ app: "a", user_name: "x" }), entries }];
}

test("names that the stream has get a suffix, and keep their path", () => {
  expect(detectFields(streamOf(entryOf('{"app":"b","user":{"name":"c"},"9 lives":1}')), 10)).toEqual([
    { label: "_9_lives", type: "int", cardinality: 1, parsers: ["json"], jsonPath: ["9 lives"] },
    { label: "app_extracted", type: "string", cardinality: 1, parsers: ["json"], jsonPath: ["app"] },
    { label: "user_name_extracted", type: "string", cardinality: 1, parsers: ["json"], jsonPath: ["user", "name"] },
  ]);
});

test("a field of several origins is told once", () => {
  const fields = detectFields(
    streamOf(entryOf("id=1", { metadata: { id: "0" } }), entryOf('{"id":2}', { parsed: { id: "3", __error__: "x" } })),
    10,
  );
  expect(fields).toEqual([{ label: "id", type: "int", cardinality: 4, parsers: ["logfmt", "json"], jsonPath: ["id"] }]);
});

test("of too many fields the first are told", () => {
  expect(detectFields(streamOf(entryOf("a=1 b=2 c=3"), entryOf("d=4")), 2).map(({ label }) => label)).toEqual([
    "a",
    "b",
  ]);
});

test("broken JSON is read as logfmt", () => {
  expect(detectFields(streamOf(entryOf('{"a":1, b=2')), 9)).toMatchObject([{ label: "b", parsers: ["logfmt"] }]);
});

test("objects that lie very deep in each other are no trouble", () => {
  const deep = `${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}`;
  expect(detectFields(streamOf(entryOf(deep)), 9)).toEqual([]);
  expect(detectFieldValues(streamOf(entryOf(deep)), "a", 9)).toEqual([]);
});

test("whatever the lines are, no more fields are told than asked for, and each has a value", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.json(), fc.string()), { maxLength: 10 }), (lines) => {
      const streams = streamOf(...lines.map((line) => entryOf(line)));
      const fields = detectFields(streams, 5);
      expect(fields.length).toBeLessThanOrEqual(5);
      for (const { label, cardinality } of fields) {
        expect(cardinality).toBeGreaterThan(0);
        expect(detectFieldValues(streams, label, 1)).toHaveLength(1);
      }
    }),
    { numRuns: 300 },
  );
});
