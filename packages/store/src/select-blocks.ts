import { compileNeedles, type LabelTest, type SegmentFooter } from "@sluice/chunk";
import {
  compareLabels,
  compileMatcher,
  printLabels,
  type BlockRef,
  type Labels,
  type Matcher,
  type SelectRequest,
  type SeriesRequest,
} from "@sluice/model";
import { checkNotCancelled } from "./cancelled.ts";
import { mapInOrder } from "./map-in-order.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";
import type { StoreMetrics } from "./store-metrics.ts";
import { StoredBlock } from "./stored-block.ts";

const filtersAtOnce = 8;

/**
 * The blocks of matching streams in `[startNs, endNs)`: in the order of the segments, in each by stream and time. Without
 * those of which the skip filters say that no line holds all of the needles.
 */
export async function selectBlocks(
  reader: SegmentReader,
  segments: readonly Segment[],
  { matchers, startNs, endNs, needles }: SelectRequest,
  metrics: StoreMetrics,
  signal: AbortSignal | undefined,
): Promise<BlockRef[]> {
  const tests = compileTests(matchers);
  const mayHoldNeedles = compileNeedles(needles ?? []);
  const blocks: BlockRef[] = [];
  let outsideCount = 0;
  let inRangeCount = 0;
  const footers = await reader.footers(segments, signal);
  const planned = footers.map((footer, i) => {
    const plan = planSegment(segments[i]!, footer, tests, startNs, endNs);
    outsideCount += plan.outsideCount;
    inRangeCount += plan.blocks.length;
    return plan;
  });
  const kept =
    mayHoldNeedles === undefined
      ? planned.map((plan) => plan.blocks)
      : await mapInOrder(planned, filtersAtOnce, async ({ segment, footer, blocks: inRange }) => {
          checkNotCancelled(signal, "query");
          const filters = inRange.length === 0 ? [] : await reader.filters(segment, footer, inRange);
          return inRange.filter((_, i) => filters[i] === undefined || mayHoldNeedles(filters[i]));
        });
  for (const [i, { segment, footer }] of planned.entries()) {
    for (const block of kept[i]!) {
      const labels = footer.streams.labelsAt(footer.blocks.streamAt(block));
      blocks.push(new StoredBlock(reader, segment, footer, labels, block));
    }
  }
  metrics.blocksPlanned.add(outsideCount, { outcome: "outside" });
  metrics.blocksPlanned.add(inRangeCount - blocks.length, { outcome: "filtered" });
  metrics.blocksPlanned.add(blocks.length, { outcome: "selected" });
  return blocks;
}

/** The label sets, ascending, of streams that match any selector (or all, for none) and have blocks in the range. */
export async function selectSeries(
  reader: SegmentReader,
  segments: readonly Segment[],
  { selectors, startNs, endNs }: SeriesRequest,
  isShown: (labels: Labels, block: { readonly maxNs: bigint }) => boolean = () => true,
): Promise<Labels[]> {
  const tests = selectors.length === 0 ? [[]] : selectors.map(compileTests);
  const found = new Set<Labels>();
  for (const { streams, blocks } of await reader.footers(segments)) {
    const start = blocks.offsetOf(startNs);
    const end = blocks.offsetOf(endNs);
    for (const ofSelector of tests) {
      for (const stream of streams.match(ofSelector)) {
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
  tests: readonly LabelTest[],
  startNs: bigint,
  endNs: bigint,
): SegmentPlan {
  const { streams, blocks: table } = footer;
  const start = table.offsetOf(startNs);
  const end = table.offsetOf(endNs);
  const blocks: number[] = [];
  let ofStreams = 0;
  for (const stream of streams.match(tests)) {
    ofStreams += table.startOf(stream + 1) - table.startOf(stream);
    table.eachInRange(stream, start, end, (block) => blocks.push(block));
  }
  return { segment, footer, blocks, outsideCount: ofStreams - blocks.length };
}

/** Matchers as tests of single labels; a regular expression is tried once on every distinct value. */
function compileTests(matchers: readonly Matcher[]): readonly LabelTest[] {
  return matchers.map((matcher) => {
    const { name, operator, value } = matcher;
    const test = compileMatcher(matcher);
    const isEquality = operator === "=" || operator === "!=";
    return {
      name,
      test: isEquality ? test : oncePerValue(test),
      only: operator === "=" && value !== "" ? value : undefined,
    };
  });
}

function oncePerValue(test: (value: string) => boolean): (value: string) => boolean {
  const known = new Map<string, boolean>();
  return (value) => {
    let result = known.get(value);
    if (result === undefined) {
      result = test(value);
      known.set(value, result);
    }
    return result;
  };
}
