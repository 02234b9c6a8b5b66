import type { FilterTable, SegmentFooter } from "@sluice/chunk";
import type { Logger } from "@sluice/model";
import type { ByteRange } from "@sluice/object-store";
import { ByteCache } from "./byte-cache.ts";
import { mapInOrder } from "./map-in-order.ts";
import type { Segment } from "./segment.ts";
import type { StoreMetrics } from "./store-metrics.ts";

export interface FilterReaderOptions {
  /** Reads bytes of a segment, past all caches. */
  readonly range: (key: string, range: ByteRange) => Promise<Uint8Array>;
  readonly cacheBytesMax: number;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
}

/** A block's skip filter; undefined when it has none, or a damaged one: then the block may hold anything. */
export type SkipFilter = Uint8Array | undefined;

/** Filters that lie this near to each other are read with one request: about what a request costs in time. */
const gapBytesMax = 64 * 1024;
const requestBytesMax = 2 * 1024 * 1024;
/** For one segment; a select reads a few segments at once, so that all its requests hold some 32 MiB. */
const requestsAtOnce = 2;

/** Reads skip filters: neighbours with one ranged GET, and none for those that were read not long ago. */
export class FilterReader {
  readonly #options: FilterReaderOptions;
  readonly #cache: ByteCache<{ readonly filter: SkipFilter }>;

  constructor(options: FilterReaderOptions) {
    const { cacheBytesMax, metrics } = options;
    this.#options = options;
    this.#cache = new ByteCache(
      { name: "filters", bytesMax: cacheBytesMax, metrics },
      ({ filter }) => entryBytes + (filter?.length ?? 0),
    );
  }

  /**
   * The filters of some of a segment's blocks, in their order.
   *
   * @param blocks ascending.
   * @throws {ServiceError} `corrupt` when the segment is missing or cut off.
   */
  async filters(
    { key, sizeBytes, footerBytes }: Segment,
    { filters: table }: SegmentFooter,
    blocks: readonly number[],
  ): Promise<readonly SkipFilter[]> {
    if (table === undefined || table.offset + table.storedBytes > sizeBytes - footerBytes) {
      return blocks.map(() => undefined);
    }
    const kept = this.#cache.getKept(blocks.map((block) => `${key}#${block}`));
    const missing = blocks.filter((block, i) => kept[i] === undefined && table.has(block));
    if (missing.length === 0) {
      return kept.map((found) => found?.filter);
    }
    const loaded = new Map<number, SkipFilter>();
    await mapInOrder(runsOf(table, missing), requestsAtOnce, async (run) => {
      let reading: Promise<Uint8Array> | undefined;
      const runOffset = table.startOf(run[0]!);
      const runLength = table.endOf(run.at(-1)!) - runOffset;
      // Read when the first of them is asked for: what another select is reading already is waited for instead.
      const read = (): Promise<Uint8Array> => (reading ??= this.#read(key, { offset: runOffset, length: runLength }));
      await Promise.all(
        run.map(async (block) => {
          const { filter } = await this.#cache.getOrLoad(`${key}#${block}`, async () => {
            const bytes = await read();
            return { filter: this.#checked(key, table, block, bytes, runOffset) };
          });
          loaded.set(block, filter);
        }),
      );
    });
    return blocks.map((block, i) => kept[i]?.filter ?? loaded.get(block));
  }

  async #read(key: string, range: ByteRange): Promise<Uint8Array> {
    if (range.length === 0) {
      return new Uint8Array();
    }
    const bytes = await this.#options.range(key, range);
    this.#options.metrics.filterBytesRead.add(bytes.length);
    return bytes;
  }

  /** A copy of the block's filter, since the bytes that were read together are not all kept together. */
  #checked(key: string, table: FilterTable, block: number, bytes: Uint8Array, offset: number): SkipFilter {
    const filter = bytes.slice(table.startOf(block) - offset, table.endOf(block) - offset);
    if (table.isWhole(block, filter)) {
      return filter;
    }
    const { logger, metrics } = this.#options;
    metrics.filtersDamaged.add(1);
    logger.warn("a skip filter is damaged; its block is read instead", { key, block });
    return undefined;
  }
}

/** Of a filter's place in the cache beside its bytes: key, map entry, typed array. */
const entryBytes = 400;

/** The blocks in runs that are worth one request each. */
function runsOf(table: FilterTable, blocks: readonly number[]): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  for (const block of blocks) {
    const last = run.at(-1);
    const isNear =
      last !== undefined &&
      table.startOf(block) - table.endOf(last) <= gapBytesMax &&
      table.endOf(block) - table.startOf(run[0]!) <= requestBytesMax;
    if (!isNear) {
      run = [];
      runs.push(run);
    }
    run.push(block);
  }
  return runs;
}
