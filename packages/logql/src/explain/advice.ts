import { innerTokens } from "@sluice/kernels";
import { literalsOfRe2, quoteGo, type LabelPair } from "@sluice/model";
import { equalitiesOf } from "../log/stages/label-filter.ts";
import { needlesOf } from "../log/stages/line-filter.ts";
import {
  logsOf,
  printStage,
  type Expression,
  type LineFilterNode,
  type LogExpression,
  type StageNode,
} from "../syntax/index.ts";
import { isParser } from "./is-parser.ts";

/**
 * How a query could be made cheaper, as far as that is plain to see: one sentence each. Every piece of advice leaves the
 * answer as it is, or says what changes.
 */
export function adviceOn(expression: Expression): readonly string[] {
  const found = logsOf(expression).flatMap((log) => [
    ...adviceOnSelector(log),
    ...adviceOnFilters(log),
    ...adviceOnParsers(log),
  ]);
  return [...new Set([...found, ...adviceOnSeries(expression)])];
}

function adviceOnSelector({ matchers }: LogExpression): readonly string[] {
  if (matchers.some(({ operator }) => operator === "=")) {
    return [];
  }
  return ['no label of the selector is asked for with "=": one that is leaves out most streams at once'];
}

function adviceOnFilters({ stages }: LogExpression): readonly string[] {
  const filters = stages.filter((stage) => stage.kind === "lineFilter");
  const advice = filters.flatMap(adviceOnRegex);
  const needles = filters.flatMap(needlesOf);
  if (needles.length > 0 && needles.every((needle) => innerTokens(needle).length === 0)) {
    const [needle] = needles;
    advice.push(
      `no line filter holds a whole word, by which blocks could be skipped unread: ${quoteGo(text(needle!))} may be a part of one. If it stands between other characters, such as spaces or quotes, write them, too`,
    );
  }
  return advice;
}

function adviceOnRegex(filter: LineFilterNode): string[] {
  const [only, ...others] = filter.alternatives;
  if (filter.operator !== "|~" || only?.kind !== "text" || others.length > 0) {
    return [];
  }
  const literals = literalsOfRe2(only.text);
  if (literals.length === 0) {
    return [`${printStage(filter)} has no text that every match holds, so that it is tried on every line`];
  }
  return literals.length === 1 && literals[0] === only.text
    ? [`${printStage(filter)} looks for a plain text: |= ${quoteGo(only.text)} is quicker`]
    : [];
}

/** A parser works on every line that no line filter has dropped before it. */
function adviceOnParsers({ stages }: LogExpression): readonly string[] {
  const parser = stages.findIndex(isParser);
  if (parser === -1 || stages.slice(0, parser).some(isNarrowing)) {
    return [];
  }
  const wanted = wantedBehind(stages.slice(parser + 1));
  const parserText = printStage(stages[parser]!);
  return wanted === undefined
    ? [`${parserText} reads every line: put a line filter before it, such as |= "error"`]
    : [
        `${parserText} reads every line: put |= ${quoteGo(wanted.value)} before it, which every line with ${wanted.name}=${quoteGo(wanted.value)} holds unless the value is escaped in it`,
      ];
}

/** Whether a stage drops lines before they are parsed. */
function isNarrowing(stage: StageNode): boolean {
  return stage.kind === "labelFilter" || (stage.kind === "lineFilter" && stage.operator.startsWith("|"));
}

/** A value that a label must have, of the filters behind a parser. */
function wantedBehind(stages: readonly StageNode[]): LabelPair | undefined {
  const filters = stages.filter((stage) => stage.kind === "labelFilter");
  return filters.flatMap(({ filter }) => equalitiesOf(filter)).find(({ name }) => !name.startsWith("__"));
}

/** Without a grouping every set of parsed labels is a series of its own. */
function adviceOnSeries(expression: Expression): readonly string[] {
  if (expression.kind !== "rangeAggregation" || expression.grouping !== undefined) {
    return [];
  }
  const parser = expression.range.log.stages.find(isParser);
  return parser === undefined
    ? []
    : [
        `every set of labels that ${printStage(parser)} finds becomes a series: sum by (...) around it keeps those that matter, and nothing else is looked for`,
      ];
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
