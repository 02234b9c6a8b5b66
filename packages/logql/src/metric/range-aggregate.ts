import {
  compareLabels,
  deltaNsMax,
  firstAtOrAfter,
  metadataAt,
  nsPerMs,
  type BlockRef,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import { scanBlock, type Execution } from "../execution.ts";
import { verdict } from "../log/fields/field-test.ts";
import { Line } from "../log/line.ts";
import { compilePipeline, type Pipeline } from "../log/pipeline.ts";
import { fieldRows, passes, scanBatch, type Visit } from "../log/scan.ts";
import type { Grouping, RangeAggregation } from "../syntax/index.ts";
import { absenceOf } from "./absent.ts";
import { columnSamples, noSlot, type ColumnSamples } from "./column-samples.ts";
import { neededStages, seriesGrouping, sinkFor } from "./range-plan.ts";
import { checkNoError, hintsFor, needsMetadata, orderedGrouping, sampleLabels } from "./sample-labels.ts";
import type { SampleSink } from "./sample-sink.ts";
import { compileSampleValue, type SampleValue } from "./sample-value.ts";
import { labelsKey, type Series } from "./series.ts";
import { endOfSteps, windowFinder, type Steps } from "./steps.ts";
import { WindowSums } from "./window-sums.ts";

/** One range aggregation while it runs. */
interface Aggregation {
  readonly pipeline: Pipeline;
  readonly valueOf: SampleValue;
  /** Takes samples without labels, where the series depend on few fields. */
  readonly columns: ColumnSamples | undefined;
  readonly grouping: Grouping | undefined;
  /** Times and sizes are all that matters of a line. */
  readonly isCounting: boolean;
  readonly countsBytes: boolean;
  readonly steps: Steps;
  readonly rangeNs: bigint;
  readonly offsetNs: bigint;
  /** First instant inside the first window, and first instant after the last. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly sink: SampleSink;
  readonly line: Line;
}

/**
 * Evaluates a range aggregation at every step.
 *
 * @param outer the grouping of a `sum` directly around it: where it can, series are made for its groups only.
 * @throws {ServiceError} `bad_data` when a line has an error that the query does not filter out, or when what has to be
 * kept does not fit into memory.
 */
export async function aggregateRange(
  expression: RangeAggregation,
  outer: Grouping | undefined,
  steps: Steps,
  execution: Execution,
): Promise<readonly Series[]> {
  const aggregation = newAggregation(expression, outer, steps, execution);
  const { startNs, endNs, pipeline, isCounting, sink } = aggregation;
  const { matchers } = expression.range.log;
  const { needles, equalities } = pipeline;
  const request = { tenant: execution.tenant, matchers, startNs, endNs, needles, equalities, isCounting };
  const blocks = startNs < endNs ? await execution.querier.select(request, execution.signal) : [];
  execution.stats.blocksTotal += blocks.length;
  const streams = streamOrder(blocks);
  for (const block of inTimeOrder(blocks)) {
    if (!countUnloaded(block, aggregation)) {
      sink.beginBlock(sinceBegin(block.minNs, aggregation), streams.get(labelsKey(block.labels))!);
      await scanBlock(block, execution, (batch) => addBatch(batch, block.labels, aggregation));
    }
    await execution.pacer.pause();
  }
  const series = sink.finish();
  return expression.operation === "absent_over_time" ? [absenceOf(series, matchers, steps)] : series;
}

function newAggregation(
  expression: RangeAggregation,
  outer: Grouping | undefined,
  steps: Steps,
  { kernels }: Execution,
): Aggregation {
  const { operation, range } = expression;
  const rangeNs = BigInt(range.rangeMs) * nsPerMs;
  const offsetNs = BigInt(range.offsetNs);
  const grouping = seriesGrouping(expression, outer);
  const stages = neededStages(expression);
  const pipeline = compilePipeline(stages, kernels, hintsFor(stages, range.unwrap, grouping));
  const ordered = grouping && orderedGrouping(grouping);
  return {
    pipeline,
    valueOf: compileSampleValue(expression),
    columns: pipeline.fields && columnSamples(expression, pipeline.fields.plan, ordered),
    grouping: ordered,
    isCounting: pipeline.stages.length === 0 && range.unwrap === undefined,
    countsBytes: operation === "bytes_over_time" || operation === "bytes_rate",
    steps,
    rangeNs,
    offsetNs,
    startNs: steps.startNs - offsetNs - rangeNs + 1n,
    endNs: endOfSteps(steps) - offsetNs + 1n,
    sink: sinkFor(expression, steps),
    line: new Line(),
  };
}

/** ns after the begin of the first window, which no sample is at. */
function sinceBegin(ns: bigint, { startNs }: Aggregation): number {
  return Number(ns - startNs) + 1;
}

/** Samples of one time are taken in the order of their streams' labels. */
function streamOrder(blocks: readonly BlockRef[]): ReadonlyMap<string, number> {
  const streams = new Map(blocks.map(({ labels }) => [labelsKey(labels), labels]));
  const ordered = [...streams].sort(([, a], [, b]) => compareLabels(a, b));
  return new Map(ordered.map(([key], i) => [key, i]));
}

function inTimeOrder(blocks: readonly BlockRef[]): readonly BlockRef[] {
  return blocks.toSorted((a, b) => compareTimes(a.minNs, b.minNs) || compareTimes(a.maxNs, b.maxNs));
}

function compareTimes(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whether the labels and number of lines are all that matters of a block's content. */
function needsNoContent(stream: Labels, { isCounting, grouping }: Aggregation): boolean {
  return isCounting && !needsMetadata(stream, grouping);
}

/** Counts a block by what is known without loading it; false when that is not enough. */
function countUnloaded(block: BlockRef, aggregation: Aggregation): boolean {
  const { steps, rangeNs, offsetNs, sink, countsBytes } = aggregation;
  const spanNs = block.maxNs - block.minNs;
  if (
    !(sink instanceof WindowSums) ||
    block.mayRepeat === true ||
    spanNs > BigInt(deltaNsMax) ||
    !needsNoContent(block.labels, aggregation)
  ) {
    return false;
  }
  const windows = windowFinder(steps, rangeNs, offsetNs, block.minNs);
  const [first, last] = [windows.first(0), windows.last(0)];
  const isInside = block.minNs >= aggregation.startNs && block.maxNs < aggregation.endNs;
  if (!isInside || first !== windows.first(Number(spanNs)) || last !== windows.last(Number(spanNs))) {
    return false;
  }
  if (first <= last) {
    const sum = countsBytes ? block.rawBytes : block.count;
    sink.addMany(streamSlot(block.labels, aggregation), first, last, block.count, sum);
  }
  return true;
}

function streamSlot(stream: Labels, { line, grouping, sink }: Aggregation): number {
  line.labels.reset(stream, []);
  return sink.slot(sampleLabels(line.labels, grouping));
}

function addBatch(batch: EntryBatch, stream: Labels, aggregation: Aggregation): void {
  const { startNs, endNs } = aggregation;
  const from = firstAtOrAfter(batch, startNs);
  const to = firstAtOrAfter(batch, endNs);
  if (needsNoContent(stream, aggregation)) {
    addTimes(batch, from, to, stream, aggregation);
  } else {
    addLines(batch, from, to, stream, aggregation);
  }
}

/** The loop for queries that need nothing but times and sizes. */
function addTimes(batch: EntryBatch, from: number, to: number, stream: Labels, aggregation: Aggregation): void {
  const { sink, steps, rangeNs, offsetNs, countsBytes } = aggregation;
  const { deltaNs, lineStarts, lineEnds } = batch;
  const windows = windowFinder(steps, rangeNs, offsetNs, batch.baseNs);
  const baseNs = sinceBegin(batch.baseNs, aggregation);
  let slot = -1;
  for (let i = from; i < to; i++) {
    const delta = deltaNs[i]!;
    const first = windows.first(delta);
    const last = windows.last(delta);
    if (first <= last) {
      slot = slot === -1 ? streamSlot(stream, aggregation) : slot;
      sink.add(slot, baseNs + delta, first, last, countsBytes ? lineEnds[i]! - lineStarts[i]! : 1);
    }
  }
}

function addLines(batch: EntryBatch, from: number, to: number, stream: Labels, aggregation: Aggregation): void {
  const { pipeline, columns, line } = aggregation;
  const range = { from, to, backward: false };
  const rows = columns && fieldRows(batch, stream, pipeline, line, range);
  if (columns === undefined || rows === undefined) {
    scanBatch(batch, stream, pipeline, line, range, sampleVisitor(batch, aggregation));
  } else {
    addRows(batch, rows, stream, columns, aggregation);
  }
}

/** The loop for queries that need nothing but a few fields: what they leave unclear is visited with all its labels. */
function addRows(
  batch: EntryBatch,
  rows: Uint32Array,
  stream: Labels,
  columns: ColumnSamples,
  aggregation: Aggregation,
): void {
  const { pipeline, sink, steps, rangeNs, offsetNs, line } = aggregation;
  const { scan } = pipeline.fields!;
  const { deltaNs } = batch;
  const stages = pipeline.search?.stages ?? pipeline.stages;
  const windows = windowFinder(steps, rangeNs, offsetNs, batch.baseNs);
  const baseNs = sinceBegin(batch.baseNs, aggregation);
  let addedTo = noSlot;
  const visit = sampleVisitor(batch, aggregation, (slot) => (addedTo = slot));
  for (let i = 0; i < rows.length; i++) {
    const found = scan.turnTo(i);
    if (found === verdict.fails) {
      continue;
    }
    const row = rows[i]!;
    const isClear = found === verdict.passes;
    const value = isClear ? columns.valueOf(scan, batch, row) : Number.NaN;
    if (value === undefined) {
      continue;
    }
    const slot = Number.isNaN(value) ? noSlot : columns.slotOf(scan);
    if (slot !== noSlot) {
      const delta = deltaNs[row]!;
      const first = windows.first(delta);
      const last = windows.last(delta);
      if (first <= last) {
        sink.add(slot, baseNs + delta, first, last, value);
      }
      continue;
    }
    addedTo = noSlot;
    if (passes(batch, row, stream, stages, line)) {
      visit(line, row);
    }
    if (isClear && addedTo !== noSlot) {
      columns.remember(scan, addedTo);
    }
  }
}

/** Adds lines that passed, by their labels. @param onSlot hears of each sample's series. */
function sampleVisitor(batch: EntryBatch, aggregation: Aggregation, onSlot?: (slot: number) => void): Visit {
  const { valueOf, grouping, sink, steps, rangeNs, offsetNs, isCounting } = aggregation;
  const { deltaNs } = batch;
  const windows = windowFinder(steps, rangeNs, offsetNs, batch.baseNs);
  const baseNs = sinceBegin(batch.baseNs, aggregation);
  // Without stages the series depends on nothing but the metadata, which entries share.
  const slots = isCounting ? new Map<Labels, number>() : undefined;
  return (found, index) => {
    const delta = deltaNs[index]!;
    const first = windows.first(delta);
    const last = windows.last(delta);
    const value = first > last ? undefined : valueOf(found);
    if (value === undefined) {
      return true;
    }
    const metadata = metadataAt(batch, index);
    let slot = slots?.get(metadata);
    if (slot === undefined) {
      const labels = sampleLabels(found.labels, grouping);
      checkNoError(labels);
      slot = sink.slot(labels);
      slots?.set(metadata, slot);
    }
    onSlot?.(slot);
    sink.add(slot, baseNs + delta, first, last, value);
    return true;
  };
}
