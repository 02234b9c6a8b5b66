import { compareLabels, ServiceError, type Labels } from "@sluice/model";
import type { Grouping, VectorAggregation } from "../syntax/index.ts";
import { dropLabels, keepLabels, labelsKey, newSeries, withoutEmpty, type Series } from "./series.ts";
import type { Steps } from "./steps.ts";
import { highest, sortByValue } from "./vector-rank.ts";

/**
 * Evaluates a vector aggregation at every step.
 *
 * @throws {ServiceError} `bad_data` with Loki's text for `approx_topk` in a range query.
 */
export function aggregateVector(
  { operation, grouping, parameter }: VectorAggregation,
  input: readonly Series[],
  steps: Steps,
): readonly Series[] {
  const groups = groupSeries(input, grouping);
  switch (operation) {
    case "sum":
      return groups.map((group) => fold(group, steps, sum));
    case "avg":
      return groups.map((group) => fold(group, steps, average));
    case "min":
      return groups.map((group) => fold(group, steps, min));
    case "max":
      return groups.map((group) => fold(group, steps, max));
    case "count":
      return groups.map((group) => fold(group, steps, (_, count) => count));
    case "stdvar":
      return groups.map((group) => variance(group, steps));
    case "stddev":
      return groups.map((group) => {
        const { labels, present, values } = variance(group, steps);
        return { labels, present, values: values.map(Math.sqrt) };
      });
    case "topk":
      return groups.flatMap(({ members }) => highest(members, parameter!, 1, steps.count));
    case "bottomk":
      return groups.flatMap(({ members }) => highest(members, parameter!, -1, steps.count));
    case "approx_topk":
      // The sketch that Loki counts in is exact as long as it is large enough; here it always is.
      if (!steps.isInstant) {
        throw new ServiceError("bad_data", "count min sketches are only supported on instant queries");
      }
      return groups.flatMap(({ members }) => highest(members, parameter!, 1, steps.count));
    case "sort":
      return sortByValue(input, -1, steps.count);
    case "sort_desc":
      return sortByValue(input, 1, steps.count);
  }
}

interface Group {
  readonly labels: Labels;
  readonly members: Series[];
}

/** Groups by labels as they are: an empty one is not a missing one, though the result has neither. */
function groupSeries(input: readonly Series[], { without, labels: names }: Grouping): readonly Group[] {
  const dropped = [...names, "__name__"];
  const groups = new Map<string, Group>();
  // Rounding depends on the order, which must not depend on where samples were found first.
  for (const series of input.toSorted((a, b) => compareLabels(a.labels, b.labels))) {
    const labels = without ? dropLabels(series.labels, dropped) : keepLabels(series.labels, names);
    const key = labelsKey(labels);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { labels: without ? withoutEmpty(labels) : labels, members: [series] });
    } else {
      group.members.push(series);
    }
  }
  return [...groups.values()];
}

/**
 * Combines the members' samples of each step.
 *
 * @param next what the result becomes with the `count`-th sample (from 1); the first one is the result itself.
 */
function fold(
  { labels, members }: Group,
  steps: Steps,
  next: (result: number, count: number, value: number) => number,
): Series {
  const { count: stepCount } = steps;
  const result = newSeries(labels, stepCount);
  const counts = new Uint32Array(stepCount);
  for (const { values, present } of members) {
    for (let k = 0; k < stepCount; k++) {
      if (present[k] === 1) {
        counts[k]! += 1;
        result.values[k] = next(result.values[k]!, counts[k]!, values[k]!);
        result.present[k] = 1;
      }
    }
  }
  return result;
}

function sum(result: number, count: number, value: number): number {
  return count === 1 ? value : result + value;
}

/** A running mean, which cannot overflow; an infinite one stays, unless NaN or the opposite infinity comes. */
function average(mean: number, count: number, value: number): number {
  if (count === 1) {
    return value;
  }
  const isInfinite = mean === Number.POSITIVE_INFINITY || mean === Number.NEGATIVE_INFINITY;
  return isInfinite && !Number.isNaN(value) && value !== -mean ? mean : mean + (value - mean) / count;
}

/** Of values that are no numbers any other takes the place. */
function min(result: number, count: number, value: number): number {
  return count === 1 || value < result || Number.isNaN(result) ? value : result;
}

function max(result: number, count: number, value: number): number {
  return count === 1 || value > result || Number.isNaN(result) ? value : result;
}

/** Welford's algorithm, for the whole population, begun with the first sample as the mean. */
function variance({ labels, members }: Group, steps: Steps): Series {
  const { count: stepCount } = steps;
  const result = newSeries(labels, stepCount);
  const counts = new Uint32Array(stepCount);
  const means = new Float64Array(stepCount);
  for (const { values, present } of members) {
    for (let k = 0; k < stepCount; k++) {
      if (present[k] === 0) {
        continue;
      }
      const value = values[k]!;
      counts[k]! += 1;
      if (counts[k] === 1) {
        means[k] = value;
        result.present[k] = 1;
      } else {
        const delta = value - means[k]!;
        means[k]! += delta / counts[k]!;
        result.values[k]! += delta * (value - means[k]!);
      }
    }
  }
  return { ...result, values: result.values.map((squares, k) => squares / counts[k]!) };
}
