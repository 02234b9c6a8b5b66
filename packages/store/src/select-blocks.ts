import type { SegmentFooter } from "@sluice/chunk";
import {
  compareLabels,
  compileMatchers,
  printLabels,
  ServiceError,
  type BlockRef,
  type Labels,
  type SelectRequest,
  type SeriesRequest,
} from "@sluice/model";
import { mapInOrder } from "./map-in-order.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";

const footersAtOnce = 16;

/** The blocks of matching streams in `[startNs, endNs)`: in the order of the segments, in each by stream and time. */
export async function selectBlocks(
  reader: SegmentReader,
  segments: readonly Segment[],
  { matchers, startNs, endNs }: SelectRequest,
  signal: AbortSignal | undefined,
): Promise<BlockRef[]> {
  const matches = oncePerStream(compileMatchers(matchers));
  const blocks: BlockRef[] = [];
  const footers = await mapInOrder(segments, footersAtOnce, (segment) => {
    checkNotCancelled(signal);
    return reader.footer(segment);
  });
  for (const [i, footer] of footers.entries()) {
    const isWanted = footer.streams.map(matches);
    for (const entry of footer.blocks) {
      if (isWanted[entry.stream] === true && entry.minNs < endNs && entry.maxNs >= startNs) {
        blocks.push(blockOf(reader, segments[i]!, footer, entry));
      }
    }
  }
  return blocks;
}

/** The label sets, ascending, of streams that match any selector (or all, for none) and have blocks in the range. */
export async function selectSeries(
  reader: SegmentReader,
  segments: readonly Segment[],
  { selectors, startNs, endNs }: SeriesRequest,
  isShown: (labels: Labels, block: SegmentFooter["blocks"][number]) => boolean = () => true,
): Promise<Labels[]> {
  const tests = selectors.map(compileMatchers);
  const found = new Map<string, Labels>();
  const seen = new Set<Labels>();
  const footers = await mapInOrder(segments, footersAtOnce, (segment) => reader.footer(segment));
  for (const { streams, blocks } of footers) {
    const inRange = new Set<number>();
    for (const block of blocks) {
      const { stream, minNs, maxNs } = block;
      if (minNs < endNs && maxNs >= startNs && isShown(streams[stream]!, block)) {
        inRange.add(stream);
      }
    }
    for (const stream of inRange) {
      const labels = streams[stream]!;
      if (!seen.has(labels) && (tests.length === 0 || tests.some((matches) => matches(labels)))) {
        found.set(printLabels(labels), labels);
      }
      seen.add(labels);
    }
  }
  return [...found.values()].sort(compareLabels);
}

function blockOf(
  reader: SegmentReader,
  segment: Segment,
  { streams }: SegmentFooter,
  entry: SegmentFooter["blocks"][number],
): BlockRef {
  const { minNs, maxNs, count, rawBytes } = entry;
  return {
    labels: streams[entry.stream]!,
    minNs,
    maxNs,
    count,
    rawBytes,
    async load(signal) {
      checkNotCancelled(signal);
      return reader.block(segment, entry);
    },
  };
}

/** The label sets of all footers are shared, so that a stream is known by its identity. */
function oncePerStream(matches: (labels: Labels) => boolean): (labels: Labels) => boolean {
  const known = new Map<Labels, boolean>();
  return (labels) => {
    let result = known.get(labels);
    if (result === undefined) {
      result = matches(labels);
      known.set(labels, result);
    }
    return result;
  };
}

function checkNotCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new ServiceError("cancelled", "the query was cancelled", { cause: signal.reason });
  }
}
