import { compileSkipTest, type LabelTest, type SegmentFooter, type StreamIndex } from "@sluice/chunk";
import {
  compareLabels,
  compileMatcher,
  printLabels,
  type Labels,
  type Matcher,
  type SelectRequest,
  type SeriesRequest,
} from "@sluice/model";
import type { ByteRange } from "@sluice/object-store";
import { checkNotCancelled } from "./cancelled.ts";
import { mapInOrder } from "./map-in-order.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";
import type { StoreMetrics } from "./store-metrics.ts";
import { StoredBlock } from "./stored-block.ts";

const filtersAtOnce = 8;

/**
 * The blocks of matching streams in `[startNs, endNs)`: in the order of the segments, in each by stream and time. Without
 * those of which the skip filters say that no entry holds all of the needles and equalities.
 */
export async function selectBlocks(
  reader: SegmentReader,
  segments: readonly Segment[],
  request: SelectRequest,
  metrics: StoreMetrics,
  signal: AbortSignal | undefined,
): Promise<StoredBlock[]> {
  const blocks: StoredBlock[] = [];
  let outsideCount = 0;
  let inRangeCount = 0;
  const scan = reader.scan();
  for (const planned of await planBlocks(reader, segments, request, signal)) {
    const { segment, footer, kept } = planned;
    outsideCount += planned.outsideCount;
    inRangeCount += planned.blocks.length;
    const read = scan?.reader(segment.key, () => rangesOf(footer, kept));
    for (const block of kept) {
      const labels = labelsOf(footer, block);
      blocks.push(new StoredBlock(reader, segment, footer, labels, block, { read, needles: request.needles }));
    }
  }
  metrics.blocksPlanned.add(outsideCount, { outcome: "outside" });
  metrics.blocksPlanned.add(inRangeCount - blocks.length, { outcome: "filtered" });
  metrics.blocksPlanned.add(blocks.length, { outcome: "selected" });
  return blocks;
}

/** The same as numbers of blocks, for whoever works on segments. */
export async function planBlocks(
  reader: SegmentReader,
  segments: readonly Segment[],
  { matchers, startNs, endNs, needles = [], equalities = [] }: Omit<SelectRequest, "tenant">,
  signal: AbortSignal | undefined,
): Promise<readonly PlannedSegment[]> {
  const match = compileStreamMatch(matchers);
  const mayHold = compileSkipTest({ needles, equalities });
  const footers = await reader.footers(segments, signal);
  const planned = footers.map((footer, i) => planSegment(segments[i]!, footer, match, startNs, endNs));
  if (mayHold === undefined) {
    return planned.map((plan) => ({ ...plan, kept: plan.blocks }));
  }
  return mapInOrder(planned, filtersAtOnce, async (plan) => {
    checkNotCancelled(signal, "query");
    const { segment, footer, blocks } = plan;
    const filters = blocks.length === 0 ? [] : await reader.filters(segment, footer, blocks);
    const kept = blocks.filter((block, i) => filters[i] === undefined || mayHold(filters[i], labelsOf(footer, block)));
    return { ...plan, kept };
  });
}

/** Where the blocks lie in their segment. */
function rangesOf({ blocks: table }: SegmentFooter, blocks: readonly number[]): ByteRange[] {
  return blocks.map((block) => ({ offset: table.offsetAt(block), length: table.storedBytesAt(block) }));
}

/** The label sets, ascending, of streams that match any selector (or all, for none) and have blocks in the range. */
export async function selectSeries(
  reader: SegmentReader,
  segments: readonly Segment[],
  { selectors, startNs, endNs }: SeriesRequest,
  isShown: (labels: Labels, block: { readonly maxNs: bigint }) => boolean = () => true,
): Promise<Labels[]> {
  const matches = (selectors.length === 0 ? [[]] : selectors).map(compileStreamMatch);
  const found = new Set<Labels>();
  for (const { streams, blocks } of await reader.footers(segments)) {
    const start = blocks.offsetOf(startNs);
    const end = blocks.offsetOf(endNs);
    for (const match of matches) {
      for (const stream of match(streams)) {
        const labels = streams.labelsAt(stream);
        if (!found.has(labels)) {
          blocks.eachInRange(stream, start, end, (block) => {
            if (isShown(labels, { maxNs: blocks.maxNsAt(block) })) {
              found.add(labels);
            }
          });
        }
      }
    }
  }
  // Mostly the sets of a stream are one object already.
  const byText = new Map([...found].map((labels) => [printLabels(labels), labels]));
  return [...byText.values()].sort(compareLabels);
}

function labelsOf({ streams, blocks }: SegmentFooter, block: number): Labels {
  return streams.labelsAt(blocks.streamAt(block));
}

export interface PlannedSegment extends SegmentPlan {
  /** Of the blocks those that their filters do not rule out. */
  readonly kept: readonly number[];
}

interface SegmentPlan {
  readonly segment: Segment;
  readonly footer: SegmentFooter;
  /** Of matching streams in the range, ascending. */
  readonly blocks: readonly number[];
  /** How many blocks of matching streams lie outside of the range. */
  readonly outsideCount: number;
}

function planSegment(
  segment: Segment,
  footer: SegmentFooter,
  match: StreamMatch,
  startNs: bigint,
  endNs: bigint,
): SegmentPlan {
  const { streams, blocks: table } = footer;
  const start = table.offsetOf(startNs);
  const end = table.offsetOf(endNs);
  const blocks: number[] = [];
  let ofStreams = 0;
  for (const stream of match(streams)) {
    ofStreams += table.startOf(stream + 1) - table.startOf(stream);
    table.eachInRange(stream, start, end, (block) => blocks.push(block));
  }
  return { segment, footer, blocks, outsideCount: ofStreams - blocks.length };
}

export type StreamMatch = (streams: StreamIndex) => Uint32Array;

/** The streams that a selector matches. Many segments share an index: each one is looked at once. */
export function compileStreamMatch(matchers: readonly Matcher[]): StreamMatch {
  const tests = matchers.map(compileTest);
  return remembered((streams) => streams.match(tests));
}

/** A regular expression is tried once on every distinct value. */
function compileTest(matcher: Matcher): LabelTest {
  const { name, operator, value } = matcher;
  const test = compileMatcher(matcher);
  const isEquality = operator === "=" || operator === "!=";
  return {
    name,
    test: isEquality ? test : remembered(test),
    only: operator === "=" && value !== "" ? value : undefined,
  };
}

function remembered<Argument, Result>(compute: (argument: Argument) => Result): (argument: Argument) => Result {
  const known = new Map<Argument, Result>();
  return (argument) => {
    let result = known.get(argument);
    if (result === undefined) {
      result = compute(argument);
      known.set(argument, result);
    }
    return result;
  };
}
