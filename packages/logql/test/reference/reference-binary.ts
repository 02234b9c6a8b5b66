import { labelsFrom, labelValue, printLabels, type Labels } from "@sluice/model";
import type { BinaryOperation, BinaryOperator, ComparisonOperator, VectorMatching } from "../../src/syntax/index.ts";
import { goPow } from "../../src/units/go-pow.ts";
import { holds } from "./reference-pipeline.ts";
import type { ReferenceSample } from "./reference-vector.ts";

/**
 * Combines two vectors of one instant.
 *
 * @param numberSide the side that is a number and not a vector: it goes with every sample of the other side.
 */
export function combine(
  operation: BinaryOperation,
  left: readonly ReferenceSample[],
  right: readonly ReferenceSample[],
  numberSide: "left" | "right" | undefined,
): readonly ReferenceSample[] {
  const { operator, matching } = operation;
  if (numberSide !== undefined) {
    const number = (numberSide === "left" ? left : right)[0]!.value;
    return (numberSide === "left" ? right : left).flatMap(({ labels, value }) => {
      const pair = numberSide === "left" ? ([number, value] as const) : ([value, number] as const);
      return result(operation, labels, ...pair, value);
    });
  }
  const signature = ({ labels }: ReferenceSample): string => printLabels(matched(labels, matching));
  const isIn = (side: readonly ReferenceSample[], sample: ReferenceSample): boolean =>
    side.some((other) => signature(other) === signature(sample));
  switch (operator) {
    case "and":
      return left.filter((sample) => isIn(right, sample));
    case "unless":
      return left.filter((sample) => !isIn(right, sample));
    case "or":
      return [...left, ...right.filter((sample) => !isIn(left, sample))];
    default:
      return match(operation, left, right, signature);
  }
}

function match(
  operation: BinaryOperation,
  left: readonly ReferenceSample[],
  right: readonly ReferenceSample[],
  signature: (sample: ReferenceSample) => string,
): readonly ReferenceSample[] {
  const { matching } = operation;
  const isSwapped = matching.cardinality === "one-to-many";
  const [many, one] = isSwapped ? [right, left] : [left, right];
  if (new Set(one.map(signature)).size < one.length) {
    throw new Error("found duplicate series");
  }
  const done = new Set<string>();
  return many.flatMap((sample) => {
    const partner = one.find((other) => signature(other) === signature(sample));
    if (partner === undefined) {
      return [];
    }
    const labels = resultLabels(sample.labels, partner.labels, matching);
    const place = printLabels(labels);
    if (done.has(place)) {
      throw new Error("multiple matches for labels");
    }
    done.add(place);
    const [a, b] = isSwapped ? [partner.value, sample.value] : [sample.value, partner.value];
    return result(operation, labels, a, b, a);
  });
}

function matched(labels: Labels, { on, labels: names }: VectorMatching): Labels {
  return labels.filter(({ name, value }) => names.includes(name) === on && value !== "");
}

function resultLabels(many: Labels, one: Labels, matching: VectorMatching): Labels {
  if (matching.cardinality === "one-to-one") {
    return matched(many, matching);
  }
  const included = matching.include ?? [];
  const lent = included.map((name) => ({ name, value: labelValue(one, name) }));
  const kept = many.filter(({ name }) => !included.includes(name));
  return labelsFrom([...kept, ...lent]).filter(({ value }) => value !== "");
}

const comparisons: ReadonlySet<BinaryOperator> = new Set(["==", "!=", ">", ">=", "<", "<="]);

/** No sample when a comparison filters it out. */
function result(
  { operator, returnBool }: BinaryOperation,
  labels: Labels,
  left: number,
  right: number,
  kept: number,
): readonly ReferenceSample[] {
  if (!comparisons.has(operator)) {
    return [{ labels, value: calculate(operator, left, right) }];
  }
  const isTrue = holds(operator as ComparisonOperator, left, right);
  if (returnBool) {
    return [{ labels, value: isTrue ? 1 : 0 }];
  }
  return isTrue ? [{ labels, value: kept }] : [];
}

function calculate(operator: BinaryOperator, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return right === 0 ? Number.NaN : left / right;
    case "%":
      return right === 0 ? Number.NaN : left % right;
    case "^":
      return goPow(left, right);
    default:
      throw new Error(`${operator} does not calculate`);
  }
}
