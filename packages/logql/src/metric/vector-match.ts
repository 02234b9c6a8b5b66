import { labelsFrom, labelValue, ServiceError, type Labels } from "@sluice/model";
import type { BinaryOperation, VectorMatching } from "../syntax/index.ts";
import { setCombined } from "./binary.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { dropLabels, keepLabels, labelsKey, newSeries, withoutEmpty, type Series } from "./series.ts";

/**
 * Evaluates an operation between two vectors at every step: samples whose matching labels agree go together.
 *
 * @throws {ServiceError} `bad_data` with Loki's text when a sample has several partners, or over the budget.
 */
export function combineVectors(
  operation: BinaryOperation,
  left: readonly Series[],
  right: readonly Series[],
  stepCount: number,
  budget: MemoryBudget,
): readonly Series[] {
  switch (operation.operator) {
    case "and":
      return intersect(operation.matching, left, right, stepCount, 1);
    case "unless":
      return intersect(operation.matching, left, right, stepCount, 0);
    case "or":
      return [...left, ...intersect(operation.matching, right, left, stepCount, 0)];
    default:
      return match(operation, left, right, stepCount, budget);
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
  const matches = new Map(
    bySignature(others, matching)
      .entries()
      .map(([signature, group]) => [signature, union(group, stepCount)]),
  );
  return input.map(({ labels, values, present }) => {
    const match = matches.get(labelsKey(signatureLabels(labels, matching)));
    const kept = present.map((isPresent, k) => ((match?.[k] ?? 0) === wanted ? isPresent : 0));
    return { labels, values, present: kept };
  });
}

/** 1 at the steps at which any of the series has a sample. */
function union(group: readonly Series[], stepCount: number): Uint8Array {
  const present = new Uint8Array(stepCount);
  for (const series of group) {
    for (let k = 0; k < stepCount; k++) {
      present[k]! |= series.present[k]!;
    }
  }
  return present;
}

function match(
  operation: BinaryOperation,
  left: readonly Series[],
  right: readonly Series[],
  stepCount: number,
  budget: MemoryBudget,
): readonly Series[] {
  const { matching } = operation;
  const isSwapped = matching.cardinality === "one-to-many";
  const [many, one] = isSwapped ? [right, left] : [left, right];
  const partners = new Map(
    bySignature(one, matching)
      .entries()
      .map(([signature, group]) => [signature, partnersOf(group, isSwapped ? "left" : "right", stepCount)]),
  );
  const results = new MatchResults(operation, isSwapped, many.length, stepCount, budget);
  // In the order of signatures, so that what goes together stands together.
  for (const [signature, group] of bySignature(many, matching)) {
    const found = partners.get(signature);
    for (const series of found === undefined ? [] : group) {
      results.add(series, found!);
    }
  }
  return results.finish();
}

/** The series of one signature, of which one at most has a sample at each step. */
interface Partners {
  readonly group: readonly Series[];
  /** Which of the group it is at a step, from 1; 0 for none. */
  readonly at: Uint32Array;
}

/** @throws {ServiceError} `bad_data` with Loki's text when two series of the "one" side have a sample at a step. */
function partnersOf(group: readonly Series[], side: string, stepCount: number): Partners {
  const at = new Uint32Array(stepCount);
  for (const [i, { present }] of group.entries()) {
    for (let k = 0; k < stepCount; k++) {
      if (present[k] === 0) {
        continue;
      }
      if (at[k] !== 0) {
        throw new ServiceError(
          "bad_data",
          `found duplicate series on the ${side} hand-side` +
            ";many-to-many matching not allowed: matching labels must be unique on one side",
        );
      }
      at[k] = i + 1;
    }
  }
  return { group, at };
}

/** A series with the steps at which two samples met, even where a comparison then dropped the sample. */
interface MatchedSeries extends Series {
  readonly matched: Uint8Array;
}

/** Collects the results of one operation between vectors. */
class MatchResults {
  readonly #operation: BinaryOperation;
  readonly #isSwapped: boolean;
  readonly #manyCount: number;
  readonly #stepCount: number;
  readonly #budget: MemoryBudget;
  readonly #results = new Map<string, MatchedSeries>();

  /**
   * @param isSwapped the "many" side is the right one.
   * @param manyCount how many series it has.
   */
  constructor(
    operation: BinaryOperation,
    isSwapped: boolean,
    manyCount: number,
    stepCount: number,
    budget: MemoryBudget,
  ) {
    this.#operation = operation;
    this.#isSwapped = isSwapped;
    this.#manyCount = manyCount;
    this.#stepCount = stepCount;
    this.#budget = budget;
  }

  finish(): readonly Series[] {
    return [...this.#results.values()];
  }

  /** Adds the steps at which a series of the "many" side and one of its partners have a sample. */
  add(series: Series, { group, at }: Partners): void {
    let partnerNumber = 0;
    let result: MatchedSeries | undefined;
    for (let k = 0; k < this.#stepCount; k++) {
      const number = at[k]!;
      if (series.present[k] === 0 || number === 0) {
        continue;
      }
      const partner = group[number - 1]!;
      if (result === undefined || number !== partnerNumber) {
        result = this.#resultOf(resultLabels(series.labels, partner.labels, this.#operation.matching));
        partnerNumber = number;
      }
      this.#combine(result, k, series.values[k]!, partner.values[k]!);
    }
  }

  #resultOf(labels: Labels): MatchedSeries {
    const key = labelsKey(labels);
    let result = this.#results.get(key);
    if (result === undefined) {
      // A series that meets many partners, one after the other, becomes as many: they are not those the budget knows.
      if (this.#results.size >= this.#manyCount) {
        this.#budget.reserve(this.#stepCount);
      }
      result = { ...newSeries(labels, this.#stepCount), matched: new Uint8Array(this.#stepCount) };
      this.#results.set(key, result);
    }
    return result;
  }

  #combine(result: MatchedSeries, k: number, many: number, one: number): void {
    const { operator, returnBool, matching } = this.#operation;
    if (result.matched[k] === 1) {
      throw new ServiceError(
        "bad_data",
        matching.cardinality === "one-to-one"
          ? "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
          : "multiple matches for labels: grouping labels must ensure unique matches",
      );
    }
    result.matched[k] = 1;
    const [left, right] = this.#isSwapped ? [one, many] : [many, one];
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
