import {
  firstAtOrAfter,
  deltaNsMax,
  metadataAt,
  nsPerMs,
  type BlockRef,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import { loadBlock, type Execution } from "../execution.ts";
import { Line } from "../log/line.ts";
import { compilePipeline, type Pipeline } from "../log/pipeline.ts";
import { scanBatch } from "../log/scan.ts";
import type { Grouping, RangeAggregation } from "../syntax/index.ts";
import { checkNoError, hintsFor, needsMetadata, orderedGrouping, sampleLabels } from "./sample-labels.ts";
import type { Series } from "./series.ts";
import { endOfSteps, windowFinder, type Steps } from "./steps.ts";
import { addToWindows, WindowSums, type WindowSlot } from "./window-sums.ts";

/** One range aggregation while it runs. */
interface Aggregation {
  readonly pipeline: Pipeline;
  readonly grouping: Grouping | undefined;
  readonly steps: Steps;
  readonly rangeNs: bigint;
  readonly offsetNs: bigint;
  /** First instant inside the first window, and first instant after the last. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly sums: WindowSums;
  readonly line: Line;
}

/**
 * Evaluates `count_over_time`, `rate`, `bytes_over_time` or `bytes_rate` at every step.
 *
 * @param grouping that of a `sum` directly around it: series are made for its groups only.
 * @throws {ServiceError} `bad_data` when a line has an error that the query does not filter out.
 */
export async function aggregateRange(
  { operation, range }: RangeAggregation,
  grouping: Grouping | undefined,
  steps: Steps,
  execution: Execution,
): Promise<readonly Series[]> {
  const rangeNs = BigInt(range.rangeMs) * nsPerMs;
  const offsetNs = BigInt(range.offsetNs);
  const aggregation: Aggregation = {
    pipeline: compilePipeline(range.log.stages, execution.kernels, hintsFor(range.log.stages, grouping)),
    grouping: grouping && orderedGrouping(grouping),
    steps,
    rangeNs,
    offsetNs,
    startNs: steps.startNs - offsetNs - rangeNs + 1n,
    endNs: endOfSteps(steps) - offsetNs + 1n,
    sums: new WindowSums(steps, operation),
    line: new Line(),
  };
  const { startNs, endNs, pipeline } = aggregation;
  const { matchers } = range.log;
  const { needles, equalities } = pipeline;
  const isCounting = pipeline.stages.length === 0;
  const request = { tenant: execution.tenant, matchers, startNs, endNs, needles, equalities, isCounting };
  const blocks = startNs < endNs ? await execution.querier.select(request, execution.signal) : [];
  execution.stats.blocksTotal += blocks.length;
  for (const block of blocks) {
    if (!countUnloaded(block, aggregation)) {
      addBatch(await loadBlock(block, execution), block.labels, aggregation);
    }
    await execution.pacer.pause();
  }
  return aggregation.sums.finish(operation, range.rangeMs);
}

/** Whether the labels and number of lines are all that matters of a block's content. */
function needsNoContent(stream: Labels, { pipeline, grouping }: Aggregation): boolean {
  return pipeline.stages.length === 0 && !needsMetadata(stream, grouping);
}

/** Counts a block by what is known without loading it; false when that is not enough. */
function countUnloaded(block: BlockRef, aggregation: Aggregation): boolean {
  const spanNs = block.maxNs - block.minNs;
  if (block.mayRepeat === true || spanNs > BigInt(deltaNsMax) || !needsNoContent(block.labels, aggregation)) {
    return false;
  }
  const { steps, rangeNs, offsetNs } = aggregation;
  const windows = windowFinder(steps, rangeNs, offsetNs, block.minNs);
  const [first, last] = [windows.first(0), windows.last(0)];
  const isInside = block.minNs >= aggregation.startNs && block.maxNs < aggregation.endNs;
  if (!isInside || first !== windows.first(Number(spanNs)) || last !== windows.last(Number(spanNs))) {
    return false;
  }
  addToWindows(streamSlot(block.labels, aggregation), first, last, block.count, block.rawBytes);
  return true;
}

function streamSlot(stream: Labels, { line, grouping, sums }: Aggregation): WindowSlot {
  line.labels.reset(stream, []);
  return sums.slot(sampleLabels(line.labels, grouping));
}

function addBatch(batch: EntryBatch, stream: Labels, aggregation: Aggregation): void {
  const { startNs, endNs, pipeline, line, sums, grouping, steps, rangeNs, offsetNs } = aggregation;
  const windows = windowFinder(steps, rangeNs, offsetNs, batch.baseNs);
  const { deltaNs } = batch;
  const range = { from: firstAtOrAfter(batch, startNs), to: firstAtOrAfter(batch, endNs), backward: false };
  if (needsNoContent(stream, aggregation)) {
    addTimes(batch, range.from, range.to, streamSlot(stream, aggregation), windows);
    return;
  }
  // Without stages the series depends on nothing but the metadata, which entries share.
  const slots = pipeline.stages.length === 0 ? new Map<Labels, WindowSlot>() : undefined;
  scanBatch(batch, stream, pipeline, line, range, (found, index) => {
    const metadata = metadataAt(batch, index);
    const first = windows.first(deltaNs[index]!);
    const last = windows.last(deltaNs[index]!);
    if (first > last) {
      return true;
    }
    let slot = slots?.get(metadata);
    if (slot === undefined) {
      const labels = sampleLabels(found.labels, grouping);
      checkNoError(labels);
      slot = sums.slot(labels);
      slots?.set(metadata, slot);
    }
    addToWindows(slot, first, last, 1, found.sizeBytes);
    return true;
  });
}

/** The loop for queries that need nothing but times and sizes. */
function addTimes(
  { deltaNs, lineStarts, lineEnds }: EntryBatch,
  from: number,
  to: number,
  slot: WindowSlot,
  windows: ReturnType<typeof windowFinder>,
): void {
  for (let i = from; i < to; i++) {
    const size = lineEnds[i]! - lineStarts[i]!;
    addToWindows(slot, windows.first(deltaNs[i]!), windows.last(deltaNs[i]!), 1, size);
  }
}
