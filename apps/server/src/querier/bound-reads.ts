import { ServiceError, type BlockRef, type Querier } from "@sluice/model";
import { printBinarySize } from "./print-size.ts";
import { WrappedBlock } from "./wrapped-block.ts";

/** Has no data at all. */
export const emptyQuerier: Querier = { select: async () => [], series: async () => [] };

export interface ReadBounds {
  /** Bytes of lines that a query may read; 0 is no limit. */
  readonly bytesMax: number;
  /** Whether it reads every block that it selects. Others are done after a few lines, or count blocks unread. */
  readonly readsAll: boolean;
  /** Where the bytes are counted, for several that run parts of one query; else each call counts by itself. */
  readonly spent?: BigInt64Array;
}

/**
 * A querier for one query that refuses to read more than it may: before the first block, when it is to read them all,
 * else before the block with which it would be too much.
 */
export function boundReads(
  querier: Querier,
  { bytesMax, readsAll, spent = new BigInt64Array(1) }: ReadBounds,
): Querier {
  if (bytesMax === 0) {
    return querier;
  }
  const spend = (blocks: readonly BlockRef[], of: number): void => {
    const more = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
    const bytes = Number(Atomics.add(spent, 0, BigInt(more))) + more;
    if (bytes > bytesMax) {
      throw new ServiceError(
        "bad_data",
        `the query would read too many bytes (query: ${printBinarySize(bytes)}, limit: ${printBinarySize(bytesMax)}); consider adding more specific stream selectors or reduce the time range of the query. Labels, times and filters leave ${of} blocks to it; /loki/api/v1/explain tells what each of them rules out`,
      );
    }
  };
  return {
    async select(request, signal) {
      const blocks = await querier.select(request, signal);
      if (readsAll && request.isCounting !== true) {
        spend(blocks, blocks.length);
        return blocks;
      }
      return blocks.map((block) => new WrappedBlock(block, block.labels, () => spend([block], blocks.length)));
    },
    series: (request) => querier.series(request),
  };
}
