import { compareLabels, ServiceError, type Labels } from "@sluice/model";
import type { Grouping, VectorAggregation } from "../syntax/index.ts";
import { dropLabels, keepLabels, labelsKey, newSeries, type Series } from "./series.ts";

/** Evaluates `sum`, `avg`, `min`, `max`, `count`, `topk` and `bottomk` at every step. */
export function aggregateVector(
  { operation, grouping, parameter }: VectorAggregation,
  input: readonly Series[],
  stepCount: number,
): readonly Series[] {
  const groups = groupSeries(input, grouping);
  switch (operation) {
    default:
      throw new ServiceError("bad_data", `${operation} is not supported`);
    case "topk":
      return groups.flatMap(({ members }) => highest(members, parameter!, 1, stepCount));
    case "bottomk":
      return groups.flatMap(({ members }) => highest(members, parameter!, -1, stepCount));
    case "avg":
      return groups.map((group) => average(group, stepCount));
    case "count":
      return groups.map((group) =>
        fold(
          group,
          stepCount,
          () => 1,
          (count) => count + 1,
        ),
      );
    case "sum":
      return groups.map((group) => fold(group, stepCount, same, (sum, value) => sum + value));
    case "min":
      return groups.map((group) => fold(group, stepCount, same, (min, value) => (isBelow(value, min) ? value : min)));
    case "max":
      return groups.map((group) => fold(group, stepCount, same, (max, value) => (isBelow(-value, -max) ? value : max)));
  }
}

function same(value: number): number {
  return value;
}

/** Whether a value takes the place of the smallest so far; anything does, when that is NaN. */
function isBelow(value: number, smallest: number): boolean {
  return value < smallest || Number.isNaN(smallest);
}

interface Group {
  readonly labels: Labels;
  readonly members: Series[];
}

function groupSeries(input: readonly Series[], { without, labels: names }: Grouping): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const series of input) {
    const labels = without ? dropLabels(series.labels, names) : keepLabels(series.labels, names);
    const key = labelsKey(labels);
    const group = groups.get(key);
    if (group === undefined) {
      groups.set(key, { labels, members: [series] });
    } else {
      group.members.push(series);
    }
  }
  return [...groups.values()];
}

function fold(
  { labels, members }: Group,
  stepCount: number,
  begin: (value: number) => number,
  add: (sum: number, value: number) => number,
): Series {
  const result = newSeries(labels, stepCount);
  for (const { values, present } of members) {
    for (let k = 0; k < stepCount; k++) {
      if (present[k] === 1) {
        result.values[k] = result.present[k] === 1 ? add(result.values[k]!, values[k]!) : begin(values[k]!);
        result.present[k] = 1;
      }
    }
  }
  return result;
}

/** A running mean, which cannot overflow; an infinite mean stays as it is, unless the opposite infinity comes. */
function average({ labels, members }: Group, stepCount: number): Series {
  const result = newSeries(labels, stepCount);
  const counts = new Uint32Array(stepCount);
  for (const { values, present } of members) {
    for (let k = 0; k < stepCount; k++) {
      if (present[k] === 1) {
        counts[k]! += 1;
        result.values[k] = nextMean(result.values[k]!, values[k]!, counts[k]!);
        result.present[k] = 1;
      }
    }
  }
  return result;
}

function nextMean(mean: number, value: number, count: number): number {
  const isInfinite = mean === Number.POSITIVE_INFINITY || mean === Number.NEGATIVE_INFINITY;
  if (count > 1 && isInfinite && !Number.isNaN(value) && value !== -mean) {
    return mean;
  }
  return count === 1 ? value : mean + (value - mean) / count;
}

/**
 * Keeps the `count` highest (sign 1) or lowest (sign -1) values of each step. NaN comes last; of equal values the first
 * by labels wins.
 */
function highest(members: readonly Series[], count: number, sign: 1 | -1, stepCount: number): readonly Series[] {
  const ordered = members.toSorted((a, b) => compareLabels(a.labels, b.labels));
  const kept = ordered.map(({ labels, values }) => ({ labels, values, present: new Uint8Array(stepCount) }));
  for (let k = 0; k < stepCount; k++) {
    const candidates = ordered.keys().filter((i) => ordered[i]!.present[k] === 1);
    const ranked = [...candidates].sort((a, b) => rank(ordered[a]!.values[k]!, ordered[b]!.values[k]!, sign));
    for (const i of ranked.slice(0, count)) {
      kept[i]!.present[k] = 1;
    }
  }
  return kept;
}

function rank(a: number, b: number, sign: 1 | -1): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  return sign * (a < b ? 1 : a > b ? -1 : 0);
}
