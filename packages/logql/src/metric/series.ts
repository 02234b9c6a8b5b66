import type { Labels } from "@sluice/model";

/**
 * One series over all steps of a query: the value at step `k` is `values[k]`, and there is none unless `present[k]` is
 * 1.
 */
export interface Series {
  readonly labels: Labels;
  readonly values: Float64Array;
  readonly present: Uint8Array;
}

export function newSeries(labels: Labels, stepCount: number): Series {
  return { labels, values: new Float64Array(stepCount), present: new Uint8Array(stepCount) };
}

/** A text that two label sets share only when they are equal. */
export function labelsKey(labels: Labels): string {
  let key = "";
  for (const { name, value } of labels) {
    key += `${name}\u0000${value.length}\u0000${value}`;
  }
  return key;
}

export function keepLabels(labels: Labels, names: readonly string[]): Labels {
  return labels.filter(({ name }) => names.includes(name));
}

export function dropLabels(labels: Labels, names: readonly string[]): Labels {
  return labels.filter(({ name }) => !names.includes(name));
}

/** Labels that are there with an empty value count as missing wherever labels are put together anew. */
export function withoutEmpty(labels: Labels): Labels {
  return labels.some(({ value }) => value === "") ? labels.filter(({ value }) => value !== "") : labels;
}
