import { messageOf, ServiceError, type Matcher, type MatchOperator } from "@sluice/model";
import type { IToken } from "chevrotain";
import { parseGoFloat, printGoFixed } from "../units/go-float.ts";
import { calculate, isSetOperator, precedenceOf } from "./arithmetic.ts";
import type {
  BinaryOperation,
  BinaryOperator,
  Expression,
  Grouping,
  LabelFilterNode,
  LineFilterNode,
  LineFilterOperator,
  LineFilterText,
  LogExpression,
  LogRange,
  MetricExpression,
  NumberLiteral,
  RangeOperation,
  VectorMatching,
  VectorOperation,
} from "./ast.ts";
import { parseExtractingPattern } from "./line-pattern.ts";
import { checkRegex, regexAcceptsEmpty, regexGroupNames } from "./regex-syntax.ts";

/**
 * What is wrong with the meaning of an expression. It takes the expression's place in the tree, because Loki reports
 * it only when the whole query has been read, the outermost first.
 */
export interface Problem {
  readonly kind: "problem";
  readonly message: string;
  /** It was to be a number. */
  readonly isLiteral?: boolean;
}

export type Built<T> = T | Problem;

function problem(message: string): Problem {
  return { kind: "problem", message };
}

/** @throws {ServiceError} `bad_data` when the operator takes a regular expression and the value is none. */
export function checkRegexOf(operator: MatchOperator, value: string): void {
  if (operator === "=~" || operator === "!~") {
    checkRegex(value);
  }
}

const needsMatcher =
  "queries require at least one regexp or equality matcher that does not have an empty-compatible value. " +
  'For instance, app=~".*" does not meet this requirement, but app=~".+" will';

/** Refuses a selector that every stream could fit. */
export function checkedLog(log: LogExpression): Built<LogExpression> {
  return log.matchers.some((matcher) => !acceptsEmpty(matcher)) ? log : problem(needsMatcher);
}

function acceptsEmpty({ operator, value }: Matcher): boolean {
  switch (operator) {
    case "=":
      return value === "";
    case "!=":
      return value !== "";
    case "=~":
      return regexAcceptsEmpty(value);
    case "!~":
      return !regexAcceptsEmpty(value);
  }
}

/** `!= "a" or "b"` means neither: one filter each. */
export function lineFilters(
  operator: LineFilterOperator,
  alternatives: readonly LineFilterText[],
): readonly LineFilterNode[] {
  return operator.startsWith("!")
    ? alternatives.map((text) => ({ kind: "lineFilter", operator, alternatives: [text] }))
    : [{ kind: "lineFilter", operator, alternatives }];
}

/** @throws {ServiceError} `bad_data` with Loki's text when the expression is wrong or names no group. */
export function checkRegexpStage(pattern: string): void {
  try {
    checkGroups(regexGroupNames(pattern));
  } catch (error) {
    throw new ServiceError("bad_data", `invalid regexp parser: ${messageOf(error)}`, { cause: error });
  }
}

function checkGroups(names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) < i);
  if (twice !== undefined) {
    throw new ServiceError("bad_data", `duplicate extracted label name '${twice}'`);
  }
  if (names.length === 0) {
    throw new ServiceError("bad_data", "at least one named capture must be supplied");
  }
}

