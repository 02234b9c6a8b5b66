import { printDurationMs, quoteGo } from "@sluice/model";
import { printGoDuration } from "../units/go-duration.ts";
import { printGoGeneral } from "../units/go-float.ts";
import { precedenceOf } from "./arithmetic.ts";
import type {
  BinaryOperation,
  Expression,
  Grouping,
  LabelReplace,
  LineFilterNode,
  LogExpression,
  LogRange,
  MetricExpression,
  RangeAggregation,
  StageNode,
  VectorAggregation,
  VectorMatching,
} from "./ast.ts";
import { printExpression, printMatchers } from "./print.ts";
import { printLabelFilter, printStage } from "./print-stage.ts";

/** What is longer, in bytes, gets lines of its own. */
const lineBytesMax = 100;
const dayNs = 86_400 * 1e9;

/**
 * Prints a query for people to read, as Loki's `format_query` does: canonical where it is short, else a line for each
 * part, two spaces deeper than the whole. Where Loki's text would mean something else than the query (it leaves out the
 * alternatives of long line filters, parentheses between operators, `on ()`, empty groupings and parts of milliseconds in
 * offsets), ours keeps what is missing; and where it could not be read (an offset of negative days), ours can. Sizes are
 * rounded as in {@link printExpression}.
 */
export function prettyPrint(expression: Expression): string {
  return pretty(expression, 0, new Map());
}

/** The canonical text of each expression that is short, found once for each. */
type ShortTexts = Map<Expression, string | undefined>;

function pretty(expression: Expression, level: number, texts: ShortTexts): string {
  if (expression.kind === "log") {
    return prettyLog(expression, level);
  }
  const short = shortText(expression, texts);
  if (short !== undefined) {
    return indent(level) + short;
  }
  switch (expression.kind) {
    case "rangeAggregation":
      return prettyRangeAggregation(expression, level);
    case "vectorAggregation":
      return prettyVectorAggregation(expression, level, texts);
    case "binary":
      return prettyBinary(expression, level, texts);
    case "labelReplace":
      return prettyLabelReplace(expression, level, texts);
    case "literal":
    case "vector":
      return indent(level) + printExpression(expression);
  }
}

/** Undefined when it is long, which it is with anything long in it: so no text is printed over and over. */
function shortText(expression: MetricExpression, texts: ShortTexts): string | undefined {
  if (!texts.has(expression)) {
    const hasLongPart = operandsOf(expression).some((operand) => shortText(operand, texts) === undefined);
    const text = hasLongPart ? undefined : printExpression(expression);
    texts.set(expression, text !== undefined && isShort(text) ? text : undefined);
  }
  return texts.get(expression);
}

function operandsOf(expression: MetricExpression): readonly MetricExpression[] {
  switch (expression.kind) {
    case "vectorAggregation":
    case "labelReplace":
      return [expression.operand];
    case "binary":
      return [expression.left, expression.right];
    default:
      return [];
  }
}

function indent(level: number): string {
  return "  ".repeat(level);
}

function isShort(canonical: string): boolean {
  return canonical.length <= lineBytesMax && new TextEncoder().encode(canonical).length <= lineBytesMax;
}

function prettyLog(log: LogExpression, level: number): string {
  const canonical = printExpression(log);
  if (log.stages.length === 0 || isShort(canonical)) {
    return indent(level) + canonical;
  }
  return [indent(level) + printMatchers(log.matchers), ...prettyStages(log.stages, level + 1)].join("\n");
}

function prettyStages(stages: readonly StageNode[], level: number): readonly string[] {
  const lines: string[] = [];
  let row: LineFilterNode[] = [];
  const endRow = (): void => {
    lines.push(...prettyLineFilters(row).map((line) => indent(level) + line));
    row = [];
  };
  for (const stage of stages) {
    if (stage.kind === "lineFilter") {
      row.push(stage);
    } else {
      endRow();
      // Loki forgets to indent this one.
      lines.push((stage.kind === "decolorize" ? "" : indent(level)) + printStage(stage));
    }
  }
  endRow();
  return lines;
}

/** The first filters share a line as long as it is short; each other has its own. */
function prettyLineFilters(row: readonly LineFilterNode[]): readonly string[] {
  const texts = row.map(printStage);
  if (texts.length === 0) {
    return [];
  }
  let first = texts[0]!;
  let count = 1;
  for (; count < texts.length; count++) {
    const longer = `${first} ${texts[count]!}`;
    if (!isShort(longer)) {
      break;
    }
    first = longer;
  }
  return [first, ...texts.slice(count)];
}

