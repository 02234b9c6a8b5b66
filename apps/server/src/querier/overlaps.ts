import { mergeBatches, sliceBatch } from "@sluice/chunk";
import { firstAtOrAfter, printLabels, type BlockRef, type EntryBatch, type Labels } from "@sluice/model";

/**
 * Blocks that are merged at a time. Where several agents write one stream, each flush overlaps the one before, and all
 * of a day hangs together; whoever wants the newest hundred lines must not load it all.
 */
const mergedStartsMax = 16;

/**
 * Joins the blocks of a stream that overlap in time into blocks that do not and that merge on load, since only then are
 * repeated entries found (an agent that sends a batch again after a lost answer).
 *
 * @param blocks in order of arrival: of entries with the same time the earlier block's come first.
 * @returns in the order of their first parts: who reads one after the other finds what lies together on the store together.
 */
export function withoutOverlaps(blocks: readonly BlockRef[]): BlockRef[] {
  const merged = new Map<BlockRef, readonly BlockRef[]>();
  for (const ofStream of byStream(blocks)) {
    if (!areApart(ofStream)) {
      mergeOverlapping(ofStream, merged);
    }
  }
  return merged.size === 0 ? [...blocks] : blocks.flatMap((block) => merged.get(block) ?? block);
}

/** Label sets that are one object are one stream; of those that are not, the texts tell. */
function byStream(blocks: readonly BlockRef[]): Iterable<readonly BlockRef[]> {
  const byText = new Map<string, BlockRef[]>();
  const byLabels = new Map<Labels, BlockRef[]>();
  for (const block of blocks) {
    const { labels } = block;
    let ofStream = byLabels.get(labels);
    if (ofStream === undefined) {
      const text = printLabels(labels);
      ofStream = byText.get(text) ?? [];
      byText.set(text, ofStream);
      byLabels.set(labels, ofStream);
    }
    ofStream.push(block);
  }
  return byText.values();
}

/** Whether each block begins behind the end of the one before, as nearly always. */
function areApart(blocks: readonly BlockRef[]): boolean {
  return blocks.every((block, i) => i === 0 || block.minNs > blocks[i - 1]!.maxNs);
}

/** Says in `merged` what takes the place of a block that overlaps others: of the first one all, of the others nothing. */
function mergeOverlapping(blocks: readonly BlockRef[], merged: Map<BlockRef, readonly BlockRef[]>): void {
  const byStart = blocks.toSorted((a, b) => (a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : 0));
  const overlapping = clustersOf(byStart).filter((cluster) => cluster.length > 1);
  if (overlapping.length === 0) {
    return;
  }
  const arrival = new Map(blocks.map((block, i) => [block, i]));
  const byArrival = (a: BlockRef, b: BlockRef): number => arrival.get(a)! - arrival.get(b)!;
  for (const cluster of overlapping) {
    const slices = slicesOf(cluster).map(({ parts, fromNs, toNs }) =>
      mergedBlock(parts.toSorted(byArrival), fromNs, toNs),
    );
    for (const [i, block] of cluster.toSorted(byArrival).entries()) {
      merged.set(block, i === 0 ? slices : []);
    }
  }
}

/** Runs of blocks in which each overlaps one before it. */
function clustersOf(byStart: readonly BlockRef[]): BlockRef[][] {
  const clusters: BlockRef[][] = [];
  let maxNs = 0n;
  for (const block of byStart) {
    const cluster = clusters.at(-1);
    if (cluster !== undefined && block.minNs <= maxNs) {
      cluster.push(block);
      maxNs = block.maxNs > maxNs ? block.maxNs : maxNs;
    } else {
      clusters.push([block]);
      maxNs = block.maxNs;
    }
  }
  return clusters;
}

/** What a cluster has in `[fromNs, toNs)`: the blocks that reach into it. */
interface Slice {
  readonly parts: readonly BlockRef[];
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** Cuts a cluster where every {@link mergedStartsMax}th block begins, so that no instant is in two slices. */
function slicesOf(cluster: readonly BlockRef[]): readonly Slice[] {
  const starts = cluster.filter((_, i) => i % mergedStartsMax === 0).map(({ minNs }) => minNs);
  const cuts = starts.filter((start, i) => i === 0 || start > starts[i - 1]!);
  const endNs = cluster.reduce((max, { maxNs }) => (maxNs > max ? maxNs : max), cluster[0]!.maxNs) + 1n;
  return cuts.map((fromNs, i) => {
    const toNs = cuts[i + 1] ?? endNs;
    return { parts: cluster.filter(({ minNs, maxNs }) => minNs < toNs && maxNs >= fromNs), fromNs, toNs };
  });
}

/** The entries that the parts have in `[fromNs, toNs)`. A part is counted where it begins. */
function mergedBlock(parts: readonly BlockRef[], fromNs: bigint, toNs: bigint): BlockRef {
  const starting = parts.filter(({ minNs }) => minNs >= fromNs);
  const maxNs = parts.reduce((max, part) => (part.maxNs > max ? part.maxNs : max), fromNs);
  return {
    labels: parts[0]!.labels,
    minNs: fromNs,
    maxNs: maxNs < toNs ? maxNs : toNs - 1n,
    count: starting.reduce((sum, { count }) => sum + count, 0),
    rawBytes: starting.reduce((sum, { rawBytes }) => sum + rawBytes, 0),
    mayRepeat: true,
    async load(signal) {
      const batches = await Promise.all(parts.map((part) => part.load(signal)));
      return mergeBatches(batches.map((batch) => entriesBetween(batch, fromNs, toNs)));
    },
  };
}

function entriesBetween(batch: EntryBatch, fromNs: bigint, toNs: bigint): EntryBatch {
  const from = firstAtOrAfter(batch, fromNs);
  const to = firstAtOrAfter(batch, toNs);
  if (from === 0 && to === batch.count) {
    return batch;
  }
  return from < to ? sliceBatch(batch, from, to) : { ...batch, count: 0 };
}
