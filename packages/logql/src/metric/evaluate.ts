import { noLabels } from "@sluice/model";
import type { Execution } from "../execution.ts";
import type { BinaryOperation, MetricExpression, VectorAggregation } from "../syntax/index.ts";
import { combineWithNumber } from "./binary.ts";
import { replaceLabel } from "./label-replace.ts";
import { aggregateRange } from "./range-aggregate.ts";
import type { Series } from "./series.ts";
import type { Steps } from "./steps.ts";
import { aggregateVector } from "./vector-aggregate.ts";
import { combineVectors } from "./vector-match.ts";

/** Evaluates a metric expression at every step. A series may come without any sample. */
export async function evaluate(
  expression: MetricExpression,
  steps: Steps,
  execution: Execution,
): Promise<readonly Series[]> {
  switch (expression.kind) {
    case "rangeAggregation":
      return aggregateRange(expression, undefined, steps, execution);
    case "vectorAggregation":
      return aggregateVector(expression, await evaluateOperand(expression, steps, execution), steps);
    case "binary":
      return evaluateBinary(expression, steps, execution);
    case "labelReplace":
      return replaceLabel(expression, await evaluate(expression.operand, steps, execution));
    case "literal":
    case "vector":
      return [constant(expression.value, steps.count)];
  }
}

/** A `sum` tells the range aggregation inside it which labels matter. */
function evaluateOperand(
  { operation, operand, grouping }: VectorAggregation,
  steps: Steps,
  execution: Execution,
): Promise<readonly Series[]> {
  return operation === "sum" && operand.kind === "rangeAggregation"
    ? aggregateRange(operand, grouping, steps, execution)
    : evaluate(operand, steps, execution);
}

async function evaluateBinary(
  operation: BinaryOperation,
  steps: Steps,
  execution: Execution,
): Promise<readonly Series[]> {
  const { left, right } = operation;
  if (left.kind === "literal") {
    const input = await evaluate(right, steps, execution);
    return combineWithNumber(operation, input, left.value, "left", steps.count);
  }
  const input = await evaluate(left, steps, execution);
  if (right.kind === "literal") {
    return combineWithNumber(operation, input, right.value, "right", steps.count);
  }
  return combineVectors(operation, input, await evaluate(right, steps, execution), steps.count);
}

function constant(value: number, stepCount: number): Series {
  return {
    labels: noLabels,
    values: new Float64Array(stepCount).fill(value),
    present: new Uint8Array(stepCount).fill(1),
  };
}