/** @throws {ServiceError} `bad_data` with Loki's text when the pattern captures nothing or cannot work. */
export function checkPatternStage(pattern: string): void {
  try {
    parseExtractingPattern(pattern);
  } catch (error) {
    throw new ServiceError("bad_data", `invalid pattern parser: ${messageOf(error)}`, { cause: error });
  }
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

const groupable: ReadonlySet<RangeOperation> = new Set([
  "avg_over_time",
  "min_over_time",
  "max_over_time",
  "stddev_over_time",
  "stdvar_over_time",
  "first_over_time",
  "last_over_time",
  "quantile_over_time",
] as const);

/** What counts lines or their bytes and nothing else. */
const withoutUnwrapOnly: ReadonlySet<RangeOperation> = new Set([
  "count_over_time",
  "bytes_over_time",
  "bytes_rate",
] as const);

const unwrapOptional: ReadonlySet<RangeOperation> = new Set(["rate", "absent_over_time"] as const);

export function rangeAggregation(
  operation: RangeOperation,
  range: LogRange,
  parameterText: string | undefined,
  grouping: Grouping | undefined,
): Built<MetricExpression> {
  const parameter = quantileOf(operation, parameterText);
  if (typeof parameter === "object") {
    return parameter;
  }
  const wrong = wrongRange(operation, range.unwrap !== undefined, grouping !== undefined);
  if (wrong !== undefined) {
    return problem(wrong);
  }
  const log = checkedLog(range.log);
  if (log.kind === "problem") {
    return log;
  }
  return {
    kind: "rangeAggregation",
    operation,
    range,
    ...(parameter !== undefined && { parameter }),
    ...(grouping && { grouping }),
  };
}

function quantileOf(operation: RangeOperation, text: string | undefined): Built<number | undefined> {
  if (operation !== "quantile_over_time") {
    return text === undefined ? undefined : problem(`parameter ${text} not supported for operation ${operation}`);
  }
  if (text === undefined) {
    return problem(`parameter required for operation ${operation}`);
  }
  try {
    return parseGoFloat(text);
  } catch (error) {
    return problem(`invalid parameter for operation ${operation}: ${messageOf(error)}`);
  }
}

function wrongRange(operation: RangeOperation, hasUnwrap: boolean, hasGrouping: boolean): string | undefined {
  if (hasGrouping && !groupable.has(operation)) {
    return `grouping not allowed for ${operation} aggregation`;
  }
  if (unwrapOptional.has(operation) || hasUnwrap !== withoutUnwrapOnly.has(operation)) {
    return undefined;
  }
  return `invalid aggregation ${operation} ${hasUnwrap ? "with" : "without"} unwrap`;
}

export function vectorAggregation(
  operation: VectorOperation,
  operand: Built<MetricExpression>,
  parameter: string | undefined,
  grouping: Grouping | undefined,
): Built<MetricExpression> {
  const wrong = wrongVector(operation, parameter, grouping);
  if (wrong !== undefined) {
    return problem(wrong);
  }
  if (operand.kind === "problem") {
    return problem(operand.message);
  }
  const node = {
    kind: "vectorAggregation",
    operation,
    grouping: grouping ?? { without: false, labels: [] },
    operand,
  } as const;
  return parameter === undefined ? node : { ...node, parameter: Number(parameter) };
}

function wrongVector(
  operation: VectorOperation,
  parameter: string | undefined,
  grouping: Grouping | undefined,
): string | undefined {
  switch (operation) {
    case "topk":
    case "bottomk":
      return wrongCount(operation, parameter);
    case "approx_topk":
      return (
        wrongCount(operation, parameter) ??
        (grouping === undefined ? undefined : `grouping not allowed for ${operation} aggregation`)
      );
    case "sort":
    case "sort_desc":
      return (
        unwanted(operation, parameter) ??
        ((grouping?.labels.length ?? 0) === 0 ? undefined : "sort and sort_desc doesn't allow grouping by ")
      );
    default:
      return unwanted(operation, parameter);
  }
}

function wrongCount(operation: string, parameter: string | undefined): string | undefined {
  if (parameter === undefined) {
    return `parameter required for operation ${operation}`;
  }
  if (!/^\d+$/u.test(parameter) || BigInt(parameter) >= 2n ** 63n) {
    return `invalid parameter ${operation}(${parameter},`;
  }
  return Number(parameter) > 0 ? undefined : `invalid parameter (must be greater than 0) ${operation}(${parameter}`;
}

function unwanted(operation: string, parameter: string | undefined): string | undefined {
  return parameter === undefined ? undefined : `unsupported parameter for operation ${operation}(${parameter},`;
}

/** A number as the query has it; Loki reads it without its sign. */
export interface SignedNumber {
  readonly isNegative: boolean;
  readonly text: string;
}

export function literal({ isNegative, text }: SignedNumber): NumberLiteral | Problem {
  try {
    const value = parseGoFloat(text);
    return { kind: "literal", value: isNegative ? -value : value };
  } catch (error) {
    return { ...problem(`unable to parse literal as a float: ${messageOf(error)}`), isLiteral: true };
  }
}

/** @throws {ServiceError} `bad_data` with Loki's text when the number is none. */
export function checkLiteral(number: NumberLiteral | Problem): void {
  if (number.kind === "problem") {
    throw new ServiceError("bad_data", number.message);
  }
}

export function vectorLiteral(text: string): Built<MetricExpression> {
  try {
    return { kind: "vector", value: parseGoFloat(text) };
  } catch (error) {
    return problem(`unable to parse vectorExpr as a float: ${messageOf(error)}`);
  }
}

/** @param texts destination, replacement, source and pattern. */
export function labelReplace(operand: Built<MetricExpression>, texts: readonly string[]): Built<MetricExpression> {
  const [destination, replacement, source, pattern] = texts as readonly [string, string, string, string];
  try {
    checkRegex(`^(?:${pattern})$`);
  } catch (error) {
    return problem(`invalid regex in label_replace: ${messageOf(error)}`);
  }
  return operand.kind === "problem"
    ? problem(operand.message)
    : { kind: "labelReplace", operand, destination, replacement, source, pattern };
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
  if (left.kind === "log") {
    return problem(unexpectedLog("left", operator.operator, left));
  }
  if (right.kind === "log") {
    return problem(unexpectedLog("right", operator.operator, right));
  }
  return badLiteral(left) ?? badLiteral(right) ?? badSet(operator, left, right) ?? combined(operator, left, right);
}

function unexpectedLog(side: string, operator: BinaryOperator, { stages }: LogExpression): string {
  const type = stages.length === 0 ? "MatchersExpr" : "PipelineExpr";
  return `unexpected type for ${side} leg of binary operation (${operator}): *syntax.${type}`;
}

/** Numbers come first: the operation would have been calculated. */
function badLiteral(leg: Built<MetricExpression>): Problem | undefined {
  return leg.kind === "problem" && leg.isLiteral === true ? problem(leg.message) : undefined;
}

function badSet(
  { operator }: Operator,
  left: Built<MetricExpression>,
  right: Built<MetricExpression>,
): Problem | undefined {
  if (!isSetOperator(operator)) {
    return undefined;
  }
  const [side, leg] = left.kind === "literal" ? (["left", left] as const) : (["right", right] as const);
  return leg.kind === "literal"
    ? problem(
        `unexpected literal for ${side} leg of logical/set binary operation (${operator}): ${printGoFixed(leg.value)}`,
      )
    : undefined;
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
