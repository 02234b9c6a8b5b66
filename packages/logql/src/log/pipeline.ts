import type { LabelPair } from "@sluice/model";
import type { SearchKernels } from "../execution.ts";
import type { LineFilterNode, StageNode } from "../syntax/index.ts";
import { planFields, type FieldPlan } from "./fields/field-plan.ts";
import { FieldScan } from "./fields/field-scan.ts";
import type { Stage } from "./line.ts";
import { hintsOfLogQuery, type ParserHints } from "./parser-hints.ts";
import { equalitiesBeforeParsers, needlesBeforeFormats, valueHintsOf, type ValueHint } from "./push-down.ts";
import { compileDecolorize } from "./stages/decolorize.ts";
import { compileDrop } from "./stages/drop.ts";
import { compileJsonExpressions } from "./stages/json-expressions.ts";
import { compileJson } from "./stages/json.ts";
import { compileKeep } from "./stages/keep.ts";
import { compileLabelFilter } from "./stages/label-filter.ts";
import { compileLabelFormat } from "./stages/label-format.ts";
import { compileLineFilter, needleOf } from "./stages/line-filter.ts";
import { compileLineFormat } from "./stages/line-format.ts";
import { compileLogfmtExpressions } from "./stages/logfmt-expressions.ts";
import { compileLogfmt } from "./stages/logfmt.ts";
import { compilePattern } from "./stages/pattern.ts";
import { compileRegexp } from "./stages/regexp.ts";
import { compileUnpack } from "./stages/unpack.ts";

/** A query's stages, compiled once. */
export interface Pipeline {
  /** Texts that every passing line holds, as UTF-8: what storage may skip blocks by. */
  readonly needles: readonly Uint8Array[];
  /** Labels that the entries of all passing lines have in their stream or their metadata, for the same purpose. */
  readonly equalities: readonly LabelPair[];
  /** What passing lines mostly hold, but need not; see {@link ValueHint}. */
  readonly valueHints: readonly ValueHint[];
  /** Whether a stage reads or makes labels; otherwise lines pass by their text alone, and their labels are not set. */
  readonly readsLabels: boolean;
  /** What single fields of a line say about whether it passes; undefined when the stages are of another kind. */
  readonly fields: FieldSearch | undefined;
  /** All stages, in the order that is quickest. */
  readonly stages: readonly Stage[];
  /** A needle to be searched through many lines at once. */
  readonly search: NeedleSearch | undefined;
}

export interface NeedleSearch {
  /** Not empty. */
  readonly needle: Uint8Array;
  readonly kernels: SearchKernels;
  /** All stages that are left for lines that are known to hold it. */
  readonly stages: readonly Stage[];
}

/** Looks at fields of many lines at once, so that the stages need not look at lines that do not pass. */
export interface FieldSearch {
  readonly plan: FieldPlan;
  readonly scan: FieldScan;
  readonly kernels: SearchKernels;
  /** The line filters but for the needle's, to be asked before. */
  readonly lineFilters: readonly Stage[];
}

/** Shorter ones are in most lines. */
const literalBytesMin = 3;

/** The table of stages: one line each. */
function compileStage(node: StageNode, hints: ParserHints): Stage {
  switch (node.kind) {
    case "lineFilter":
      return compileLineFilter(node);
    case "json":
      return compileJson(hints);
    case "jsonExpressions":
      return compileJsonExpressions(node, hints);
    case "logfmt":
      return compileLogfmt(node, hints);
    case "logfmtExpressions":
      return compileLogfmtExpressions(node, hints);
    case "regexp":
      return compileRegexp(node, hints);
    case "pattern":
      return compilePattern(node, hints);
    case "unpack":
      return compileUnpack(hints);
    case "labelFilter":
      return compileLabelFilter(node.filter);
    case "lineFormat":
      return compileLineFormat(node);
    case "labelFormat":
      return compileLabelFormat(node);
    case "decolorize":
      return compileDecolorize();
    case "drop":
      return compileDrop(node);
    case "keep":
      return compileKeep(node);
  }
}

/** @param hints those of a log query when left out. */
export function compilePipeline(
  nodes: readonly StageNode[],
  kernels: SearchKernels,
  hints: ParserHints = hintsOfLogQuery(nodes),
): Pipeline {
  const ordered = reorderStages(nodes);
  const needles = needlesBeforeFormats(ordered);
  const pushed = {
    needles,
    equalities: equalitiesBeforeParsers(ordered),
    valueHints: valueHintsOf(ordered),
    readsLabels: ordered.some(({ kind }) => kind !== "lineFilter" && kind !== "decolorize"),
  };
  const searched = firstSearched(ordered);
  const stages = ordered.filter((node) => node !== searched).map((node) => compileStage(node, hints));
  const fields = searchFields(ordered, searched, kernels, hints);
  if (searched !== undefined) {
    const search = { needle: needleOf(searched)!, kernels, stages };
    return { ...pushed, fields, stages: [compileLineFilter(searched), ...stages], search };
  }
  // A literal of a regular expression is not all that it asks for, but few lines have it, mostly.
  const literal = needles.toSorted((a, b) => b.length - a.length)[0];
  const isWorthIt = literal !== undefined && literal.length >= literalBytesMin;
  return { ...pushed, fields, stages, search: isWorthIt ? { needle: literal, kernels, stages } : undefined };
}

function searchFields(
  ordered: readonly StageNode[],
  searched: StageNode | undefined,
  kernels: SearchKernels,
  hints: ParserHints,
): FieldSearch | undefined {
  const plan = planFields(ordered, hints);
  if (plan === undefined) {
    return undefined;
  }
  const filters = ordered.filter((node) => node.kind === "lineFilter").filter((node) => node !== searched);
  return { plan, scan: new FieldScan(plan, kernels), kernels, lineFilters: filters.map(compileLineFilter) };
}

/**
 * Moves line filters to the front, so that the other stages work on fewer lines; not across stages that make another
 * line, and not across label filters. That of Loki moves them across `decolorize`, too, which decides answers: `|= "x"`
 * behind it sees the line with its colours.
 *
 * @see Loki's `reorderStages` (grafana/loki pkg/logql/syntax/ast.go).
 */
export function reorderStages(nodes: readonly StageNode[]): readonly StageNode[] {
  const ordered: StageNode[] = [];
  let filters: StageNode[] = [];
  let others: StageNode[] = [];
  const flush = (): void => {
    ordered.push(...filters, ...others);
    filters = [];
    others = [];
  };
  for (const node of nodes) {
    switch (node.kind) {
      case "lineFilter":
        filters.push(node);
        break;
      case "labelFilter":
        flush();
        ordered.push(node);
        break;
      case "lineFormat":
      case "unpack":
        others.push(node);
        flush();
        break;
      default:
        others.push(node);
    }
  }
  flush();
  return ordered;
}

/** The first filter that asks for nothing but a text, among those that the line comes to as it is stored. */
function firstSearched(ordered: readonly StageNode[]): LineFilterNode | undefined {
  for (const node of ordered) {
    if (node.kind === "lineFormat" || node.kind === "unpack" || node.kind === "decolorize") {
      return undefined;
    }
    if (node.kind === "lineFilter" && needleOf(node) !== undefined) {
      return node;
    }
  }
  return undefined;
}
