import { printDurationMs, quoteGo, isLabelName, ServiceError, type Matcher } from "@sluice/model";
import { printByteSize } from "../units/byte-size.ts";
import { printGoDuration } from "../units/go-duration.ts";
import { printGoFixed, printGoFloat, printGoGeneral } from "../units/go-float.ts";
import type {
  BinaryOperation,
  Expression,
  Grouping,
  LabelFilterNode,
  LogExpression,
  LogRange,
  StageNode,
  VectorAggregation,
} from "./ast.ts";

/** Prints a query in its canonical form, which Loki's `expr.String()` gives and which parses to the same tree. */
export function printExpression(expression: Expression): string {
  switch (expression.kind) {
    case "log":
      return printLog(expression);
    case "rangeAggregation":
      return `${expression.operation}(${printRange(expression.range)})`;
    case "vectorAggregation":
      return printVectorAggregation(expression);
    case "binary":
      return printBinary(expression);
    case "labelReplace":
      throw new ServiceError("bad_data", `${expression.kind} is not supported`);
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

function printMatcher({ name, operator, value }: Matcher): string {
  return `${isLabelName(name) ? name : quoteGo(name)}${operator}${quoteGo(value)}`;
}

export function printStage(stage: StageNode): string {
  switch (stage.kind) {
    case "lineFilter":
      return `${stage.operator} ${stage.alternatives.map(({ text }) => quoteGo(text)).join(" or ")}`;
    case "json":
      return "| json";
    case "logfmt":
      return `| logfmt${stage.strict ? " --strict" : ""}${stage.keepEmpty ? " --keep-empty" : ""}`;
    default:
      throw new ServiceError("bad_data", `${stage.kind} is not supported`);
    case "labelFilter":
      return `| ${printLabelFilter(stage.filter)}`;
  }
}

function printLabelFilter(filter: LabelFilterNode): string {
  switch (filter.kind) {
    case "text":
      return printMatcher(filter.matcher);
    case "number":
      return `${filter.name}${filter.operator}${printGoFloat(filter.value)}`;
    case "duration":
      return `${filter.name}${filter.operator}${printGoDuration(filter.valueNs)}`;
    case "byteSize":
      return `${filter.name}${filter.operator}${printByteSize(filter.valueBytes)}`;
    default:
      throw new ServiceError("bad_data", `ip() is not supported`);
    case "and":
      return `( ${printLabelFilter(filter.left)} , ${printLabelFilter(filter.right)} )`;
    case "or":
      return `( ${printLabelFilter(filter.left)} or ${printLabelFilter(filter.right)} )`;
  }
}

function printRange({ log, rangeMs, offsetNs }: LogRange): string {
  const offset = offsetNs === 0 ? "" : ` offset ${printGoDuration(offsetNs)}`;
  return `${printLog(log)}[${printDurationMs(rangeMs)}]${offset}`;
}

function printVectorAggregation({ operation, grouping, parameter, operand }: VectorAggregation): string {
  const parameterText = parameter === undefined ? "" : `${parameter},`;
  return `${operation}${printGrouping(grouping)}(${parameterText}${printExpression(operand)})`;
}

function printGrouping({ without, labels }: Grouping): string {
  if (!without && labels.length === 0) {
    return "";
  }
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
