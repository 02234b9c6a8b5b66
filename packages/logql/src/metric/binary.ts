import { calculate, compare, isComparison, type BinaryOperation, type BinaryOperator } from "../syntax/index.ts";
import { newSeries, type Series } from "./series.ts";

/**
 * Evaluates an operation between a vector and a number at every step. A comparison drops the samples for which it does
 * not hold and keeps the value of the others; with `bool` it gives 0 or 1.
 *
 * @param side the side that the number stands on.
 */
export function combineWithNumber(
  { operator, returnBool }: BinaryOperation,
  input: readonly Series[],
  number: number,
  side: "left" | "right",
  stepCount: number,
): readonly Series[] {
  return input.map(({ labels, values, present }) => {
    const result = newSeries(labels, stepCount);
    for (let k = 0; k < stepCount; k++) {
      if (present[k] === 1) {
        const value = values[k]!;
        const [left, right] = side === "left" ? [number, value] : [value, number];
        setCombined(result, k, operator, returnBool, left, right, value);
      }
    }
    return result;
  });
}

/**
 * Sets the sample of step `k` to what the operator gives, or to `kept` when it is a comparison that filters; leaves it
 * out when the comparison does not hold.
 */
export function setCombined(
  result: Series,
  k: number,
  operator: BinaryOperator,
  returnBool: boolean,
  left: number,
  right: number,
  kept: number,
): void {
  if (isComparison(operator) && !returnBool) {
    if (!compare(operator, left, right)) {
      return;
    }
    result.values[k] = kept;
  } else {
    result.values[k] = calculate(operator, left, right);
  }
  result.present[k] = 1;
}
