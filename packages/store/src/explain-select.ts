import { setImmediate } from "node:timers/promises";
import { compileSkipTest, type SegmentFooter, type SkipTest } from "@sluice/chunk";
import type { LabelPair, Labels, SelectRequest } from "@sluice/model";
import { checkNotCancelled } from "./cancelled.ts";
import { isCovered } from "./deletes/hiding.ts";
import { gapBytesMax } from "./read-ahead-parts.ts";
import type { ReadAheadOptions } from "./read-ahead.ts";
import { isExpired } from "./retention/retention-policy.ts";
import type { SegmentReader } from "./segment-reader.ts";
import { planBlocks, type PlannedSegment } from "./select-blocks.ts";
import type { StoreView } from "./store-view.ts";

/** What a select would read, and why nothing else. */
export interface SelectExplanation {
  /** Segments with lines of the tenant in the range, of matching streams or not. */
  readonly segments: number;
  /** Label sets of the streams that have blocks in the range. */
  readonly streams: readonly Labels[];
  /** Blocks of matching streams that lie outside of the range. */
  readonly blocksOutside: number;
  readonly blocksInRange: number;
  /** Of those in the range, what is too old or deleted as a whole. */
  readonly blocksHidden: number;
  /** Those that skip filters rule out, ... */
  readonly blocksFiltered: number;
  /** ... by what; one block may be ruled out by several. In the order of the request; of the first few only. */
  readonly filteredByNeedle: readonly number[];
  readonly filteredByEquality: readonly number[];
  /** What is left, to be read. */
  readonly blocks: number;
  readonly lines: number;
  /** Bytes of the lines. */
  readonly rawBytes: number;
  /** Bytes as they are stored. */
  readonly storedBytes: number;
  /** Requests to the object store for the blocks, when none is in memory. */
  readonly requests: number;
}

/** Needles and equalities that are looked at one by one. */
const wantedMax = 20;
const blocksPerTurn = 2048;

/** @see Store.explain */
export async function explainSelect(
  reader: SegmentReader,
  { segments, hiding, expiry }: StoreView,
  request: SelectRequest,
  readAhead: ReadAheadOptions | undefined,
  signal: AbortSignal | undefined,
): Promise<SelectExplanation> {
  const needleTests = testsOf((request.needles ?? []).map((needle) => ({ needles: [needle], equalities: [] })));
  const equalityTests = testsOf((request.equalities ?? []).map((pair) => ({ needles: [], equalities: [pair] })));
  const streams = new Set<Labels>();
  const filteredByNeedle = needleTests.map(() => 0);
  const filteredByEquality = equalityTests.map(() => 0);
  const sum = { outside: 0, inRange: 0, hidden: 0, filtered: 0, blocks: 0, lines: 0, raw: 0, stored: 0, requests: 0 };
  let sinceTurn = 0;
  for (const planned of await planBlocks(reader, segments, request, signal)) {
    const { segment, footer, blocks, kept } = planned;
    const { blocks: table, streams: index } = footer;
    const isKept = new Set(kept);
    const filters = kept.length < blocks.length ? await reader.filters(segment, footer, blocks) : [];
    const read: number[] = [];
    sum.outside += planned.outsideCount;
    sum.inRange += blocks.length;
    for (const [i, block] of blocks.entries()) {
      const labels = index.labelsAt(table.streamAt(block));
      const facts = { minNs: table.minNsAt(block), maxNs: table.maxNsAt(block) };
      streams.add(labels);
      if (
        hiding?.touching(labels, facts).some((active) => isCovered(active, facts)) === true ||
        isExpired(expiry, labels, facts)
      ) {
        sum.hidden += 1;
      } else if (isKept.has(block)) {
        read.push(block);
        sum.lines += table.countAt(block);
        sum.raw += table.rawBytesAt(block);
        sum.stored += table.storedBytesAt(block);
      } else {
        sum.filtered += 1;
        countRuledOut(needleTests, filters[i]!, labels, filteredByNeedle);
        countRuledOut(equalityTests, filters[i]!, labels, filteredByEquality);
      }
      sinceTurn += 1;
      if (sinceTurn >= blocksPerTurn) {
        sinceTurn = 0;
        await setImmediate();
        checkNotCancelled(signal, "query");
      }
    }
    sum.blocks += read.length;
    sum.requests += readAhead === undefined ? read.length : requestsFor(footer, read, readAhead);
  }
  return {
    segments: segments.length,
    streams: [...streams],
    blocksOutside: sum.outside,
    blocksInRange: sum.inRange,
    blocksHidden: sum.hidden,
    blocksFiltered: sum.filtered,
    filteredByNeedle,
    filteredByEquality,
    blocks: sum.blocks,
    lines: sum.lines,
    rawBytes: sum.raw,
    storedBytes: sum.stored,
    requests: sum.requests,
  };
}

interface Wanted {
  readonly needles: readonly Uint8Array[];
  readonly equalities: readonly LabelPair[];
}

/** Undefined for what no filter can say anything about. */
function testsOf(wanted: readonly Wanted[]): readonly (SkipTest | undefined)[] {
  return wanted.slice(0, wantedMax).map(compileSkipTest);
}

function countRuledOut(
  tests: readonly (SkipTest | undefined)[],
  filter: Uint8Array,
  labels: Labels,
  counts: number[],
): void {
  for (const [i, mayHold] of tests.entries()) {
    if (mayHold?.(filter, labels) === false) {
      counts[i]! += 1;
    }
  }
}

/** How many windows of read-ahead hold the blocks, when all of them are read. */
function requestsFor(
  { blocks: table }: SegmentFooter,
  blocks: PlannedSegment["kept"],
  { windowBytesMax }: ReadAheadOptions,
): number {
  let requests = 0;
  let windowStart = 0;
  let end = Number.NEGATIVE_INFINITY;
  for (const block of blocks) {
    const offset = table.offsetAt(block);
    const blockEnd = offset + table.storedBytesAt(block);
    if (offset - end > gapBytesMax || blockEnd - windowStart > windowBytesMax) {
      requests += 1;
      windowStart = offset;
    }
    end = blockEnd;
  }
  return requests;
}
