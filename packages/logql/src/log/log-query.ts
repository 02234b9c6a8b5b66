import {
  firstAtOrAfter,
  instantOf,
  lineTextOf,
  metadataAt,
  nsOfInstant,
  printLabels,
  type BlockRef,
  type Direction,
  type EntryBatch,
  type Labels,
  type ResultColumns,
  type ResultEntry,
  type ResultStream,
} from "@sluice/model";
import { inOrderOfEnd, inOrderOfStart, type PlacedBlock } from "../block-order.ts";
import { scanBlock, type Execution } from "../execution.ts";
import type { LogExpression } from "../syntax/index.ts";
import type { CollectedLines, LineSet } from "./collected-lines.ts";
import { Line } from "./line.ts";
import { LogCollector } from "./log-collector.ts";
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

/** What looks at the blocks of one log query. */
interface LogScan {
  readonly query: LogQuery;
  readonly pipeline: Pipeline;
  readonly line: Line;
  readonly collector: LogCollector;
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
  const scan: LogScan = { query, pipeline, line: new Line(), collector };
  for (const { block, ordinal } of blocks) {
    // No block from here on reaches beyond this block's edge, so that everything before it is final.
    collector.settleBefore(edgeOf(block, direction));
    if (collector.isFull) {
      break;
    }
    const place = { labels: block.labels, ordinal };
    await scanBlock(block, execution, (batch) => collectFrom(batch, place, scan));
    await execution.pacer.pause();
  }
  const { lines, rows } = collector.finish();
  stats.entriesReturned += rows.length;
  return groupByStream(lines, rows);
}

function edgeOf(block: BlockRef, direction: Direction): bigint {
  return direction === "forward" ? block.minNs : block.maxNs;
}

function inTimeOrder(blocks: readonly BlockRef[], direction: Direction): readonly PlacedBlock[] {
  return direction === "forward"
    ? inOrderOfStart(blocks).map((block, ordinal) => ({ block, ordinal }))
    : inOrderOfEnd(blocks);
}

function collectFrom(
  batch: EntryBatch,
  place: { readonly labels: Labels; readonly ordinal: number },
  { query, pipeline, line, collector }: LogScan,
): void {
  const { startNs, endNs, direction } = query;
  const range = {
    from: firstAtOrAfter(batch, startNs),
    to: firstAtOrAfter(batch, endNs),
    backward: direction === "backward",
  };
  const { deltaNs, baseNs } = batch;
  const base = instantOf(baseNs);
  // Where no stage looks at labels, lines with the same metadata have the same.
  const shared = pipeline.readsLabels ? undefined : new Map<Labels, LineSet>();
  collector.beginBlock(place);
  scanBatch(batch, place.labels, pipeline, line, range, (found, index) => {
    const delta = deltaNs[index]!;
    const wholeSeconds = Math.floor(delta / 1e9);
    const nanos = base.nanos + (delta - wholeSeconds * 1e9);
    const carry = nanos >= 1e9 ? 1 : 0;
    let set: LineSet | undefined;
    if (shared === undefined) {
      set = found.labels.categorised();
    } else {
      const metadata = metadataAt(batch, index);
      set = shared.get(metadata);
      if (set === undefined) {
        found.labels.reset(place.labels, metadata);
        set = found.labels.categorised();
        shared.set(metadata, set);
      }
    }
    const { bytes, start, end } = found;
    return collector.offer(base.seconds + wholeSeconds + carry, nanos - carry * 1e9, bytes, start, end, set);
  });
  collector.endBlock();
}

/** Groups lines by stream, keeping their order; streams come in the order of their label text, as from Loki. */
function groupByStream(lines: CollectedLines, rows: readonly number[]): readonly ResultStream[] {
  const byLabels = new Map<Labels, number[]>();
  const byText = new Map<string, { readonly labels: Labels; readonly rows: number[] }>();
  for (const row of rows) {
    const labels = lines.sets[row]!.stream;
    let ofStream = byLabels.get(labels);
    if (ofStream === undefined) {
      const text = printLabels(labels);
      const stream = byText.get(text) ?? { labels, rows: [] };
      byText.set(text, stream);
      ofStream = stream.rows;
      byLabels.set(labels, ofStream);
    }
    ofStream.push(row);
  }
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stream]) => resultStream(lines, stream));
}

function resultStream(
  lines: CollectedLines,
  { labels, rows }: { readonly labels: Labels; readonly rows: readonly number[] },
): ResultStream {
  const columns = columnsOf(lines, rows);
  let entries: readonly ResultEntry[] | undefined;
  return {
    labels,
    columns,
    get entries() {
      return (entries ??= entriesOf(columns));
    },
  };
}

function columnsOf(lines: CollectedLines, rows: readonly number[]): ResultColumns {
  const count = rows.length;
  const bytes = new Uint8Array(rows.reduce((sum, row) => sum + lines.ends[row]! - lines.starts[row]!, 0));
  const lineStarts = new Uint32Array(count);
  const lineEnds = new Uint32Array(count);
  let at = 0;
  for (const [i, row] of rows.entries()) {
    lineStarts[i] = at;
    bytes.set(lines.bytes.subarray(lines.starts[row], lines.ends[row]), at);
    at += lines.ends[row]! - lines.starts[row]!;
    lineEnds[i] = at;
  }
  return {
    count,
    seconds: Float64Array.from(rows, (row) => lines.seconds[row]!),
    nanos: Uint32Array.from(rows, (row) => lines.nanos[row]!),
    bytes,
    lineStarts,
    lineEnds,
    metadata: rows.map((row) => lines.sets[row]!.metadata),
    parsed: rows.map((row) => lines.sets[row]!.parsed),
  };
}

function entriesOf({
  count,
  seconds,
  nanos,
  bytes,
  lineStarts,
  lineEnds,
  metadata,
  parsed,
}: ResultColumns): readonly ResultEntry[] {
  return Array.from({ length: count }, (_, i) => ({
    timestampNs: nsOfInstant(seconds[i]!, nanos[i]!),
    line: lineTextOf(bytes, lineStarts[i]!, lineEnds[i]!),
    metadata: metadata[i]!,
    parsed: parsed[i]!,
  }));
}
