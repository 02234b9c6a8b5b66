import {
  blockLength,
  decodeBlock,
  decodeBlockBriefly,
  decodeBlockHolding,
  decodedBlockBytes,
  readFooter,
  type BlockEntry,
  type DecodeKernels,
  type SegmentFooter,
  type StreamIndex,
} from "@sluice/chunk";
import { batchOf, isServiceError, ServiceError, type Clock, type EntryBatch, type Logger } from "@sluice/model";
import type { ByteRange, ObjectStore } from "@sluice/object-store";
import { ByteCache } from "./byte-cache.ts";
import { checkNotCancelled } from "./cancelled.ts";
import { FilterReader, type SkipFilter } from "./filter-reader.ts";
import { KeptBlocks } from "./kept-blocks.ts";
import { mapInOrder } from "./map-in-order.ts";
import { ReadAhead, type ReadAheadOptions, type ReadPart, type Scan } from "./read-ahead.ts";
import type { Segment } from "./segment.ts";
import { SharedLabels } from "./shared-labels.ts";
import type { StoreMetrics } from "./store-metrics.ts";

export interface SegmentReaderOptions {
  readonly objectStore: Pick<ObjectStore, "get">;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly clock: Clock;
  readonly kernels?: DecodeKernels | undefined;
  readonly footerCacheBytesMax: number;
  readonly filterCacheBytesMax: number;
  readonly blockCacheBytesMax: number;
  /** Undefined where a small read costs no more than its bytes. */
  readonly readAhead?: ReadAheadOptions | undefined;
}

/** How a query reads a block. */
export interface BlockAccess {
  /** Gets its bytes when they are not kept; by default a request of their own does. */
  readonly read?: ReadPart | undefined;
  /** What a line must hold to be of interest. */
  readonly needles?: readonly Uint8Array[] | undefined;
}

interface DecodedBlock {
  readonly batch: EntryBatch;
  readonly memoryBytes: number;
}

const noEntries = batchOf([]);

const shared = { setsMax: 50_000, textsMax: 200_000, indexBytesMax: 32 * 1024 * 1024 };
const footersAtOnce = 16;

/** Reads footers, filters and blocks of committed segments: ranged GETs, and none for what was read not long ago. */
export class SegmentReader {
  readonly #objectStore: Pick<ObjectStore, "get">;
  readonly #footers: ByteCache<SegmentFooter>;
  readonly #blocks: ByteCache<DecodedBlock>;
  readonly #keptBlocks: KeptBlocks;
  readonly #filters: FilterReader;
  readonly #readAhead: ReadAhead | undefined;
  readonly #labels = new SharedLabels(shared);
  readonly #logger: Logger;
  readonly #metrics: StoreMetrics;
  readonly #kernels: DecodeKernels | undefined;

