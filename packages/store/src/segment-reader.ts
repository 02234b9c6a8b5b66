import {
  blockLength,
  decodeBlock,
  readFooter,
  type BlockEntry,
  type NewlineKernels,
  type SegmentFooter,
  type StreamIndex,
} from "@sluice/chunk";
import { isServiceError, ServiceError, type Clock, type EntryBatch, type Logger } from "@sluice/model";
import type { ByteRange, ObjectStore } from "@sluice/object-store";
import { ByteCache } from "./byte-cache.ts";
import { checkNotCancelled } from "./cancelled.ts";
import { FilterReader, type SkipFilter } from "./filter-reader.ts";
import { mapInOrder } from "./map-in-order.ts";
import { ReadAhead, type ReadAheadOptions, type ReadPart, type Scan } from "./read-ahead.ts";
import type { Segment } from "./segment.ts";
import { SharedLabels } from "./shared-labels.ts";
import type { StoreMetrics } from "./store-metrics.ts";

export interface SegmentReaderOptions {
  readonly objectStore: ObjectStore;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly clock: Clock;
  readonly kernels?: NewlineKernels | undefined;
  readonly footerCacheBytesMax: number;
  readonly filterCacheBytesMax: number;
  readonly blockCacheBytesMax: number;
  /** Undefined where a small read costs no more than its bytes. */
  readonly readAhead?: ReadAheadOptions | undefined;
}

const shared = { setsMax: 50_000, textsMax: 200_000, indexesMax: 1000 };
const footersAtOnce = 16;

/** Reads footers, filters and blocks of committed segments: ranged GETs, and none for what was read not long ago. */
export class SegmentReader {
  readonly #objectStore: ObjectStore;
  readonly #footers: ByteCache<SegmentFooter>;
  readonly #blocks: ByteCache<EntryBatch>;
  readonly #filters: FilterReader;
  readonly #readAhead: ReadAhead | undefined;
  readonly #labels = new SharedLabels(shared);
  readonly #logger: Logger;
  readonly #metrics: StoreMetrics;
  readonly #kernels: NewlineKernels | undefined;

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
    this.#blocks = new ByteCache({ name: "blocks", bytesMax: blockCacheBytesMax, metrics }, batchMemoryBytes);
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
   * @param read gets the block's bytes when they are not kept; by default a request of their own does.
   * @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing.
   */
  async block({ key }: Segment, entry: BlockEntry, read?: ReadPart): Promise<EntryBatch> {
    return this.#blocks.getOrLoad(`${key}@${entry.offset}`, async () => {
      this.#metrics.blocksRead.add(1);
      const range = { offset: entry.offset, length: blockLength(entry) };
      return this.decode(key, entry, await (read === undefined ? this.range(key, range) : read(range)));
    });
  }

  /** @throws {ServiceError} `corrupt` naming the segment and the block's place in it. */
  decode(key: string, entry: BlockEntry, bytes: Uint8Array): EntryBatch {
    return decodeBlock(entry, bytes, `block at byte ${entry.offset} of ${key}`, this.#kernels);
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

const labelBytes = 100;

/** Counts an index that several footers share with the first of them. */
function footerMemoryBytes(): (footer: SegmentFooter) => number {
  const counted = new WeakSet<StreamIndex>();
  return ({ streams, blocks, filters }) => {
    const ofStreams = counted.has(streams) ? 0 : streams.sizeBytes;
    counted.add(streams);
    return ofStreams + blocks.sizeBytes + (filters?.sizeBytes ?? 0);
  };
}

function batchMemoryBytes({ bytes, deltaNs, lineStarts, lineEnds, metadata }: EntryBatch): number {
  let total = bytes.byteLength + deltaNs.byteLength + lineStarts.byteLength + lineEnds.byteLength;
  if (metadata !== undefined) {
    total += metadata.index.byteLength;
    for (const set of metadata.sets) {
      for (const { name, value } of set) {
        total += labelBytes + name.length + value.length;
      }
    }
  }
  return total;
}
