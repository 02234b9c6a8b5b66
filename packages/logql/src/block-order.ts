import type { BlockRef } from "@sluice/model";

/** Blocks by the time of their first entry, then of their last; where both are equal, in the order in which they came. */
export function inOrderOfStart(blocks: readonly BlockRef[]): readonly BlockRef[] {
  // What a block knows it may have to look up: once for each, not for each comparison.
  const placed = blocks.map((block) => ({ block, minNs: block.minNs, maxNs: block.maxNs }));
  placed.sort((a, b) => compareTimes(a.minNs, b.minNs) || compareTimes(a.maxNs, b.maxNs));
  return placed.map(({ block }) => block);
}

/** A block with its place in {@link inOrderOfStart}. */
export interface PlacedBlock {
  readonly block: BlockRef;
  readonly ordinal: number;
}

/** Blocks by the time of their last entry, the latest first; where times are equal, the reverse of {@link inOrderOfStart}. */
export function inOrderOfEnd(blocks: readonly BlockRef[]): readonly PlacedBlock[] {
  const placed = inOrderOfStart(blocks).map((block, ordinal) => ({ block, ordinal, maxNs: block.maxNs }));
  return placed.sort((a, b) => compareTimes(b.maxNs, a.maxNs) || b.ordinal - a.ordinal);
}

function compareTimes(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
