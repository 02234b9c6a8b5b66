import { compareLabels } from "@sluice/model";
import type { Series } from "./series.ts";

/** 1 puts the highest value first, -1 the lowest. */
type Sign = 1 | -1;

/**
 * Keeps the `count` highest or lowest samples of each step. What is no number comes last; of equal values the first by
 * labels is kept. For the one step of an instant query they come in the order of their values.
 */
export function highest(members: readonly Series[], count: number, sign: Sign, stepCount: number): readonly Series[] {
  const ordered = members.toSorted((a, b) => compareLabels(a.labels, b.labels));
  const kept = ordered.map(({ labels, values }) => ({ labels, values, present: new Uint8Array(stepCount) }));
  for (let k = 0; k < stepCount; k++) {
    const candidates: number[] = [];
    for (let i = 0; i < ordered.length; i++) {
      if (ordered[i]!.present[k] === 1) {
        candidates.push(i);
      }
    }
    if (candidates.length > count) {
      candidates.sort((a, b) => rank(ordered[a]!.values[k]!, ordered[b]!.values[k]!, sign));
      candidates.length = count;
    }
    for (const i of candidates) {
      kept[i]!.present[k] = 1;
    }
  }
  return sortByValue(kept, sign, stepCount);
}

/**
 * Sorts the samples of an instant query by value: what is no number comes last, equal values by labels. The series of a
 * range query have no one value; their order is that of labels, whatever is done here.
 */
export function sortByValue(input: readonly Series[], sign: Sign, stepCount: number): readonly Series[] {
  if (stepCount !== 1) {
    return input;
  }
  const found = input.filter(({ present }) => present[0] === 1);
  return found.sort((a, b) => rank(a.values[0]!, b.values[0]!, sign) || compareLabels(a.labels, b.labels));
}

function rank(a: number, b: number, sign: Sign): number {
  if (Number.isNaN(a) || Number.isNaN(b)) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  return sign * (a < b ? 1 : a > b ? -1 : 0);
}
