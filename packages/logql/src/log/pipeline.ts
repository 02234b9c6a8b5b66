import type { LabelPair } from "@sluice/model";
import type { SearchKernels } from "../execution.ts";
import type { StageNode } from "../syntax/index.ts";
import { planFields, type FieldPlan } from "./fields/field-plan.ts";
import { FieldScan } from "./fields/field-scan.ts";
import { compileLineSearch, searchForNeedle, type LineSearch } from "./line-search.ts";
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
import { compileLineFilter } from "./stages/line-filter.ts";
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
  /** What to search for through many lines at once. */
  readonly search: SearchedStages | undefined;
}

export interface SearchedStages {
  readonly lines: LineSearch;
  /** All stages that are left for the lines that it finds. */
  readonly stages: readonly Stage[];
}

/** Looks at fields of many lines at once, so that the stages need not look at lines that do not pass. */
export interface FieldSearch {
  readonly plan: FieldPlan;
  readonly scan: FieldScan;
  readonly kernels: SearchKernels;
  /** The line filters that the search leaves, to be asked before. */
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
  const searched = bestSearch(ordered, needles, kernels);
  const left = searched?.lines.isWhole === true ? ordered.filter((node) => node !== searched.node) : ordered;
  const all = ordered.map((node) => compileStage(node, hints));
  const stages = all.filter((_, i) => left.includes(ordered[i]!));
  const lineFilters = stages.filter((_, i) => left[i]!.kind === "lineFilter");
  const plan = planFields(ordered, hints);
  return {
    ...pushed,
    fields: plan && { plan, scan: new FieldScan(plan, kernels), kernels, lineFilters },
    stages: all,
    search: searched && { lines: searched.lines, stages },
  };
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

interface BestSearch {
  readonly lines: LineSearch;
  /** The filter that it is of. */
  readonly node: StageNode | undefined;
}

/** What to search for among all that passing lines hold as they are stored: what most likely is in few lines. */
function bestSearch(
  ordered: readonly StageNode[],
  needles: readonly Uint8Array[],
  kernels: SearchKernels,
): BestSearch | undefined {
  let best: BestSearch | undefined;
  for (const node of ordered) {
    if (node.kind === "lineFormat" || node.kind === "unpack" || node.kind === "decolorize") {
      break;
    }
    const lines = node.kind === "lineFilter" ? compileLineSearch(node, kernels) : undefined;
    if (lines !== undefined && lines.lengthMin > (best?.lines.lengthMin ?? -1)) {
      best = { lines, node };
    }
  }
  // A literal of an expression is not all that it asks for, but few lines have it, mostly.
  const [longest] = needles.toSorted((a, b) => b.length - a.length);
  const isLonger = longest !== undefined && longest.length > Math.max(best?.lines.lengthMin ?? 0, literalBytesMin - 1);
  return isLonger ? { lines: searchForNeedle(longest, kernels), node: undefined } : best;
}