  constructor(options: SegmentReaderOptions) {
    const { objectStore, logger, metrics, kernels } = options;
    const { footerCacheBytesMax, filterCacheBytesMax, blockCacheBytesMax } = options;
    this.#objectStore = objectStore;
    this.#logger = logger;
    this.#metrics = metrics;
    this.#kernels = kernels;
    const range = (key: string, wanted: ByteRange): Promise<Uint8Array> => this.range(key, wanted);
    this.#readAhead = options.readAhead && new ReadAhead(options.readAhead, range, metrics, options.clock);
    this.#filters = new FilterReader({ range, cacheBytesMax: filterCacheBytesMax, logger, metrics });
    this.#footers = new ByteCache({ name: "footers", bytesMax: footerCacheBytesMax, metrics }, footerMemoryBytes());
    this.#blocks = new ByteCache(
      { name: "blocks", bytesMax: blockCacheBytesMax, metrics },
      ({ memoryBytes }) => memoryBytes,
    );
    this.#keptBlocks = new KeptBlocks((bytes) => this.#blocks.hasRoomFor(bytes));
  }

  /**
   * The footers of some segments, in their order.
   *
   * @throws {ServiceError} `corrupt` naming the segment that is damaged or missing; `cancelled`.
   */
  async footers(segments: readonly Segment[], signal?: AbortSignal): Promise<readonly SegmentFooter[]> {
    const kept = this.#footers.getKept(segments.map(({ key }) => key));
    if (kept.every((footer) => footer !== undefined)) {
      return kept;
    }
    return mapInOrder(segments, footersAtOnce, async (segment, i) => {
      checkNotCancelled(signal, "query");
      return kept[i] ?? this.footer(segment);
    });
  }

  /** @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing. */
  async footer(segment: Segment): Promise<SegmentFooter> {
    return this.#footers.getOrLoad(segment.key, async () => {
      const { key, tenant, day, sizeBytes, footerBytes } = segment;
      const tail = await this.range(key, { offset: sizeBytes - footerBytes, length: footerBytes });
      const footer = readFooter(tail, key, this.#labels);
      if (footer.tenant !== tenant || footer.day !== day) {
        throw new ServiceError("corrupt", `segment ${key} is of another tenant or day than the manifest says`);
      }
      if (footer.hasUnknownFilters) {
        this.#metrics.filtersDamaged.add(footer.blocks.length);
        this.#logger.warn("a segment's skip filters are of an unknown version; its blocks are read instead", { key });
      }
      return footer;
    });
  }

  /** @see FilterReader.filters */
  filters(segment: Segment, footer: SegmentFooter, blocks: readonly number[]): Promise<readonly SkipFilter[]> {
    return this.#filters.filters(segment, footer, blocks);
  }

  /** For the blocks that one query reads, when reading ahead is worth anything. */
  scan(): Scan | undefined {
    return this.#readAhead?.scan();
  }

  /**
   * The block's entries; none when its lines do not hold all of the needles.
   *
   * @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing.
   */
  async block(segment: Segment, entry: BlockEntry, access: BlockAccess = {}): Promise<EntryBatch> {
    const { key } = segment;
    const { needles = [] } = access;
    const name = `${key}@${entry.offset}`;
    if (needles.length === 0 || this.#keptBlocks.isWorthKeeping(name, entry.rawBytes)) {
      return this.#keptBlock(name, key, entry, access);
    }
    const kept = this.#blocks.get(name);
    if (kept !== undefined) {
      return kept.batch;
    }
    const bytes = await this.#stored(key, entry, access);
    return decodeBlockHolding(entry, bytes, needles, blockName(key, entry), this.#kernels) ?? noEntries;
  }

  /**
   * What `use` makes of the block's entries, which are good only while it runs: then what is not kept anyway need not have
   * memory of its own.
   *
   * @throws {ServiceError} as {@link block}.
   */
  async scanBlock<Result>(
    { key }: Segment,
    entry: BlockEntry,
    access: BlockAccess,
    use: (batch: EntryBatch) => Result,
  ): Promise<Result> {
    const name = `${key}@${entry.offset}`;
    const kept = this.#blocks.get(name);
    if (kept !== undefined) {
      return use(kept.batch);
    }
    if (this.#keptBlocks.isWorthKeeping(name, entry.rawBytes)) {
      return use(await this.#keptBlock(name, key, entry, access));
    }
    const bytes = await this.#stored(key, entry, access);
    return use(
      decodeBlockBriefly(entry, bytes, access.needles ?? [], blockName(key, entry), this.#kernels) ?? noEntries,
    );
  }

  async #keptBlock(name: string, key: string, entry: BlockEntry, access: BlockAccess): Promise<EntryBatch> {
    const memoryBytes = decodedBlockBytes(entry);
    const decoded = await this.#blocks.getOrLoad(name, async () => ({
      batch: this.decode(key, entry, await this.#stored(key, entry, access)),
      memoryBytes,
    }));
    return decoded.batch;
  }

  #stored(key: string, entry: BlockEntry, { read }: BlockAccess): Promise<Uint8Array> {
    this.#metrics.blocksRead.add(1);
    const range = { offset: entry.offset, length: blockLength(entry) };
    return read === undefined ? this.range(key, range) : read(range);
  }

  /** @throws {ServiceError} `corrupt` naming the segment and the block's place in it. */
  decode(key: string, entry: BlockEntry, bytes: Uint8Array): EntryBatch {
    return decodeBlock(entry, bytes, blockName(key, entry), this.#kernels);
  }

  /**
   * Bytes of a segment, past all caches. A segment never changes, so one that is not there, or is shorter than it was, is
   * damaged.
   *
   * @throws {ServiceError} `corrupt` naming the segment.
   */
  async range(key: string, range: ByteRange): Promise<Uint8Array> {
    let bytes: Uint8Array;
    try {
      bytes = await this.#objectStore.get(key, range);
    } catch (error) {
      if (isServiceError(error, "not_found")) {
        throw new ServiceError("corrupt", `segment ${key} is missing from the object store`, { cause: error });
      }
      if (isServiceError(error, "bad_data")) {
        throw new ServiceError("corrupt", `segment ${key} is cut off`, { cause: error });
      }
      throw error;
    }
    if (bytes.length !== range.length) {
      throw new ServiceError("corrupt", `segment ${key} is cut off`);
    }
    return bytes;
  }
}

/** In errors. */
function blockName(key: string, { offset }: BlockEntry): string {
  return `block at byte ${offset} of ${key}`;
}

/** Counts an index that several footers share with the first of them. */
function footerMemoryBytes(): (footer: SegmentFooter) => number {
  const counted = new WeakSet<StreamIndex>();
  return ({ streams, blocks, filters }) => {
    const ofStreams = counted.has(streams) ? 0 : streams.sizeBytes;
    counted.add(streams);
    return ofStreams + blocks.sizeBytes + (filters?.sizeBytes ?? 0);
  };
}
