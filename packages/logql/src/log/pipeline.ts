import { ServiceError, type LabelPair } from "@sluice/model";
import type { SearchKernels } from "../execution.ts";
import type { LineFilterNode, StageNode } from "../syntax/index.ts";
import { compileJson } from "./json.ts";
import { compileLabelFilter, equalitiesOf } from "./label-filter.ts";
import { compileLineFilter, needleOf, needlesOf } from "./line-filter.ts";
import type { Stage } from "./line.ts";
import { compileLogfmt } from "./logfmt.ts";
import { everyLabel, type ParserHints } from "./parser-hints.ts";

/** A query's stages, compiled once. */
export interface Pipeline {
  /** Texts that every passing line holds, as UTF-8: what storage may skip blocks by. */
  readonly needles: readonly Uint8Array[];
  /** Labels that the entries of all passing lines have in their stream or their metadata, for the same purpose. */
  readonly equalities: readonly LabelPair[];
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

/** Shorter ones are in most lines. */
const literalBytesMin = 3;

/** The table of stages: one line each. */
function compileStage(node: Exclude<StageNode, LineFilterNode>, hints: ParserHints): Stage {
  switch (node.kind) {
    case "json":
      return compileJson(hints);
    case "logfmt":
      return compileLogfmt(node, hints);
    case "labelFilter":
      return compileLabelFilter(node.filter);
    default:
      throw new ServiceError("bad_data", `${node.kind} is not supported`);
  }
}

/**
 * Compiles stages. Line filters go first, wherever they stand: no stage changes a line's text yet, so that the answer
 * is the same, and the parsers work on fewer lines.
 */
export function compilePipeline(
  nodes: readonly StageNode[],
  kernels: SearchKernels,
  hints: ParserHints = everyLabel,
): Pipeline {
  const filters = nodes.filter((node) => node.kind === "lineFilter");
  const searched = filters.find((filter) => needleOf(filter) !== undefined);
  const others = filters.filter((filter) => filter !== searched).map(compileLineFilter);
  const rest = nodes.filter((node) => node.kind !== "lineFilter").map((node) => compileStage(node, hints));
  const stages = [...others, ...rest];
  const needles = filters.flatMap(needlesOf);
  const needle = searched && needleOf(searched);
  const equalities = equalitiesBeforeParsers(nodes);
  if (searched === undefined || needle === undefined) {
    // A literal of a regular expression is not all that it asks for, but few lines have it, mostly.
    const literal = needles.toSorted((a, b) => b.length - a.length)[0];
    const isWorthIt = literal !== undefined && literal.length >= literalBytesMin;
    return { needles, equalities, stages, search: isWorthIt ? { needle: literal, kernels, stages } : undefined };
  }
  const search = { needle, kernels, stages };
  return { needles, equalities, stages: [compileLineFilter(searched), ...stages], search };
}

/** A label that is tested before any parser has run is one of the stream or of the structured metadata. */
function equalitiesBeforeParsers(nodes: readonly StageNode[]): readonly LabelPair[] {
  const equalities: LabelPair[] = [];
  for (const node of nodes) {
    if (node.kind === "labelFilter") {
      equalities.push(...equalitiesOf(node.filter));
    } else if (node.kind !== "lineFilter") {
      break;
    }
  }
  return equalities;
}
