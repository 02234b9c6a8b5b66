import { metadataAt, type EntryBatch, type Labels } from "@sluice/model";
import type { SearchKernels } from "../execution.ts";
import type { FieldScan } from "./fields/field-scan.ts";
import { verdict } from "./fields/field-test.ts";
import type { Line, Stage } from "./line.ts";
import { linesWith, rowsBetween } from "./line-search.ts";
import type { Pipeline } from "./pipeline.ts";

/**
 * What happens to a line that passed. Returning false ends the scan. The line's labels are set only when the pipeline reads
 * labels.
 */
export type Visit = (line: Line, index: number) => boolean;

export interface ScanRange {
  /** Entries `[from, to)` of the batch. */
  readonly from: number;
  readonly to: number;
  readonly backward: boolean;
}

/**
 * Runs the pipeline over a joined batch of one stream. When the query holds a needle, the batch's bytes are searched as
 * a whole, and only lines with a hit are looked at.
 */
export function scanBatch(
  batch: EntryBatch,
  labels: Labels,
  pipeline: Pipeline,
  line: Line,
  range: ScanRange,
  visit: Visit,
): void {
  const { search, stages, fields } = pipeline;
  const rows = fields && fieldRows(batch, labels, pipeline, line, range);
  if (fields !== undefined && rows !== undefined) {
    scanRows(batch, labels, search?.stages ?? stages, line, rows, range.backward, visit, fields.scan);
  } else if (search === undefined) {
    scanLines(batch, labelsFor(pipeline, labels), stages, line, range, visit);
  } else {
    const found = search.lines.find(batch, range.from, range.to);
    scanRows(batch, labelsFor(pipeline, labels), search.stages, line, found, range.backward, visit);
  }
}

function labelsFor({ readsLabels }: Pipeline, labels: Labels): Labels | undefined {
  return readsLabels ? labels : undefined;
}

/**
 * The lines that the pipeline's fields were found of, ascending: those that its line filters leave. Undefined when fields do
 * not say enough.
 */
export function fieldRows(
  batch: EntryBatch,
  labels: Labels,
  { search, fields, valueHints }: Pipeline,
  line: Line,
  { from, to }: Pick<ScanRange, "from" | "to">,
): Uint32Array | undefined {
  if (fields === undefined || from >= to) {
    return undefined;
  }
  const { scan, kernels, lineFilters } = fields;
  if (!scan.fits(batch, labels)) {
    return undefined;
  }
  // A value that a field must have is searched for like a needle, unless the stream has it, or escapes could hide it.
  const isOfLine = ({ name }: { readonly name: string }): boolean => !labels.some((label) => label.name === name);
  const hint = search === undefined ? valueHints.find(isOfLine) : undefined;
  let rows: Uint32Array;
  if (search !== undefined) {
    rows = search.lines.find(batch, from, to);
  } else if (hint !== undefined && isPlain(batch, kernels, from, to)) {
    rows = linesWith(batch, hint.value, kernels, from, to);
  } else {
    rows = rowsBetween(from, to);
  }
  if (lineFilters.length > 0) {
    rows = rows.filter((row) => {
      line.reset(batch.bytes, batch.lineStarts[row]!, batch.lineEnds[row]!);
      return lineFilters.every((filter) => filter(line));
    });
  }
  scan.begin(batch, labels, rows);
  return rows;
}

const escape = new TextEncoder().encode("\\u");

function isPlain(
  { bytes, lineStarts, lineEnds }: EntryBatch,
  kernels: SearchKernels,
  from: number,
  to: number,
): boolean {
  return kernels.linesWith(bytes, escape, lineStarts[from]!, lineEnds[to - 1]!).length === 0;
}

function scanLines(
  batch: EntryBatch,
  labels: Labels | undefined,
  stages: readonly Stage[],
  line: Line,
  { from, to, backward }: ScanRange,
  visit: Visit,
): void {
  const step = backward ? -1 : 1;
  for (let i = backward ? to - 1 : from; i >= from && i < to; i += step) {
    if (passes(batch, i, labels, stages, line) && !visit(line, i)) {
      return;
    }
  }
}

/** @param fields turned to the rows; what they say does not pass is passed over. */
function scanRows(
  batch: EntryBatch,
  labels: Labels | undefined,
  stages: readonly Stage[],
  line: Line,
  rows: Uint32Array,
  backward: boolean,
  visit: Visit,
  fields?: FieldScan,
): void {
  for (let i = 0; i < rows.length; i++) {
    const place = backward ? rows.length - 1 - i : i;
    const row = rows[place]!;
    const mayPass = fields === undefined || fields.turnTo(place) !== verdict.fails;
    if (mayPass && passes(batch, row, labels, stages, line) && !visit(line, row)) {
      return;
    }
  }
}

/**
 * Runs the stages over one line of a batch, which need not be joined; `line` is left with what they made of it.
 *
 * @param labels the stream's; undefined when no stage reads labels.
 */
export function passes(
  batch: EntryBatch,
  index: number,
  labels: Labels | undefined,
  stages: readonly Stage[],
  line: Line,
): boolean {
  line.reset(batch.bytes, batch.lineStarts[index]!, batch.lineEnds[index]!, batch, index);
  if (labels !== undefined) {
    line.labels.reset(labels, metadataAt(batch, index));
  }
  for (const stage of stages) {
    if (!stage(line)) {
      return false;
    }
  }
  return true;
}
