import { labelsFromRecord, labelsToRecord } from "@sluice/model";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LineLabels } from "./line-labels.ts";

function labelsOf(stream: Record<string, string>, metadata: Record<string, string> = {}): LineLabels {
  const labels = new LineLabels();
  labels.reset(labelsFromRecord(stream), labelsFromRecord(metadata));
  return labels;
}

function categoriesOf(labels: LineLabels): object {
  const { stream, metadata, parsed } = labels.categorised();
  return { stream: labelsToRecord(stream), metadata: labelsToRecord(metadata), parsed: labelsToRecord(parsed) };
}

test("metadata with a name of the stream gets a suffix, and then may hide a label of the stream", () => {
  const labels = labelsOf({ app: "a", app_extracted: "b" }, { app: "c" });
  expect(labels.get("app_extracted")).toBe("c");
  expect(categoriesOf(labels)).toEqual({ stream: { app: "a" }, metadata: { app_extracted: "c" }, parsed: {} });
});

test("errors that come as metadata are errors", () => {
  const labels = labelsOf({ app: "a" }, { __error__: "e", __error_details__: "d", other: "1" });
  expect([labels.error, labels.errorDetails]).toEqual(["e", "d"]);
  expect(categoriesOf(labels)).toEqual({
    stream: { app: "a" },
    metadata: { other: "1" },
    parsed: { __error__: "e", __error_details__: "d" },
  });
});

test("a parsed label takes the place of others; what is taken away does not come back by itself", () => {
  const labels = labelsOf({ app: "a", env: "e" }, { trace: "t" });
  labels.setParsed("app", "p");
  labels.setParsed("trace", "p");
  expect(categoriesOf(labels)).toEqual({ stream: { env: "e" }, metadata: {}, parsed: { app: "p", trace: "p" } });
  labels.delete("app");
  expect([labels.get("app"), labels.isExtracted("app"), labels.isTaken("app")]).toEqual([undefined, true, true]);
  expect(categoriesOf(labels)).toEqual({ stream: { env: "e" }, metadata: {}, parsed: { trace: "p" } });
  labels.setParsed("app", "again");
  expect([labels.get("app"), labels.isDeleted("app")]).toEqual(["again", true]);
});

test("details without an error show only beside other changes", () => {
  const labels = labelsOf({ app: "a" });
  labels.errorDetails = "d";
  expect(categoriesOf(labels)).toEqual({ stream: { app: "a" }, metadata: {}, parsed: {} });
  labels.setParsed("x", "1");
  expect(categoriesOf(labels)).toMatchObject({ parsed: { __error_details__: "d", x: "1" } });
});

test("labels that end up as the stream's are the stream's", () => {
  const labels = labelsOf({ app: "a", env: "e" });
  labels.setParsed("app", "a");
  expect(categoriesOf(labels)).toEqual({ stream: { app: "a", env: "e" }, metadata: {}, parsed: {} });
  labels.delete("env");
  expect(categoriesOf(labels)).toEqual({ stream: {}, metadata: {}, parsed: { app: "a" } });
});

test("any number of labels behaves as a map does, line after line", () => {
  const name = fc.integer({ min: 0, max: 60 }).map((i) => `label${i}`);
  const change = fc.record({ name, value: fc.option(fc.string({ maxLength: 3 }), { nil: undefined }) });
  const labels = new LineLabels();
  fc.assert(
    fc.property(fc.array(fc.array(change, { maxLength: 90 }), { maxLength: 3 }), (lines) => {
      for (const changes of lines) {
        labels.reset([], []);
        const want = new Map<string, string>();
        for (const { name: each, value } of changes) {
          if (value === undefined) {
            labels.delete(each);
            want.delete(each);
          } else {
            labels.setParsed(each, value);
            want.set(each, value);
          }
          expect(labels.get(each)).toBe(want.get(each));
        }
        expect(labelsToRecord(labels.all())).toEqual(Object.fromEntries(want));
      }
    }),
  );
});
