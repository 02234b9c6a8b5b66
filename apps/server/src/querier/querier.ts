import type { Head } from "@sluice/chunk";
import { mergeBatches } from "@sluice/chunk";
import { compareLabels, printLabels, type BlockRef, type Labels, type Querier } from "@sluice/model";
import type { Store } from "@sluice/store";

/**
 * Reads memory and segments as one: what a query sees is every acknowledged line exactly once.
 *
 * @param headsOf the heads of a tenant, oldest lines first.
 */
export function createQuerier(store: Store, headsOf: (tenant: string) => readonly Head[]): Querier {
  return {
    async select(request, signal) {
      // Both snapshots are taken in this tick: a flush that ends meanwhile must not hide lines or show them twice.
      const stored = store.select(request, signal);
      const { matchers, startNs, endNs } = request;
      const inMemory = headsOf(request.tenant).flatMap((head) => head.select(matchers, startNs, endNs));
      return withoutOverlaps([...(await stored), ...inMemory]);
    },
    async series(request) {
      const stored = store.series(request);
      const { selectors, startNs, endNs } = request;
      const inMemory = headsOf(request.tenant).flatMap((head) => head.series(selectors, startNs, endNs));
      const byText = new Map<string, Labels>();
      for (const labels of [...(await stored), ...inMemory]) {
        byText.set(printLabels(labels), labels);
      }
      return [...byText.values()].sort(compareLabels);
    },
  };
}

/**
 * Joins the blocks of a stream that overlap in time into one that merges on load, since only then are repeated entries
 * found (an agent that sends a batch again after a lost answer).
 *
 * @param blocks in order of arrival: of entries with the same time the earlier block's come first.
 */
export function withoutOverlaps(blocks: readonly BlockRef[]): BlockRef[] {
  const byStream = new Map<string, BlockRef[]>();
  for (const block of blocks) {
    const stream = printLabels(block.labels);
    const known = byStream.get(stream);
    if (known === undefined) {
      byStream.set(stream, [block]);
    } else {
      known.push(block);
    }
  }
  return [...byStream.values()].flatMap(mergeOverlapping);
}

function mergeOverlapping(blocks: readonly BlockRef[]): BlockRef[] {
  const arrival = new Map(blocks.map((block, i) => [block, i]));
  const byStart = [...blocks].sort((a, b) => (a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : 0));
  const merged: BlockRef[] = [];
  let cluster: BlockRef[] = [];
  let clusterMaxNs = 0n;
  const close = (): void => {
    if (cluster.length > 0) {
      merged.push(mergedBlock(cluster.sort((a, b) => arrival.get(a)! - arrival.get(b)!)));
    }
  };
  for (const block of byStart) {
    if (cluster.length > 0 && block.minNs <= clusterMaxNs) {
      cluster.push(block);
      clusterMaxNs = block.maxNs > clusterMaxNs ? block.maxNs : clusterMaxNs;
      continue;
    }
    close();
    cluster = [block];
    clusterMaxNs = block.maxNs;
  }
  close();
  return merged;
}

function mergedBlock(parts: readonly BlockRef[]): BlockRef {
  const first = parts[0]!;
  if (parts.length === 1) {
    return first;
  }
  return {
    labels: first.labels,
    minNs: parts.reduce((min, part) => (part.minNs < min ? part.minNs : min), first.minNs),
    maxNs: parts.reduce((max, part) => (part.maxNs > max ? part.maxNs : max), first.maxNs),
    count: parts.reduce((sum, part) => sum + part.count, 0),
    rawBytes: parts.reduce((sum, part) => sum + part.rawBytes, 0),
    mayRepeat: true,
    load: async (signal) => mergeBatches(await Promise.all(parts.map((part) => part.load(signal)))),
  };
}
