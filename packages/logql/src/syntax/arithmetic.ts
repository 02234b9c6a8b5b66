import { goPow } from "../units/go-pow.ts";
import type { BinaryOperator, ComparisonOperator } from "./ast.ts";

/** Binding strength, weakest first; `^` alone binds to the right. */
const precedences: Readonly<Record<BinaryOperator, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  "==": 3,
  "!=": 3,
  ">": 3,
  ">=": 3,
  "<": 3,
  "<=": 3,
  "+": 4,
  "-": 4,
  "*": 5,
  "/": 5,
  "%": 5,
  "^": 6,
};

export function precedenceOf(operator: BinaryOperator): number {
  return precedences[operator];
}

export function isSetOperator(operator: BinaryOperator): boolean {
  return operator === "and" || operator === "or" || operator === "unless";
}

export function isComparison(operator: BinaryOperator): operator is ComparisonOperator {
  return precedences[operator] === 3;
}

/** Whether the comparison holds; nothing but `!=` holds for NaN. */
export function compare(operator: ComparisonOperator, left: number, right: number): boolean {
  switch (operator) {
    case "==":
      return left === right;
    case "!=":
      return left !== right;
    case ">":
      return left > right;
    case ">=":
      return left >= right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
  }
}

/**
 * The number that an arithmetic operator or comparison (0 or 1) gives. Dividing by zero is NaN, as in Loki and unlike
 * PromQL.
 */
export function calculate(operator: BinaryOperator, left: number, right: number): number {
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
    case "and":
    case "or":
    case "unless":
      throw new Error(`${operator} does not calculate`);
    default:
      return compare(operator, left, right) ? 1 : 0;
  }
}
