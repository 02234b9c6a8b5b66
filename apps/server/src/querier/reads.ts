import {
  compareLabels,
  printLabels,
  type BlockRef,
  type Labels,
  type Matcher,
  type SeriesRequest,
} from "@sluice/model";
import {
  seriesLeft,
  withoutDeleted,
  withoutExpired,
  type BlockFacts,
  type SelectExplanation,
  type StoreView,
} from "@sluice/store";
import type { ReadPlan } from "./index-querier.ts";
import { withoutOverlaps } from "./overlaps.ts";

type WhatIsShown = Pick<StoreView, "hiding" | "expiry">;

/** Blocks of segments and of memory as one: every line once, none that is deleted or too old. */
export function shownBlocks(
  stored: readonly BlockRef[],
  inMemory: readonly BlockRef[],
  { hiding, expiry }: WhatIsShown,
): readonly BlockRef[] {
  return withoutOverlaps([...stored, ...withoutDeleted(withoutExpired(inMemory, expiry), hiding)]);
}

/** Shows what is known of blocks in memory. */
export function visitInMemory(
  inMemory: readonly BlockRef[],
  { hiding, expiry }: WhatIsShown,
  visit: (block: BlockFacts) => void,
): void {
  for (const block of withoutDeleted(withoutExpired(inMemory, expiry), hiding)) {
    visit(block);
  }
}

/** The plan of a select, with what it would find in memory. */
export function readPlan(stored: SelectExplanation, inMemory: readonly BlockRef[], shown: WhatIsShown): ReadPlan {
  const memory = { blocks: 0, lines: 0, rawBytes: 0 };
  const streams = new Map(stored.streams.map((labels) => [printLabels(labels), labels]));
  visitInMemory(inMemory, shown, ({ labels, count, rawBytes }) => {
    streams.set(printLabels(labels), labels);
    memory.blocks += 1;
    memory.lines += count;
    memory.rawBytes += rawBytes;
  });
  return { ...stored, streams: [...streams.values()], inMemory: memory };
}

/** Streams in memory of which a line is left. */
export function seriesInMemory(
  found: readonly Labels[],
  blocksOf: (matchers: readonly Matcher[]) => readonly BlockRef[],
  request: SeriesRequest,
  hiding: StoreView["hiding"],
): Promise<readonly Labels[]> {
  return seriesLeft(found, request, hiding, {
    select: async (matchers) => blocksOf(matchers),
    show: async (blocks) => withoutDeleted(blocks, hiding),
  });
}

/** Label sets as a set, ascending. */
export function joinSeries(...series: readonly (readonly Labels[])[]): readonly Labels[] {
  const byText = new Map<string, Labels>();
  for (const labels of series.flat()) {
    byText.set(printLabels(labels), labels);
  }
  return [...byText.values()].sort(compareLabels);
}
