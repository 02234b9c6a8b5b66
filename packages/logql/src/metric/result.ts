import { compareLabels, nsPerMs, ServiceError, type QueryResult } from "@sluice/model";
import type { Series } from "./series.ts";
import type { Steps } from "./steps.ts";

/** Series as the matrix of a range query, sorted by labels. @throws {ServiceError} `bad_data` over `seriesMax`. */
export function matrixOf(input: readonly Series[], steps: Steps, seriesMax: number): QueryResult {
  const series = withSamples(input, seriesMax).map(({ labels, values, present }) => ({
    labels,
    points: Array.from(values, (value, k) => ({ timestampMs: stepMs(steps, k), value })).filter(
      (_, k) => present[k] === 1,
    ),
  }));
  return { type: "matrix", series: series.sort((a, b) => compareLabels(a.labels, b.labels)) };
}

/** Series as the vector of an instant query, sorted by labels. @throws {ServiceError} `bad_data` over `seriesMax`. */
export function vectorOf(input: readonly Series[], steps: Steps, seriesMax: number): QueryResult {
  const timestampMs = stepMs(steps, 0);
  const samples = withSamples(input, seriesMax).map(({ labels, values }) => ({
    labels,
    timestampMs,
    value: values[0]!,
  }));
  return { type: "vector", samples: samples.sort((a, b) => compareLabels(a.labels, b.labels)) };
}

function stepMs({ startNs, stepNs }: Steps, k: number): number {
  return Number((startNs + stepNs * BigInt(k)) / nsPerMs);
}

function withSamples(input: readonly Series[], seriesMax: number): readonly Series[] {
  const found = input.filter(({ present }) => present.includes(1));
  if (found.length > seriesMax) {
    throw new ServiceError(
      "bad_data",
      `maximum number of series (${seriesMax}) reached for a single query; consider reducing query cardinality by ` +
        "adding more specific stream selectors, reducing the time range, or aggregating results with functions like " +
        "sum(), count() or topk()",
    );
  }
  return found;
}
