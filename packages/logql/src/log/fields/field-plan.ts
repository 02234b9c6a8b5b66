import { fieldNameLengthMax, fieldNamesMax } from "@sluice/kernels";
import type { JsonNode, LabelFilterNode, LogfmtNode, StageNode } from "../../syntax/index.ts";
import { duplicateSuffix, errorDetailsLabel, errorLabel, preserveErrorLabel } from "../line-labels.ts";
import type { ParserHints } from "../parser-hints.ts";
import { namesInFilter } from "../stages/label-filter.ts";

/** Stages that can be decided by single fields of a line, without making labels of all. */
export interface FieldPlan {
  readonly parser: JsonNode | LogfmtNode;
  /** The labels whose values matter, those about errors left out. */
  readonly names: readonly string[];
  /** What a line must pass. */
  readonly filters: readonly LabelFilterNode[];
  /** Lines are read to their end though all names were found: an error there matters. */
  readonly readsWholeLines: boolean;
}

const aboutErrors = new Set([errorLabel, errorDetailsLabel, preserveErrorLabel]);
/** What a filter of these asks for may also be a field of that name; it never is for the error itself. */
const aboutErrorsOrFields = new Set([errorDetailsLabel, preserveErrorLabel]);

/**
 * Plans stages that are one parser and label filters behind it; undefined for all others, which need every line's labels.
 * Line filters may stand anywhere: they do not look at labels.
 *
 * @param hints which labels are needed besides those of the filters.
 */
export function planFields(stages: readonly StageNode[], { required, noLabels }: ParserHints): FieldPlan | undefined {
  const [parser, ...rest] = stages.filter(({ kind }) => kind !== "lineFilter");
  if (noLabels || (parser?.kind !== "json" && parser?.kind !== "logfmt")) {
    return undefined;
  }
  const filters = rest.flatMap((stage) => (stage.kind === "labelFilter" ? [stage.filter] : []));
  const filtered = filters.flatMap(namesInFilter);
  if (filtered.some((name) => aboutErrorsOrFields.has(name))) {
    return undefined;
  }
  const asked = new Set([...filtered, ...(required ?? [])]);
  const names = [...asked].filter((name) => !aboutErrors.has(name));
  if (filters.length < rest.length || names.length === 0 || names.length > fieldNamesMax || !names.every(isPlain)) {
    return undefined;
  }
  // Where all labels are shown, a filter of quantities lets lines with errors pass, wherever in them the error is.
  const mindsErrors = names.length < asked.size || (required === undefined && !filters.every(isOfText));
  return { parser, names, filters, readsWholeLines: mindsErrors };
}

function isPlain(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/u.test(name) && name.length <= fieldNameLengthMax && !name.endsWith(duplicateSuffix);
}

/** Filters of quantities let lines with errors pass. */
function isOfText(filter: LabelFilterNode): boolean {
  return filter.kind === "and" || filter.kind === "or"
    ? isOfText(filter.left) && isOfText(filter.right)
    : filter.kind === "text";
}
