import type { LabelPair } from "@sluice/model";
import type { StageNode } from "../syntax/index.ts";
import { equalitiesOf } from "./stages/label-filter.ts";
import { needlesOf } from "./stages/line-filter.ts";

/**
 * A value that a label of all passing lines has, when the label comes from the line itself. Such a line holds the bytes,
 * unless it has an escape for one of its characters, or the stream or the entry's metadata has a label of that name.
 */
export interface ValueHint {
  readonly name: string;
  /** At least three bytes of `[A-Za-z0-9_.:-]`, in UTF-8. */
  readonly value: Uint8Array;
}

const encoder = new TextEncoder();

/** Texts that every passing line holds. */
export function needlesBeforeFormats(ordered: readonly StageNode[]): readonly Uint8Array[] {
  const needles: Uint8Array[] = [];
  for (const node of ordered) {
    if (changesLine(node)) {
      break;
    }
    if (node.kind === "lineFilter") {
      needles.push(...needlesOf(node));
    }
  }
  return needles;
}

/** A label that is tested before any stage could make one is one of the stream or of the structured metadata. */
export function equalitiesBeforeParsers(ordered: readonly StageNode[]): readonly LabelPair[] {
  const equalities: LabelPair[] = [];
  for (const node of ordered) {
    if (node.kind === "labelFilter") {
      equalities.push(...equalitiesOf(node.filter));
    } else if (node.kind !== "lineFilter" && node.kind !== "lineFormat" && node.kind !== "decolorize") {
      break;
    }
  }
  return equalities;
}

/** Values of labels that `| json` or `| logfmt` made, of lines that are still as they are stored. */
export function valueHintsOf(ordered: readonly StageNode[]): readonly ValueHint[] {
  const hints: ValueHint[] = [];
  let isParsed = false;
  for (const node of ordered) {
    if (changesLine(node) || node.kind === "labelFormat") {
      break;
    }
    isParsed ||= node.kind === "json" || node.kind === "logfmt";
    if (node.kind === "labelFilter" && isParsed) {
      hints.push(...equalitiesOf(node.filter).flatMap(hintOf));
    }
  }
  return hints;
}

/** The longest part of the value that no parser puts together from an escape other than `\u`; a slash may be `\/`. */
function hintOf({ name, value }: LabelPair): readonly ValueHint[] {
  if (!/^[A-Za-z0-9_./:-]+$/u.test(value)) {
    return [];
  }
  const [longest = ""] = value.split("/").toSorted((a, b) => b.length - a.length);
  return longest.length < 3 ? [] : [{ name, value: encoder.encode(longest) }];
}

function changesLine({ kind }: StageNode): boolean {
  return kind === "lineFormat" || kind === "unpack" || kind === "decolorize";
}
