import { noLabels } from "@sluice/model";
import type { Execution } from "../execution.ts";
import type {
  BinaryOperation,
  Grouping,
  MetricExpression,
  RangeAggregation,
  VectorAggregation,
} from "../syntax/index.ts";
import { combineWithNumber } from "./binary.ts";
import { replaceLabel } from "./label-replace.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { aggregateRange } from "./range-aggregate.ts";
import type { Series } from "./series.ts";
import type { Steps } from "./steps.ts";
import { aggregateVector } from "./vector-aggregate.ts";
import { combineVectors } from "./vector-match.ts";

/** Evaluates a metric expression at every step. A series may come without any sample. */
export function evaluate(expression: MetricExpression, steps: Steps, execution: Execution): Promise<readonly Series[]> {
  return evaluateNode(expression, { steps, execution, budget: new MemoryBudget() });
}

/** What all nodes of an expression share. */
interface Evaluation {
  readonly steps: Steps;
  readonly execution: Execution;
  readonly budget: MemoryBudget;
}

/** Lets other work run after every node: operations on many series take their time, too. */
async function evaluateNode(expression: MetricExpression, evaluation: Evaluation): Promise<readonly Series[]> {
  const series = await seriesOf(expression, evaluation);
  await evaluation.execution.pacer.pause();
  return series;
}

async function seriesOf(expression: MetricExpression, evaluation: Evaluation): Promise<readonly Series[]> {
  const { steps, budget } = evaluation;
  switch (expression.kind) {
    case "rangeAggregation":
      return evaluateRange(expression, undefined, evaluation);
    case "vectorAggregation":
      return aggregateVector(expression, await evaluateOperand(expression, evaluation), steps);
    case "binary":
      return evaluateBinary(expression, evaluation);
    case "labelReplace":
      return replaceLabel(expression, await evaluateNode(expression.operand, evaluation));
    case "literal":
    case "vector":
      budget.reserve(steps.count);
      return [constant(expression.value, steps.count)];
  }
}

function evaluateRange(
  expression: RangeAggregation,
  outer: Grouping | undefined,
  { steps, execution, budget }: Evaluation,
): Promise<readonly Series[]> {
  return aggregateRange(expression, outer, steps, execution, budget);
}

/** A `sum` tells the range aggregation inside it which labels matter. */
function evaluateOperand(
  { operation, operand, grouping }: VectorAggregation,
  evaluation: Evaluation,
): Promise<readonly Series[]> {
  return operation === "sum" && operand.kind === "rangeAggregation"
    ? evaluateRange(operand, grouping, evaluation)
    : evaluateNode(operand, evaluation);
}

async function evaluateBinary(operation: BinaryOperation, evaluation: Evaluation): Promise<readonly Series[]> {
  const { left, right } = operation;
  const { budget, steps } = evaluation;
  const { count } = steps;
  if (left.kind === "literal") {
    return combineWithNumber(operation, await evaluateNode(right, evaluation), left.value, "left", count);
  }
  const input = await evaluateNode(left, evaluation);
  if (right.kind === "literal") {
    return combineWithNumber(operation, input, right.value, "right", count);
  }
  return combineVectors(operation, input, await evaluateNode(right, evaluation), count, budget);
}

function constant(value: number, stepCount: number): Series {
  return {
    labels: noLabels,
    values: new Float64Array(stepCount).fill(value),
    present: new Uint8Array(stepCount).fill(1),
  };
}