function prettyRange({ log, unwrap, rangeMs, offsetNs }: LogRange, level: number): string {
  const lines = [prettyLog(log, level)];
  if (unwrap !== undefined) {
    const { label, conversion, filters } = unwrap;
    const inner = indent(level + 1);
    lines.push(`${inner}| unwrap ${conversion === undefined ? label : `${conversion}(${label})`}`);
    lines.push(...filters.map((filter) => `${inner}| ${printLabelFilter(filter)}`));
  }
  const offset = offsetNs === 0 ? "" : ` offset ${printOffset(offsetNs)}`;
  return `${lines.join("\n")} [${printDurationMs(rangeMs)}]${offset}`;
}

/** Days and weeks can be read only without a sign. */
function printOffset(ns: number): string {
  return ns % 1e6 === 0 && ns > -dayNs
    ? `${ns < 0 ? "-" : ""}${printDurationMs(Math.abs(ns) / 1e6)}`
    : printGoDuration(ns);
}

function prettyRangeAggregation({ operation, parameter, range, grouping }: RangeAggregation, level: number): string {
  const lines = [`${indent(level)}${operation}(`];
  if (parameter !== undefined) {
    lines.push(`${indent(level + 1)}${printGoGeneral(parameter)},`);
  }
  lines.push(prettyRange(range, level + 1));
  lines.push(`${indent(level)})${grouping === undefined ? "" : printGrouping(grouping)}`);
  return lines.join("\n");
}

function printGrouping({ without, labels }: Grouping): string {
  return ` ${without ? "without" : "by"} (${labels.join(", ")})`;
}

function prettyVectorAggregation(
  { operation, grouping, parameter, operand }: VectorAggregation,
  level: number,
  texts: ShortTexts,
): string {
  const isAll = !grouping.without && grouping.labels.length === 0;
  return prettyCall(
    `${operation}${isAll ? "" : printGrouping(grouping)}`,
    [...(parameter === undefined ? [] : [`${indent(level + 1)}${parameter}`]), pretty(operand, level + 1, texts)],
    level,
  );
}

function prettyLabelReplace(
  { operand, destination, replacement, source, pattern }: LabelReplace,
  level: number,
  texts: ShortTexts,
): string {
  const quoted = [destination, replacement, source, pattern].map((text) => indent(level + 1) + quoteGo(text));
  return prettyCall("label_replace", [pretty(operand, level + 1, texts), ...quoted], level);
}

/** @param parts with their indentation. */
function prettyCall(head: string, parts: readonly string[], level: number): string {
  return `${indent(level)}${head}(\n${parts.join(",\n")}\n${indent(level)})`;
}

function prettyBinary(operation: BinaryOperation, level: number, texts: ShortTexts): string {
  const { operator, returnBool, matching, left, right } = operation;
  const above = prettyLeg(left, level + 1, texts, needsParentheses(operation, "left", texts));
  const sign = `${indent(level)}${operator}${returnBool ? " bool" : ""}${printMatching(matching)}`;
  const below = prettyLeg(right, level + 1, texts, needsParentheses(operation, "right", texts));
  // Added, not joined: of a deep tree, joining copies all that is below at each level.
  return `${above}\n${sign}\n${below}`;
}

function printMatching({ on, labels, cardinality, include }: VectorMatching): string {
  if (!on && labels.length === 0) {
    return "";
  }
  const group = { "one-to-one": "", "many-to-one": "group_left", "one-to-many": "group_right" }[cardinality];
  const included = include === undefined ? "" : ` (${include.join(", ")})`;
  return ` ${on ? "on" : "ignoring"} (${labels.join(", ")}) ${group}${included}`;
}

/** Whether a leg that is split over lines, and so has lost its own parentheses, would be read as another tree. */
function needsParentheses(operation: BinaryOperation, side: "left" | "right", texts: ShortTexts): boolean {
  const leg = operation[side];
  if (leg.kind !== "binary" || shortText(leg, texts) !== undefined) {
    return false;
  }
  const outer = precedenceOf(operation.operator);
  const inner = precedenceOf(leg.operator);
  return inner < outer || (inner === outer && (side === "left") === (operation.operator === "^"));
}

function prettyLeg(leg: MetricExpression, level: number, texts: ShortTexts, inParentheses: boolean): string {
  return inParentheses
    ? `${indent(level)}(\n${pretty(leg, level + 1, texts)}\n${indent(level)})`
    : pretty(leg, level, texts);
}
