import { compareLabels, printLabels, type Labels } from "@sluice/model";
import type { VectorAggregation } from "../../src/syntax/index.ts";

/** One sample of a vector. */
export interface ReferenceSample {
  readonly labels: Labels;
  readonly value: number;
}

/** Aggregates the samples of one instant. */
export function aggregateVector(
  { operation, grouping, parameter }: VectorAggregation,
  input: readonly ReferenceSample[],
): readonly ReferenceSample[] {
  const ordered = input.toSorted((a, b) => compareLabels(a.labels, b.labels));
  const direction = operation === "bottomk" || operation === "sort" ? -1 : 1;
  const ranked = ordered.toSorted((a, b) => rank(a.value, b.value, direction));
  if (operation === "sort" || operation === "sort_desc") {
    return ranked;
  }
  const labelsIn = ({ labels }: ReferenceSample): Labels =>
    labels.filter(({ name }) => grouping.labels.includes(name) !== grouping.without);
  const picks = operation === "topk" || operation === "bottomk" || operation === "approx_topk";
  const groups = Map.groupBy(picks ? ranked : ordered, (sample) => printLabels(labelsIn(sample)));
  return [...groups.values()].flatMap((group) => {
    const values = group.map(({ value }) => value);
    const labels = labelsIn(group[0]!);
    // Labels that are left over go through a builder, which knows no empty ones.
    const made = grouping.without ? labels.filter(({ value }) => value !== "") : labels;
    return picks ? group.slice(0, parameter) : [{ labels: made, value: summary(operation, values) }];
  });
}

function rank(a: number, b: number, direction: 1 | -1): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  return a === b ? 0 : a > b === (direction === 1) ? -1 : 1;
}

function summary(operation: VectorAggregation["operation"], values: readonly number[]): number {
  switch (operation) {
    case "sum":
      return values.reduce((total, value) => total + value);
    case "count":
      return values.length;
    case "avg": {
      let mean = values[0]!;
      for (const [i, value] of values.entries()) {
        mean += i === 0 ? 0 : (value - mean) / (i + 1);
      }
      return mean;
    }
    case "min":
      return values.reduce((least, value) => (value < least || Number.isNaN(least) ? value : least));
    case "max":
      return values.reduce((most, value) => (value > most || Number.isNaN(most) ? value : most));
    case "stdvar":
      return variance(values, 1);
    case "stddev":
      return Math.sqrt(variance(values, 1));
    default:
      throw new Error(`${operation} is none of these`);
  }
}

/**
 * Welford's algorithm.
 *
 * @param from the first sample that moves the mean: Loki begins with a mean of 0 over time, and with the first sample as
 *   the mean over a vector.
 */
export function variance(values: readonly number[], from: 0 | 1): number {
  let mean = from === 0 ? 0 : values[0]!;
  let squares = 0;
  for (let i: number = from; i < values.length; i++) {
    const delta = values[i]! - mean;
    mean += delta / (i + 1);
    squares += delta * (values[i]! - mean);
  }
  return squares / values.length;
}
