import { compareLabels, nsPerMs, ServiceError, type QueryResult, type ResultPoint } from "@sluice/model";
import type { MetricExpression } from "../syntax/index.ts";
import { labelsKey, type Series } from "./series.ts";
import type { Steps } from "./steps.ts";

/**
 * Series as the matrix of a range query, sorted by labels. Samples of series with the same labels go into one, so that
 * it may have several at one time, as in Loki.
 *
 * @throws {ServiceError} `bad_data` over `seriesMax`.
 */
export function matrixOf(input: readonly Series[], steps: Steps, seriesMax: number): QueryResult {
  const groups = [...Map.groupBy(input.filter(hasSamples), ({ labels }) => labelsKey(labels)).values()];
  checkSeriesCount(groups.length, seriesMax);
  const series = groups.map((group) => ({ labels: group[0]!.labels, points: pointsOf(group, steps) }));
  return { type: "matrix", series: series.sort((a, b) => compareLabels(a.labels, b.labels)) };
}

function pointsOf(group: readonly Series[], steps: Steps): readonly ResultPoint[] {
  const points: ResultPoint[] = [];
  for (let k = 0; k < steps.count; k++) {
    for (const { present, values } of group) {
      if (present[k] === 1) {
        points.push({ timestampMs: stepMs(steps, k), value: values[k]! });
      }
    }
  }
  return points;
}

/**
 * Series as the vector of an instant query: in their order when the expression sorts somewhere, by labels otherwise.
 *
 * @throws {ServiceError} `bad_data` over `seriesMax`.
 */
export function vectorOf(
  input: readonly Series[],
  steps: Steps,
  seriesMax: number,
  expression: MetricExpression,
): QueryResult {
  const timestampMs = stepMs(steps, 0);
  const found = input.filter(hasSamples);
  checkSeriesCount(found.length, seriesMax);
  const samples = found.map(({ labels, values }) => ({ labels, timestampMs, value: values[0]! }));
  return {
    type: "vector",
    samples: sorts(expression) ? samples : samples.sort((a, b) => compareLabels(a.labels, b.labels)),
  };
}

/** Whether a `sort` or `sort_desc` is anywhere in the expression. */
function sorts(expression: MetricExpression): boolean {
  switch (expression.kind) {
    case "vectorAggregation":
      return expression.operation === "sort" || expression.operation === "sort_desc" || sorts(expression.operand);
    case "binary":
      return sorts(expression.left) || sorts(expression.right);
    case "labelReplace":
      return sorts(expression.operand);
    default:
      return false;
  }
}

function hasSamples({ present }: Series): boolean {
  return present.includes(1);
}

function stepMs({ startNs, stepNs }: Steps, k: number): number {
  return Number((startNs + stepNs * BigInt(k)) / nsPerMs);
}

/** @throws {ServiceError} `bad_data` over `seriesMax`. */
export function checkSeriesCount(count: number, seriesMax: number): void {
  if (count > seriesMax) {
    throw new ServiceError(
      "bad_data",
      `maximum number of series (${seriesMax}) reached for a single query; consider reducing query cardinality by ` +
        "adding more specific stream selectors, reducing the time range, or aggregating results with functions like " +
        "sum(), count() or topk()",
    );
  }
}
