import { pickEntries, type SkipTest } from "@sluice/chunk";
import { compileMatchers, firstAtOrAfter, type BlockRef, type EntryBatch, type Labels } from "@sluice/model";
import type { CompiledDelete, DeleteRequest } from "./delete-request.ts";

/** A delete request that hides lines. */
export interface ActiveDelete extends CompiledDelete {
  readonly request: DeleteRequest;
  /** Whether a block may hold a line that the request is about, by its skip filter; undefined when no filter can tell. */
  readonly mayHold: SkipTest | undefined;
}

/** A run of time of which both ends belong to it. */
export interface Span {
  readonly minNs: bigint;
  readonly maxNs: bigint;
}

/** What a tenant's delete requests hide, at one moment. */
export class Hiding {
  readonly #deletes: readonly { readonly active: ActiveDelete; readonly matches: (labels: Labels) => boolean }[];
  readonly #ofLabels = new WeakMap<Labels, readonly ActiveDelete[]>();

  constructor(deletes: readonly ActiveDelete[]) {
    this.#deletes = deletes.map((active) => ({ active, matches: compileMatchers(active.matchers) }));
  }

  /** The requests that may be about lines of the stream within the span. */
  touching(labels: Labels, { minNs, maxNs }: Span): readonly ActiveDelete[] {
    let ofStream = this.#ofLabels.get(labels);
    if (ofStream === undefined) {
      ofStream = this.#deletes.filter(({ matches }) => matches(labels)).map(({ active }) => active);
      this.#ofLabels.set(labels, ofStream);
    }
    return ofStream.filter(({ request }) => request.startNs <= maxNs && request.endNs >= minNs);
  }
}

/** Whether the request is about all of a stream's lines within the span. */
export function isCovered({ rows, request }: ActiveDelete, { minNs, maxNs }: Span): boolean {
  return rows === undefined && request.startNs <= minNs && request.endNs >= maxNs;
}

/**
 * The blocks without the lines that are deleted. A block that some of them are in, or may be, has to be loaded to know
 * how many are left. For heads, too.
 */
export function withoutDeleted(blocks: readonly BlockRef[], hiding: Hiding | undefined): readonly BlockRef[] {
  if (hiding === undefined) {
    return blocks;
  }
  return blocks.flatMap((block) => {
    const deletes = hiding.touching(block.labels, block);
    if (deletes.length === 0) {
      return [block];
    }
    return deletes.some((active) => isCovered(active, block)) ? [] : [reducedBlock(block, deletes)];
  });
}

/** What is left of a block's entries. */
export function entriesLeft(labels: Labels, batch: EntryBatch, deletes: readonly ActiveDelete[]): EntryBatch {
  const isDeleted = new Uint8Array(batch.count);
  let deletedCount = 0;
  for (const { request, rows } of deletes) {
    const from = firstAtOrAfter(batch, request.startNs);
    const to = firstAtOrAfter(batch, request.endNs + 1n);
    if (rows === undefined) {
      isDeleted.fill(1, from, to);
    } else {
      for (const row of rows(labels, batch, from, to)) {
        isDeleted[row] = 1;
      }
    }
  }
  for (const flag of isDeleted) {
    deletedCount += flag;
  }
  if (deletedCount === 0) {
    return batch;
  }
  const left = new Uint32Array(batch.count - deletedCount);
  let count = 0;
  for (let row = 0; row < batch.count; row++) {
    if (isDeleted[row] === 0) {
      left[count++] = row;
    }
  }
  return pickEntries(batch, left);
}

/** The block without what the requests are about. */
export function reducedBlock(block: BlockRef, deletes: readonly ActiveDelete[]): BlockRef {
  const { labels, minNs, maxNs, count, rawBytes } = block;
  return {
    labels,
    minNs,
    maxNs,
    count,
    rawBytes,
    mayRepeat: true,
    load: async (signal) => entriesLeft(labels, await block.load(signal), deletes),
  };
}
