import { isLabelName, quoteGo, type Matcher } from "@sluice/model";
import { printByteSize } from "../units/byte-size.ts";
import { printGoDuration } from "../units/go-duration.ts";
import { printGoFloat } from "../units/go-float.ts";
import type { LabelChoice, LabelExtraction, LabelFilterNode, LabelFormat, LineFilterText, StageNode } from "./ast.ts";
import { staysRegex } from "./text-search.ts";

/** The canonical text of a stage, as {@link printExpression} has it. */
export function printStage(stage: StageNode): string {
  switch (stage.kind) {
    case "lineFilter":
      return `${stage.operator} ${stage.alternatives.map(printLineFilterText).join(" or ")}`;
    case "json":
      return "| json";
    case "jsonExpressions":
      return `| json ${printExtractions(stage.extractions)}`;
    case "logfmt":
      return `| logfmt${printFlags(stage)}`;
    case "logfmtExpressions":
      return `| logfmt${printFlags(stage)} ${printExtractions(stage.extractions)}`;
    case "regexp":
      return `| regexp ${quoteGo(stage.pattern)}`;
    case "pattern":
      return `| pattern ${quoteGo(stage.pattern)}`;
    case "unpack":
      return "| unpack";
    case "labelFilter":
      return `| ${printLabelFilter(stage.filter)}`;
    case "lineFormat":
      return `| line_format ${quoteGo(stage.template)}`;
    case "labelFormat":
      return `| label_format ${stage.formats.map(printLabelFormat).join(",")}`;
    case "decolorize":
      return "| decolorize";
    case "drop":
      return `| drop ${stage.labels.map(printLabelChoice).join(",")}`;
    case "keep":
      return `| keep ${stage.labels.map(printLabelChoice).join(",")}`;
  }
}

function printLineFilterText({ kind, text }: LineFilterText): string {
  return kind === "ip" ? `ip(${quoteGo(text)})` : quoteGo(text);
}

function printFlags({ strict, keepEmpty }: { readonly strict: boolean; readonly keepEmpty: boolean }): string {
  return `${strict ? " --strict" : ""}${keepEmpty ? " --keep-empty" : ""}`;
}

function printExtractions(extractions: readonly LabelExtraction[]): string {
  return extractions.map(({ name, path }) => `${name}=${quoteGo(path)}`).join(",");
}

function printLabelFormat(format: LabelFormat): string {
  return `${format.name}=${format.kind === "rename" ? format.from : quoteGo(format.template)}`;
}

function printLabelChoice({ name, matcher }: LabelChoice): string {
  return matcher === undefined ? name : printMatcher(matcher);
}

/** The canonical text of a condition on a label: `a="b"`. */
export function printMatcher({ name, operator, value }: Matcher): string {
  return `${isLabelName(name) ? name : quoteGo(name)}${operator}${quoteGo(value)}`;
}

export function printLabelFilter(filter: LabelFilterNode): string {
  switch (filter.kind) {
    case "text":
      return printTextFilter(filter.matcher);
    case "number":
      return `${filter.name}${filter.operator}${printGoFloat(filter.value)}`;
    case "duration":
      return `${filter.name}${filter.operator}${printGoDuration(filter.valueNs)}`;
    case "byteSize":
      return `${filter.name}${filter.operator}${printByteSize(filter.valueBytes)}`;
    case "ip":
      return `${filter.name}${filter.operator}ip(${quoteGo(filter.pattern)})`;
    case "and":
      return `( ${printLabelFilter(filter.left)} , ${printLabelFilter(filter.right)} )`;
    case "or":
      return `( ${printLabelFilter(filter.left)} or ${printLabelFilter(filter.right)} )`;
  }
}

/** Loki prints an expression that it could not turn into a search for texts in backticks. */
function printTextFilter(matcher: Matcher): string {
  const { name, operator, value } = matcher;
  const isRaw = operator === "=~" && !value.includes("`") && staysRegex(value);
  return isRaw ? `${name}${operator}\`${value}\`` : printMatcher(matcher);
}
