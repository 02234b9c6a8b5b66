import { batchOf, entriesOf, labelsFromRecord, labelsToRecord, noLabels } from "@sluice/model";
import { expect, test } from "vitest";
import { detectLevels } from "./detect-levels.ts";
import { compileLevelFields } from "./level/level-fields.ts";

const options = { fields: compileLevelFields(["level", "severity", "severity_text"]), jsonDepthMax: 2 };

function levelOf(stream: Record<string, string>, metadata: Record<string, string>, line: string): unknown {
  const batch = batchOf([{ timestampNs: 0n, line, metadata: labelsFromRecord(metadata) }]);
  const [entry] = entriesOf(detectLevels(labelsFromRecord(stream), batch, options));
  return labelsToRecord(entry?.metadata ?? noLabels);
}

test.for([
  { title: "what is there is kept", metadata: { detected_level: "odd" }, stream: { level: "info" }, want: "odd" },
  { title: "and normalised", metadata: { detected_level: "WRN" }, stream: { level: "info" }, want: "warn" },
  { title: "then a label", metadata: { level: "debug" }, stream: { severity: "Err" }, want: "error" },
  { title: "whatever its value", metadata: {}, stream: { level: "4" }, want: "4" },
  { title: "of labels the first in the list", metadata: {}, stream: { severity: "info", level: "warn" }, want: "warn" },
  { title: "then metadata", metadata: { severity: "notice", severity_number: "17" }, stream: {}, want: "notice" },
  { title: "then the number of OpenTelemetry", metadata: { severity_number: "17" }, stream: {}, want: "error" },
  { title: "no number", metadata: { severity_number: "x" }, stream: {}, want: "info" },
  { title: "number 0", metadata: { severity_number: "0" }, stream: {}, want: "unknown" },
  { title: "number 25", metadata: { severity_number: "25" }, stream: {}, want: "unknown" },
  { title: "number -1", metadata: { severity_number: "-1" }, stream: {}, want: "trace" },
  { title: "then the line", metadata: { user: "a" }, stream: { app: "x" }, want: "fatal" },
])("$title", ({ metadata, stream, want }) => {
  expect(levelOf(stream as Record<string, string>, metadata as Record<string, string>, "fatal")).toEqual({
    ...metadata,
    detected_level: want,
  });
});

test("entries share their sets: as many as there are levels, whatever their number", () => {
  const lines = ["info", "an error", "info", "nothing", "error"];
  const many = Array.from({ length: 1000 }, (_, i) => ({ timestampNs: BigInt(i), line: lines[i % lines.length]! }));
  const { metadata } = detectLevels(noLabels, batchOf(many), options);
  expect(metadata?.sets.map(labelsToRecord)).toEqual([
    {},
    { detected_level: "info" },
    { detected_level: "error" },
    { detected_level: "unknown" },
  ]);
});
