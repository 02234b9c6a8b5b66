import {
  firstAtOrAfter,
  printLabels,
  timestampAt,
  type BlockRef,
  type Direction,
  type Labels,
  type ResultEntry,
  type ResultStream,
} from "@sluice/model";
import { loadBlock, type Execution } from "../execution.ts";
import type { LogExpression } from "../syntax/index.ts";
import { Line } from "./line.ts";
import { LogCollector, type FoundEntry } from "./log-collector.ts";
import { compilePipeline, type Pipeline } from "./pipeline.ts";
import { scanBatch } from "./scan.ts";

export interface LogQuery {
  readonly log: LogExpression;
  /** First instant wanted. */
  readonly startNs: bigint;
  /** First instant not wanted any more. */
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: Direction;
  /** Of lines nearer than this to the one before, over all streams, only the first counts; 0 keeps all. */
  readonly intervalNs: bigint;
}

/**
 * Answers a log query: the first (forward) or last (backward) `limit` lines over all streams, grouped by stream in the
 * order of the streams' label text. Lines of one instant are ordered by their stream's labels, then by arrival;
 * backward is the exact reverse of forward.
 */
export async function runLogQuery(query: LogQuery, execution: Execution): Promise<readonly ResultStream[]> {
  const pipeline = compilePipeline(query.log.stages, execution.kernels);
  const { startNs, endNs, direction } = query;
  const { querier, tenant, signal, stats } = execution;
  const { matchers } = query.log;
  const { needles, equalities } = pipeline;
  const request = { tenant, matchers, startNs, endNs, needles, equalities };
  const blocks = inTimeOrder(await querier.select(request, signal), direction);
  stats.blocksTotal += blocks.length;
  const collector = new LogCollector(query);
  const line = new Line();
  for (const placed of blocks) {
    // No block from here on reaches beyond this block's edge, so that everything before it is final.
    collector.settleBefore(edgeOf(placed.block, direction));
    if (collector.isFull) {
      break;
    }
    await scanBlock(placed, pipeline, line, query, collector, execution);
    await execution.pacer.pause();
  }
  const streams = groupByStream(collector.finish());
  stats.entriesReturned += streams.reduce((sum, { entries }) => sum + entries.length, 0);
  return streams;
}

function edgeOf(block: BlockRef, direction: Direction): bigint {
  return direction === "forward" ? block.minNs : block.maxNs;
}

/** A block with its place in time; where times are equal, in the order in which the querier gave it. */
interface PlacedBlock {
  readonly block: BlockRef;
  readonly ordinal: number;
}

function inTimeOrder(blocks: readonly BlockRef[], direction: Direction): readonly PlacedBlock[] {
  const placed = blocks
    .toSorted((a, b) => compareTimes(a.minNs, b.minNs) || compareTimes(a.maxNs, b.maxNs))
    .map((block, ordinal) => ({ block, ordinal }));
  return direction === "forward"
    ? placed
    : placed.sort((a, b) => compareTimes(b.block.maxNs, a.block.maxNs) || b.ordinal - a.ordinal);
}

function compareTimes(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

async function scanBlock(
  { block, ordinal }: PlacedBlock,
  pipeline: Pipeline,
  line: Line,
  { startNs, endNs, direction }: LogQuery,
  collector: LogCollector,
  execution: Execution,
): Promise<void> {
  const batch = await loadBlock(block, execution);
  const range = {
    from: firstAtOrAfter(batch, startNs),
    to: firstAtOrAfter(batch, endNs),
    backward: direction === "backward",
  };
  collector.beginBlock({ labels: block.labels, ordinal });
  scanBatch(batch, block.labels, pipeline, line, range, (found, index) =>
    collector.offer(timestampAt(batch, index), index, found),
  );
}

/** Groups lines by stream, keeping their order; streams come in the order of their label text, as from Loki. */
function groupByStream(found: readonly FoundEntry[]): readonly ResultStream[] {
  const byText = new Map<string, { labels: Labels; entries: ResultEntry[] }>();
  for (const { streamLabels, entry } of found) {
    const text = printLabels(streamLabels);
    const stream = byText.get(text);
    if (stream === undefined) {
      byText.set(text, { labels: streamLabels, entries: [entry] });
    } else {
      stream.entries.push(entry);
    }
  }
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stream]) => stream);
}
