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
import { inOrderOfStart } from "../block-order.ts";
import { scanBlock, type Execution } from "../execution.ts";
import { verdict } from "../log/fields/field-test.ts";
import { Line } from "../log/line.ts";
import { compilePipeline, type Pipeline } from "../log/pipeline.ts";
import { fieldRows, passes, scanBatch, type Visit } from "../log/scan.ts";
import type { Grouping, RangeAggregation } from "../syntax/index.ts";
import { absenceOf } from "./absent.ts";
import { columnSamples, noSlot, type ColumnSamples } from "./column-samples.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { neededStages, seriesGrouping, sinkFor } from "./range-plan.ts";
import { checkNoError, hintsFor, needsMetadata, orderedGrouping, sampleLabels } from "./sample-labels.ts";
import type { SampleSink } from "./sample-sink.ts";
import { compileSampleValue, type SampleValue } from "./sample-value.ts";
import { labelsKey, type Series } from "./series.ts";
import { endOfSteps, windowFinder, type Steps } from "./steps.ts";
import { WindowLists } from "./window-lists.ts";
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
  readonly isUnwrapping: boolean;
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
  budget: MemoryBudget,
): Promise<readonly Series[]> {
  const aggregation = newAggregation(expression, outer, steps, execution, budget);
  const { startNs, endNs, pipeline, isCounting, sink } = aggregation;
  const { matchers } = expression.range.log;
  const { needles, equalities } = pipeline;
  const request = { tenant: execution.tenant, matchers, startNs, endNs, needles, equalities, isCounting };
  const blocks = startNs < endNs ? await execution.querier.select(request, execution.signal) : [];
  execution.stats.blocksTotal += blocks.length;
  const left: BlockRef[] = [];
  for (const block of blocks) {
    if (!countUnloaded(block, aggregation)) {
      left.push(block);
    }
    await execution.pacer.pause();
  }
  const streams = streamOrder(left);
  const ordered = inOrderOfStart(left);
  for (const [i, block] of ordered.entries()) {
    const next = ordered[i + 1];
    const nextNs = next === undefined ? Number.POSITIVE_INFINITY : sinceBegin(next.minNs, aggregation);
    sink.beginBlock(sinceBegin(block.minNs, aggregation), streams.get(labelsKey(block.labels))!, nextNs);
    const only = onlyWindows(block, aggregation);
    await scanBlock(block, execution, (batch) => addBatch(batch, block.labels, only, aggregation));
    await execution.pacer.pause();
  }
  while (sink.finishSome?.() === true) {
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
  budget: MemoryBudget,
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
    isUnwrapping: range.unwrap !== undefined,
    countsBytes: operation === "bytes_over_time" || operation === "bytes_rate",
    steps,
    rangeNs,
    offsetNs,
    startNs: steps.startNs - offsetNs - rangeNs + 1n,
    endNs: endOfSteps(steps) - offsetNs + 1n,
    sink: sinkFor(expression, steps, budget),
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

/** Whether the labels and number of lines are all that matters of a block's content. */
function needsNoContent(stream: Labels, { isCounting, grouping }: Aggregation): boolean {
  return isCounting && !needsMetadata(stream, grouping);
}

/** The steps whose windows hold an entry; none when `first` is behind `last`. */
interface Windows {
  readonly first: number;
  readonly last: number;
}

/** The windows that all entries of a block lie in, when they are the same for all. */
function onlyWindows(block: BlockRef, aggregation: Aggregation): Windows | undefined {
  const { steps, rangeNs, offsetNs, startNs, endNs } = aggregation;
  const spanNs = block.maxNs - block.minNs;
  if (spanNs > BigInt(deltaNsMax) || block.minNs < startNs || block.maxNs >= endNs) {
    return undefined;
  }
  const windows = windowFinder(steps, rangeNs, offsetNs, block.minNs);
  const [first, last] = [windows.first(0), windows.last(0)];
  const isSame = first === windows.first(Number(spanNs)) && last === windows.last(Number(spanNs));
  return isSame ? { first, last } : undefined;
}

/** Counts a block by what is known without loading it; false when that is not enough. */
function countUnloaded(block: BlockRef, aggregation: Aggregation): boolean {
  const { sink, countsBytes } = aggregation;
  if (!(sink instanceof WindowSums) || block.mayRepeat === true || !needsNoContent(block.labels, aggregation)) {
    return false;
  }
  const only = onlyWindows(block, aggregation);
  if (only !== undefined && only.first <= only.last) {
    const sum = countsBytes ? block.rawBytes : block.count;
    sink.addMany(streamSlot(block.labels, aggregation), only.first, only.last, block.count, sum);
  }
  return only !== undefined;
}

function streamSlot(stream: Labels, { line, grouping, sink }: Aggregation): number {
  line.labels.reset(stream, []);
  return sink.slot(sampleLabels(line.labels, grouping));
}

/** @param only the windows of all entries, when they are the same: then their times may not have to be read. */
function addBatch(batch: EntryBatch, stream: Labels, only: Windows | undefined, aggregation: Aggregation): void {
  const { startNs, endNs, pipeline, columns, line } = aggregation;
  const from = only === undefined ? firstAtOrAfter(batch, startNs) : 0;
  const to = only === undefined ? firstAtOrAfter(batch, endNs) : batch.count;
  const range = { from, to, backward: false };
  const placed = { batch, stream, times: entryTimes(batch, only, aggregation) };
  if (needsNoContent(stream, aggregation)) {
    addTimes(placed, from, to, aggregation);
    return;
  }
  const rows = columns && fieldRows(batch, stream, pipeline, line, range);
  if (columns === undefined || rows === undefined) {
    scanBatch(batch, stream, pipeline, line, range, sampleVisitor(placed, aggregation));
  } else {
    addRows(placed, rows, columns, aggregation);
  }
}

/** A batch of a stream, with what places its entries in time. */
interface PlacedBatch {
  readonly batch: EntryBatch;
  readonly stream: Labels;
  readonly times: EntryTimes;
}

interface EntryTimes {
  firstOf(row: number): number;
  lastOf(row: number): number;
  /** As {@link SampleSink.add} takes it. */
  timeOf(row: number): number;
}

function entryTimes(batch: EntryBatch, only: Windows | undefined, aggregation: Aggregation): EntryTimes {
  const { sink, steps, rangeNs, offsetNs } = aggregation;
  if (only !== undefined && (sink instanceof WindowSums || sink instanceof WindowLists)) {
    // To these it does not matter when in its windows a sample is.
    return { firstOf: () => only.first, lastOf: () => only.last, timeOf: () => 0 };
  }
  const { deltaNs } = batch;
  const baseNs = sinceBegin(batch.baseNs, aggregation);
  const timeOf = (row: number): number => baseNs + deltaNs[row]!;
  if (only !== undefined) {
    return { firstOf: () => only.first, lastOf: () => only.last, timeOf };
  }
  const windows = windowFinder(steps, rangeNs, offsetNs, batch.baseNs);
  return {
    firstOf: (row) => windows.first(deltaNs[row]!),
    lastOf: (row) => windows.last(deltaNs[row]!),
    timeOf,
  };
}

/** The loop for queries that need nothing but times and sizes. */
function addTimes({ batch, stream, times }: PlacedBatch, from: number, to: number, aggregation: Aggregation): void {
  const { sink, countsBytes } = aggregation;
  const { lineStarts, lineEnds } = batch;
  let slot = -1;
  for (let i = from; i < to; i++) {
    const first = times.firstOf(i);
    const last = times.lastOf(i);
    if (first <= last) {
      slot = slot === -1 ? streamSlot(stream, aggregation) : slot;
      sink.add(slot, times.timeOf(i), first, last, countsBytes ? lineEnds[i]! - lineStarts[i]! : 1);
    }
  }
}

/** The loop for queries that need nothing but a few fields: what they leave unclear is visited with all its labels. */
function addRows(placed: PlacedBatch, rows: Uint32Array, columns: ColumnSamples, aggregation: Aggregation): void {
  const { pipeline, sink, line } = aggregation;
  const { batch, stream, times } = placed;
  const { scan } = pipeline.fields!;
  const stages = pipeline.search?.stages ?? pipeline.stages;
  let addedTo = noSlot;
  const visit = sampleVisitor(placed, aggregation, (slot) => (addedTo = slot));
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
      const first = times.firstOf(row);
      const last = times.lastOf(row);
      if (first <= last) {
        sink.add(slot, times.timeOf(row), first, last, value);
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

/** Adds lines that passed. @param onSlot hears of each sample's series. */
function sampleVisitor(
  { batch, stream, times }: PlacedBatch,
  aggregation: Aggregation,
  onSlot?: (slot: number) => void,
): Visit {
  const { valueOf, sink, pipeline, isUnwrapping } = aggregation;
  const slotOf = seriesOf(batch, stream, aggregation);
  const lacksLabels = isUnwrapping && !pipeline.readsLabels;
  return (found, index) => {
    if (lacksLabels) {
      found.labels.reset(stream, metadataAt(batch, index));
    }
    const first = times.firstOf(index);
    const last = times.lastOf(index);
    const value = first > last ? undefined : valueOf(found);
    if (value !== undefined) {
      const slot = slotOf(found, index);
      onSlot?.(slot);
      sink.add(slot, times.timeOf(index), first, last, value);
    }
    return true;
  };
}

/** What finds the series of a line: by its labels, or by less where no stage and no unwrap changes them. */
function seriesOf(batch: EntryBatch, stream: Labels, aggregation: Aggregation): (line: Line, index: number) => number {
  const { pipeline, grouping, sink, isUnwrapping } = aggregation;
  const byLabels = ({ labels }: Line): number => {
    const ofSeries = sampleLabels(labels, grouping);
    checkNoError(ofSeries);
    return sink.slot(ofSeries);
  };
  if (pipeline.readsLabels || isUnwrapping) {
    return byLabels;
  }
  if (!needsMetadata(stream, grouping)) {
    let slot = -1;
    return () => (slot = slot === -1 ? streamSlot(stream, aggregation) : slot);
  }
  const slots = new Map<Labels, number>();
  return (line, index) => {
    const metadata = metadataAt(batch, index);
    let slot = slots.get(metadata);
    if (slot === undefined) {
      line.labels.reset(stream, metadata);
      slot = byLabels(line);
      slots.set(metadata, slot);
    }
    return slot;
  };
}
