import { labelsFromRecord, labelsToRecord, noLabels, type QueryResult } from "@sluice/model";
import { expect, test } from "vitest";
import { activeSamples, compileRule } from "./alert-rule.ts";

const expr = `sum by (pod) (count_over_time({a="b"}[1m])) > 5`;

function vector(...samples: readonly (readonly [labels: Record<string, string>, value: number])[]): QueryResult {
  return {
    type: "vector",
    samples: samples.map(([labels, value]) => ({ labels: labelsFromRecord(labels), timestampMs: 0, value })),
  };
}

test("a sample becomes an alert: its labels, overlaid by the rule's, and the name", () => {
  const rule = compileRule({
    alert: "A",
    expr,
    labels: { severity: "page", pod: "{{ $labels.pod }}!", alertname: "ignored", gone: "" },
    annotations: { summary: "{{ $value }} lines of {{ $labels.pod }}" },
  });
  expect(activeSamples(rule, vector([{ pod: "p", gone: "x" }, 7.5], [{ pod: "q" }, 0]))).toEqual([
    {
      labels: labelsFromRecord({ alertname: "A", pod: "p!", severity: "page" }),
      annotations: labelsFromRecord({ summary: "7.5 lines of p" }),
      value: "7.5",
    },
    {
      labels: labelsFromRecord({ alertname: "A", pod: "q!", severity: "page" }),
      annotations: labelsFromRecord({ summary: "0 lines of q" }),
      value: "0",
    },
  ]);
});

test("a scalar is one alert without labels of its own", () => {
  const [sample] = activeSamples(compileRule({ alert: "A", expr: "1 > 0" }), {
    type: "scalar",
    timestampMs: 0,
    value: 1,
  });
  expect([labelsToRecord(sample!.labels), sample!.annotations, sample!.value]).toEqual([
    { alertname: "A" },
    noLabels,
    "1",
  ]);
});

test("an empty vector is no alert", () => {
  expect(activeSamples(compileRule({ alert: "A", expr }), vector())).toEqual([]);
});

test.for<{ title: string; result: QueryResult; want: string }>([
  { title: "lines", result: { type: "streams", streams: [] }, want: "rule result is not a vector or scalar" },
  { title: "a matrix", result: { type: "matrix", series: [] }, want: "rule result is not a vector or scalar" },
  {
    title: "two samples that the rule's labels make equal",
    result: vector([{ pod: "p" }, 1], [{ pod: "q" }, 2]),
    want: 'vector contains metrics with the same labelset after applying alert labels: {alertname="A", pod="same"}',
  },
])("refused: $title", ({ result, want }) => {
  expect(() => activeSamples(compileRule({ alert: "A", expr, labels: { pod: "same" } }), result)).toThrow(want);
});

test("what a rule leaves out has its default", () => {
  expect(compileRule({ alert: "A", expr })).toMatchObject({
    forMs: 0,
    keepFiringForMs: 0,
    labels: [],
    annotations: [],
  });
});
