import type { Grouping, LabelFilterNode, StageNode, Unwrap } from "../syntax/index.ts";
import { duplicateSuffix, errorLabel, preserveErrorLabel, type LineLabels } from "./line-labels.ts";
import type { Line, Stage } from "./line.ts";
import { compileLabelFilter, isAlwaysTrue, namesInFilter } from "./stages/label-filter.ts";
import { namesInFormats } from "./stages/label-format.ts";
import { namesInTemplate } from "./stages/line-format.ts";

/**
 * What of a line the rest of the query needs, so that a parser can leave out the rest. Beyond speed it decides answers:
 * as in Loki, a line that is broken behind the last field that is needed gives no error, and a label filter is asked
 * already when a parser makes its label, whatever stages stand between them.
 *
 * @see Loki's `ParserHint` (grafana/loki pkg/logql/log/parser_hints.go).
 */
export interface ParserHints {
  /** Nothing is needed: parsers do nothing at all. */
  readonly noLabels: boolean;
  /** The only labels needed; undefined when every label may be. */
  readonly required: ReadonlySet<string> | undefined;
  /** The query names `__error__`, so that errors reach the result instead of failing the query. */
  readonly preserveError: boolean;
  /** The filter of a label that drops a line as soon as the label is known. */
  readonly filters: ReadonlyMap<string, Stage>;
}

const noFilters: ReadonlyMap<string, Stage> = new Map();

export const everyLabel: ParserHints = {
  noLabels: false,
  required: undefined,
  preserveError: false,
  filters: noFilters,
};

const nothing: ParserHints = { ...everyLabel, noLabels: true };

/** Hints for when only the labels in `names` are needed. */
export function onlyLabels(names: Iterable<string>, filters: ReadonlyMap<string, Stage> = noFilters): ParserHints {
  const required = new Set<string>();
  for (const name of names) {
    required.add(name);
    // A parser gives the suffix only after it has seen the collision.
    if (name.endsWith(duplicateSuffix)) {
      required.add(name.slice(0, -duplicateSuffix.length));
    }
  }
  return required.size === 0
    ? nothing
    : { noLabels: false, required, preserveError: required.has(errorLabel), filters };
}

/** The hints of a log query: it shows every label. */
export function hintsOfLogQuery(stages: readonly StageNode[]): ParserHints {
  return { ...everyLabel, filters: filtersOf(stages, undefined) };
}

/**
 * The hints of a range aggregation.
 *
 * @param grouping its own, or that of a `sum` around it that takes its place: which labels the series keep. `by ()`
 *   keeps none, undefined all.
 */
export function hintsOfRange(
  stages: readonly StageNode[],
  grouping: Grouping | undefined,
  unwrap: Unwrap | undefined,
): ParserHints {
  const groups = grouping?.labels ?? [];
  const keepsNone = grouping !== undefined && !grouping.without && groups.length === 0;
  const keepsSome = grouping !== undefined && !grouping.without && groups.length > 0;
  const required = [
    ...stages.flatMap(namesIn),
    ...(unwrap?.filters.flatMap(namesNeededBy) ?? []),
    ...groups,
    ...(unwrap === undefined ? [] : [unwrap.label]),
  ];
  if (keepsSome) {
    return onlyLabels(required);
  }
  const filters = filtersOf(stages, unwrap);
  return keepsNone ? onlyLabels(required, filters) : { ...everyLabel, filters };
}

/** Names of labels that a stage reads. `drop` and `keep` are not asked, as in Loki. */
function namesIn(stage: StageNode): readonly string[] {
  switch (stage.kind) {
    case "labelFilter":
      return namesNeededBy(stage.filter);
    case "lineFormat":
      return namesInTemplate(stage.template);
    case "labelFormat":
      return namesInFormats(stage.formats);
    default:
      return [];
  }
}

/** A filter that every value passes needs no label. */
function namesNeededBy(filter: LabelFilterNode): readonly string[] {
  if (filter.kind === "and" || filter.kind === "or") {
    return [...namesNeededBy(filter.left), ...namesNeededBy(filter.right)];
  }
  return isAlwaysTrue(filter) ? [] : namesInFilter(filter);
}

/** The first filter of each label, of those that stand alone. */
function filtersOf(stages: readonly StageNode[], unwrap: Unwrap | undefined): ReadonlyMap<string, Stage> {
  const filters = new Map<string, Stage>();
  const add = (filter: LabelFilterNode): void => {
    const [name] = namesInFilter(filter);
    const standsAlone = filter.kind !== "and" && filter.kind !== "or" && !isAlwaysTrue(filter);
    if (standsAlone && name !== undefined && !filters.has(name)) {
      filters.set(name, compileLabelFilter(filter));
    }
  };
  for (const stage of stages) {
    if (stage.kind === "labelFilter") {
      add(stage.filter);
    }
  }
  if (unwrap?.filters.length === 1) {
    add(unwrap.filters[0]!);
  }
  return filters;
}

/** Whether a parser has nothing to do: nothing is needed, or everything was found. */
export function isSatisfied({ noLabels, required }: ParserHints, labels: LineLabels): boolean {
  if (required === undefined) {
    return noLabels;
  }
  if (labels.extractedCount < required.size) {
    return false;
  }
  for (const name of required) {
    if (!labels.isExtracted(name)) {
      return false;
    }
  }
  return true;
}

/** Whether a parser should make the label: it is needed, and no stage made it before. */
export function isWanted({ required }: ParserHints, labels: LineLabels, name: string): boolean {
  return (required === undefined || required.has(name)) && !labels.isExtracted(name);
}

/** Whether a label whose name begins with `prefix` is needed. */
export function isWantedPrefix({ required }: ParserHints, prefix: string): boolean {
  if (required === undefined) {
    return true;
  }
  for (const name of required) {
    if (name.startsWith(prefix)) {
      return true;
    }
  }
  return false;
}

/** Whether the line may still pass, now that a parser made the label. */
export function mayPass({ filters }: ParserHints, line: Line, name: string): boolean {
  const filter = filters.get(name);
  return filter === undefined || filter(line);
}

/** Marks a line that a parser could not read. Without details those of an earlier error stay. */
export function failParsing(labels: LineLabels, error: string, details: string | undefined, hints: ParserHints): void {
  labels.error = error;
  if (details !== undefined) {
    labels.errorDetails = details;
  }
  if (hints.preserveError) {
    labels.setParsed(preserveErrorLabel, "true");
  }
}
