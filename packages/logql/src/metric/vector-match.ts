import { labelsFrom, labelValue, ServiceError, type Labels } from "@sluice/model";
import type { BinaryOperation, VectorMatching } from "../syntax/index.ts";
import { setCombined } from "./binary.ts";
import { dropLabels, keepLabels, labelsKey, newSeries, withoutEmpty, type Series } from "./series.ts";

/** Evaluates an operation between two vectors at every step: samples whose matching labels agree go together. */
export function combineVectors(
  operation: BinaryOperation,
  left: readonly Series[],
  right: readonly Series[],
  stepCount: number,
): readonly Series[] {
  switch (operation.operator) {
    case "and":
      return intersect(operation.matching, left, right, stepCount, 1);
    case "unless":
      return intersect(operation.matching, left, right, stepCount, 0);
    case "or":
      return [...left, ...intersect(operation.matching, right, left, stepCount, 0)];
    default:
      return match(operation, left, right, stepCount);
  }
}

function signatureLabels(labels: Labels, { on, labels: names }: VectorMatching): Labels {
  return withoutEmpty(on ? keepLabels(labels, names) : dropLabels(labels, names));
}

function bySignature(input: readonly Series[], matching: VectorMatching): ReadonlyMap<string, readonly Series[]> {
  return Map.groupBy(input, ({ labels }) => labelsKey(signatureLabels(labels, matching)));
}

/** The samples of `input` for which `others` has a match at the same step (`wanted` 1), or has none (0). */
function intersect(
  matching: VectorMatching,
  input: readonly Series[],
  others: readonly Series[],
  stepCount: number,
  wanted: 0 | 1,
): readonly Series[] {
  const groups = bySignature(others, matching);
  return input.map(({ labels, values, present }) => {
    const group = groups.get(labelsKey(signatureLabels(labels, matching))) ?? [];
    const kept = new Uint8Array(stepCount);
    for (let k = 0; k < stepCount; k++) {
      const isMatched = group.some((other) => other.present[k] === 1);
      kept[k] = isMatched === (wanted === 1) ? present[k]! : 0;
    }
    return { labels, values, present: kept };
  });
}

/** A series with the steps at which two samples met, even where a comparison then dropped the sample. */
interface MatchedSeries extends Series {
  readonly matched: Uint8Array;
}

function match(
  operation: BinaryOperation,
  left: readonly Series[],
  right: readonly Series[],
  stepCount: number,
): readonly Series[] {
  const { matching } = operation;
  const isSwapped = matching.cardinality === "one-to-many";
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const ones = bySignature(one, matching);
  checkUnique(ones, isSwapped ? "left" : "right", stepCount);
  const results = new Map<string, MatchedSeries>();
  for (const [signature, group] of bySignature(many, matching)) {
    for (const partner of ones.get(signature) ?? []) {
      for (const series of group) {
        matchPair(operation, series, partner, isSwapped, stepCount, results);
      }
    }
  }
  return [...results.values()];
}

/** The "one" side may have only one sample for each signature at a step. */
function checkUnique(groups: ReadonlyMap<string, readonly Series[]>, side: string, stepCount: number): void {
  for (const group of groups.values()) {
    for (let k = 0; group.length > 1 && k < stepCount; k++) {
      if (group.filter(({ present }) => present[k] === 1).length > 1) {
        throw new ServiceError(
          "bad_data",
          `found duplicate series on the ${side} hand-side` +
            ";many-to-many matching not allowed: matching labels must be unique on one side",
        );
      }
    }
  }
}

/** Adds the steps at which both have a sample. */
function matchPair(
  { operator, returnBool, matching }: BinaryOperation,
  series: Series,
  partner: Series,
  isSwapped: boolean,
  stepCount: number,
  results: Map<string, MatchedSeries>,
): void {
  const labels = resultLabels(series.labels, partner.labels, matching);
  const key = labelsKey(labels);
  const result = results.get(key) ?? { ...newSeries(labels, stepCount), matched: new Uint8Array(stepCount) };
  results.set(key, result);
  for (let k = 0; k < stepCount; k++) {
    if (series.present[k] === 0 || partner.present[k] === 0) {
      continue;
    }
    if (result.matched[k] === 1) {
      throw new ServiceError(
        "bad_data",
        matching.cardinality === "one-to-one"
          ? "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
          : "multiple matches for labels: grouping labels must ensure unique matches",
      );
    }
    result.matched[k] = 1;
    const [left, right] = isSwapped ? [partner.values[k]!, series.values[k]!] : [series.values[k]!, partner.values[k]!];
    setCombined(result, k, operator, returnBool, left, right, left);
  }
}

function resultLabels(many: Labels, one: Labels, matching: VectorMatching): Labels {
  if (matching.cardinality === "one-to-one") {
    return signatureLabels(many, matching);
  }
  const names = matching.include ?? [];
  const lent = names.map((name) => ({ name, value: labelValue(one, name) })).filter(({ value }) => value !== "");
  return withoutEmpty(labelsFrom([...dropLabels(many, names), ...lent]));
}
