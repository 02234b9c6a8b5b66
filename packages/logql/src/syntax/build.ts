import { compileMatcher, messageOf, type Matcher } from "@sluice/model";
import type { IToken } from "chevrotain";
import { printGoFixed } from "../units/go-float.ts";
import { calculate, isSetOperator, precedenceOf } from "./arithmetic.ts";
import type {
  BinaryOperation,
  BinaryOperator,
  Expression,
  Grouping,
  LabelFilterNode,
  LineFilterNode,
  LineFilterOperator,
  LogExpression,
  LogRange,
  MetricExpression,
  RangeOperation,
  VectorMatching,
  VectorOperation,
} from "./ast.ts";
import { semanticError } from "./syntax-error.ts";

/**
 * What is wrong with the meaning of an expression. It takes the expression's place in the tree, because Loki reports
 * it only when the whole query has been read, the outermost first.
 */
export interface Problem {
  readonly kind: "problem";
  readonly message: string;
}

export type Built<T> = T | Problem;

function problem(message: string): Problem {
  return { kind: "problem", message };
}

/** @throws {ServiceError} `bad_data` at once when the regular expression is wrong, as Loki does. */
export function checkedMatcher(matcher: Matcher): Matcher {
  try {
    compileMatcher(matcher);
  } catch (error) {
    throw semanticError(messageOf(error), error);
  }
  return matcher;
}

const needsMatcher =
  "queries require at least one regexp or equality matcher that does not have an empty-compatible value. " +
  'For instance, app=~".*" does not meet this requirement, but app=~".+" will';

/** Refuses a selector that every stream could fit. */
export function checkedLog(log: LogExpression): Built<LogExpression> {
  const selects = log.matchers.some((matcher) => !compileMatcher(matcher)(""));
  return selects ? log : problem(needsMatcher);
}

/** `!= "a" or "b"` means neither: one filter each. */
export function lineFilters(operator: LineFilterOperator, alternatives: readonly string[]): LineFilterNode[] {
  return operator.startsWith("!")
    ? alternatives.map((text) => ({ kind: "lineFilter", operator, alternatives: [{ kind: "text", text }] }))
    : [{ kind: "lineFilter", operator, alternatives: alternatives.map((text) => ({ kind: "text", text })) }];
}

/** How two label filters are joined; undefined is juxtaposition, which means "and". */
export type LabelFilterJoin = "and" | "or" | "," | undefined;

/**
 * Makes a tree of label filters in a row: `and` binds tighter than `or`, both to the left. A comma and juxtaposition
 * have no precedence in Loki's grammar: whatever follows them becomes their right side.
 */
export function labelFilterTree(
  operands: readonly LabelFilterNode[],
  joins: readonly LabelFilterJoin[],
): LabelFilterNode {
  let next = 0;
  const read = (strengthMin: number): LabelFilterNode => {
    let left = operands[next]!;
    while (next < joins.length) {
      const join = joins[next];
      const strength = join === "or" ? 1 : join === "and" ? 2 : 3;
      if (strength < strengthMin) {
        break;
      }
      next += 1;
      const right = read(strength === 3 ? 0 : strength + 1);
      left = { kind: join === "or" ? "or" : "and", left, right };
    }
    return left;
  };
  return read(0);
}

export function rangeAggregation(
  operation: RangeOperation,
  range: LogRange,
  parameter: string | undefined,
  grouping: Grouping | undefined,
): Built<MetricExpression> {
  if (parameter !== undefined) {
    return problem(`parameter ${parameter} not supported for operation ${operation}`);
  }
  if (grouping !== undefined) {
    return problem(`grouping not allowed for ${operation} aggregation`);
  }
  const log = checkedLog(range.log);
  return log.kind === "problem" ? log : { kind: "rangeAggregation", operation, range };
}

export function vectorAggregation(
  operation: VectorOperation,
  operand: Built<MetricExpression>,
  parameter: string | undefined,
  grouping: Grouping | undefined,
): Built<MetricExpression> {
  const wantsParameter = operation === "topk" || operation === "bottomk";
  const wrong = wantsParameter ? wrongCount(operation, parameter) : unwanted(operation, parameter);
  if (wrong !== undefined) {
    return problem(wrong);
  }
  if (operand.kind === "problem") {
    return operand;
  }
  const node = {
    kind: "vectorAggregation",
    operation,
    grouping: grouping ?? { without: false, labels: [] },
    operand,
  } as const;
  return parameter === undefined ? node : { ...node, parameter: Number(parameter) };
}

function wrongCount(operation: string, parameter: string | undefined): string | undefined {
  if (parameter === undefined) {
    return `parameter required for operation ${operation}`;
  }
  if (!/^\d+$/u.test(parameter)) {
    return `invalid parameter ${operation}(${parameter},`;
  }
  return Number(parameter) > 0 ? undefined : `invalid parameter (must be greater than 0) ${operation}(${parameter}`;
}

function unwanted(operation: string, parameter: string | undefined): string | undefined {
  return parameter === undefined ? undefined : `unsupported parameter for operation ${operation}(${parameter},`;
}

/** An operator between two operands, with its modifiers. */
export interface Operator {
  readonly operator: BinaryOperator;
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
}

export type Operand = Built<Expression>;

/** Makes a tree of operands and operators in a row, by precedence; `^` binds to the right. */
export function binaryTree(operands: readonly Operand[], operators: readonly Operator[]): Operand {
  let next = 0;
  const read = (precedenceMin: number): Operand => {
    let left = operands[next]!;
    while (next < operators.length) {
      const operator = operators[next]!;
      const precedence = precedenceOf(operator.operator);
      if (precedence < precedenceMin) {
        break;
      }
      next += 1;
      left = binary(operator, left, read(operator.operator === "^" ? precedence : precedence + 1));
    }
    return left;
  };
  return read(0);
}

function binary(operator: Operator, left: Operand, right: Operand): Built<MetricExpression> {
  const { operator: sign } = operator;
  for (const [side, leg] of [
    ["left", left],
    ["right", right],
  ] as const) {
    if (leg.kind === "log") {
      const type = leg.stages.length === 0 ? "MatchersExpr" : "PipelineExpr";
      return problem(`unexpected type for ${side} leg of binary operation (${sign}): *syntax.${type}`);
    }
    if (leg.kind === "literal" && isSetOperator(sign)) {
      const value = printGoFixed(leg.value);
      return problem(`unexpected literal for ${side} leg of logical/set binary operation (${sign}): ${value}`);
    }
  }
  // The loop returned for every other kind, which the compiler cannot see.
  const legs = [left, right] as readonly Built<MetricExpression>[];
  return combined(operator, legs[0]!, legs[1]!);
}

function combined(
  operator: Operator,
  left: Built<MetricExpression>,
  right: Built<MetricExpression>,
): Built<MetricExpression> {
  if (left.kind === "problem") {
    return left;
  }
  if (right.kind === "problem") {
    return right;
  }
  if (left.kind === "literal" && right.kind === "literal") {
    return { kind: "literal", value: calculate(operator.operator, left.value, right.value) };
  }
  return { kind: "binary", ...operator, left, right } satisfies BinaryOperation;
}

/** The function or keyword that a token stands for, in the lower case of the tree. */
export function wordOf(token: IToken): string {
  return token.image.toLowerCase();
}
