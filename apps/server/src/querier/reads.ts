import {
  compareLabels,
  printLabels,
  type BlockRef,
  type Labels,
  type Matcher,
  type SeriesRequest,
} from "@sluice/model";
import { seriesLeft, withoutDeleted, withoutExpired, type StoreView } from "@sluice/store";
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
