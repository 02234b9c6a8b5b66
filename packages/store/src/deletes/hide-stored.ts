import type { BlockRef } from "@sluice/model";
import { checkNotCancelled } from "../cancelled.ts";
import { mapInOrder } from "../map-in-order.ts";
import type { SegmentReader } from "../segment-reader.ts";
import type { StoredBlock } from "../stored-block.ts";
import { isCovered, reducedBlock, type ActiveDelete, type Hiding } from "./hiding.ts";

const filtersAtOnce = 8;

/** A block that a delete request may be about, unless its skip filter says that it is not. */
interface Doubtful {
  readonly block: StoredBlock;
  readonly deletes: readonly ActiveDelete[];
}

/**
 * The blocks of segments without the lines that are deleted. A request for the lines with some id touches streams and
 * days, but few blocks: the skip filters of the others say so, and they stay what can be counted without being read. It
 * costs the reading of all those filters.
 */
export async function withoutDeletedStored(
  reader: SegmentReader,
  blocks: readonly StoredBlock[],
  hiding: Hiding | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly BlockRef[]> {
  if (hiding === undefined) {
    return blocks;
  }
  const shown = new Map<StoredBlock, BlockRef | undefined>();
  const doubtful: Doubtful[] = [];
  for (const block of blocks) {
    const deletes = hiding.touching(block.labels, block);
    if (deletes.some((active) => isCovered(active, block))) {
      shown.set(block, undefined);
    } else if (deletes.some(({ mayHold }) => mayHold === undefined)) {
      shown.set(block, reducedBlock(block, deletes));
    } else if (deletes.length > 0) {
      doubtful.push({ block, deletes });
    }
  }
  doubtful.sort((a, b) => a.block.place.block - b.block.place.block);
  const bySegment = Map.groupBy(doubtful, ({ block }) => block.place.segment);
  await mapInOrder([...bySegment], filtersAtOnce, async ([segment, ofSegment]) => {
    checkNotCancelled(signal, "query");
    const places = ofSegment.map(({ block }) => block.place);
    const numbers = places.map(({ block }) => block);
    const filters = await reader.filters(segment, places[0]!.footer, numbers);
    for (const [i, { block, deletes }] of ofSegment.entries()) {
      const filter = filters[i];
      const left = deletes.filter(({ mayHold }) => filter === undefined || mayHold?.(filter, block.labels) !== false);
      if (left.length > 0) {
        shown.set(block, reducedBlock(block, left));
      }
    }
  });
  return blocks.flatMap((block) => (shown.has(block) ? (shown.get(block) ?? []) : block));
}
