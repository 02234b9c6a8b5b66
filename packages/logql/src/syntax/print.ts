import { printDurationMs, quoteGo, type Matcher } from "@sluice/model";
import { printGoDuration } from "../units/go-duration.ts";
import { printGoFixed, printGoFloat, printGoGeneral } from "../units/go-float.ts";
import type {
  BinaryOperation,
  Expression,
  Grouping,
  LabelReplace,
  LogExpression,
  LogRange,
  RangeAggregation,
  Unwrap,
  VectorAggregation,
} from "./ast.ts";
import { printLabelFilter, printMatcher, printStage } from "./print-stage.ts";

/**
 * Prints a query in its canonical form, which Loki's `expr.String()` gives. It parses to the same tree, but for what
 * Loki's text loses: sizes are rounded (`1.5KiB` is `1.5kB`), and a calculated `NaN` or `+Inf` is no number of a query.
 */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "log":
      return printLog(expression);
    case "rangeAggregation":
      return printRangeAggregation(expression);
    case "vectorAggregation":
      return printVectorAggregation(expression);
    case "binary":
      return printBinary(expression);
    case "labelReplace":
      return printLabelReplace(expression);
    case "literal":
      return printGoGeneral(expression.value);
    case "vector":
      return `vector(${printGoFixed(expression.value)})`;
  }
}

function printLog({ matchers, stages }: LogExpression): string {
  return [printMatchers(matchers), ...stages.map(printStage)].join(" ");
}

/** The canonical text of a selector: `{a="b", c=~"d"}`. */
export function printMatchers(matchers: readonly Matcher[]): string {
  return `{${matchers.map(printMatcher).join(", ")}}`;
}

/** Loki's spaces: one before what follows the selector, none between it and the range. */
function printUnwrap({ label, conversion, filters }: Unwrap): string {
  const value = conversion === undefined ? label : `${conversion}(${label})`;
  return [` | unwrap ${value}`, ...filters.map((filter) => ` | ${printLabelFilter(filter)}`)].join("");
}

function printRange({ log, unwrap, rangeMs, offsetNs }: LogRange): string {
  const offset = offsetNs === 0 ? "" : ` offset ${printGoDuration(offsetNs)}`;
  return `${printLog(log)}${unwrap === undefined ? "" : printUnwrap(unwrap)}[${printDurationMs(rangeMs)}]${offset}`;
}

function printRangeAggregation({ operation, parameter, range, grouping }: RangeAggregation): string {
  const parameterText = parameter === undefined ? "" : `${printGoFloat(parameter)},`;
  const groupingText = grouping === undefined ? "" : printGrouping(grouping);
  return `${operation}(${parameterText}${printRange(range)})${groupingText}`;
}

function printVectorAggregation({ operation, grouping, parameter, operand }: VectorAggregation): string {
  const parameterText = parameter === undefined ? "" : `${parameter},`;
  const isAll = !grouping.without && grouping.labels.length === 0;
  return `${operation}${isAll ? "" : printGrouping(grouping)}(${parameterText}${printExpression(operand)})`;
}

function printGrouping({ without, labels }: Grouping): string {
  return ` ${without ? "without" : "by"} (${labels.join(",")})`;
}

function printBinary({ operator, returnBool, matching, left, right }: BinaryOperation): string {
  let text = returnBool ? `${operator} bool` : operator;
  const { on, labels, cardinality, include } = matching;
  if (on || labels.length > 0) {
    const names = { "one-to-one": "", "many-to-one": "group_left", "one-to-many": "group_right" };
    const included = include === undefined ? "" : ` (${include.join(",")})`;
    text += ` ${on ? "on" : "ignoring"} (${labels.join(",")}) ${names[cardinality]}${included}`;
  }
  return `(${printExpression(left)} ${text} ${printExpression(right)})`;
}

function printLabelReplace({ operand, destination, replacement, source, pattern }: LabelReplace): string {
  const texts = [destination, replacement, source, pattern].map(quoteGo);
  return `label_replace(${[printExpression(operand), ...texts].join(",")})`;
}
