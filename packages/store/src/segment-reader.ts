import {
  blockLength,
  decodeBlock,
  readFooter,
  type BlockEntry,
  type NewlineKernels,
  type SegmentFooter,
} from "@sluice/chunk";
import { isServiceError, ServiceError, type EntryBatch } from "@sluice/model";
import type { ByteRange, ObjectStore } from "@sluice/object-store";
import { ByteCache } from "./byte-cache.ts";
import type { Segment } from "./segment.ts";
import { SharedLabels } from "./shared-labels.ts";
import type { StoreMetrics } from "./store-metrics.ts";

export interface SegmentReaderOptions {
  readonly objectStore: ObjectStore;
  readonly metrics: StoreMetrics;
  readonly kernels?: NewlineKernels | undefined;
  readonly footerCacheBytesMax: number;
  readonly blockCacheBytesMax: number;
}

const sharedLabelSetsMax = 50_000;

/** Reads footers and blocks of committed segments: one ranged GET each, and none for what was read not long ago. */
export class SegmentReader {
  readonly #objectStore: ObjectStore;
  readonly #footers: ByteCache<SegmentFooter>;
  readonly #blocks: ByteCache<EntryBatch>;
  readonly #labels = new SharedLabels(sharedLabelSetsMax);
  readonly #kernels: NewlineKernels | undefined;

  constructor({ objectStore, metrics, kernels, footerCacheBytesMax, blockCacheBytesMax }: SegmentReaderOptions) {
    this.#objectStore = objectStore;
    this.#kernels = kernels;
    this.#footers = new ByteCache({ name: "footers", bytesMax: footerCacheBytesMax, metrics }, footerMemoryBytes);
    this.#blocks = new ByteCache({ name: "blocks", bytesMax: blockCacheBytesMax, metrics }, batchMemoryBytes);
  }

  /** @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing. */
  async footer(segment: Segment): Promise<SegmentFooter> {
    return this.#footers.getOrLoad(segment.key, async () => {
      const { key, tenant, day, sizeBytes, footerBytes } = segment;
      const tail = await this.range(key, { offset: sizeBytes - footerBytes, length: footerBytes });
      const footer = readFooter(tail, key);
      if (footer.tenant !== tenant || footer.day !== day) {
        throw new ServiceError("corrupt", `segment ${key} is of another tenant or day than the manifest says`);
      }
      return { ...footer, streams: footer.streams.map((labels) => this.#labels.share(labels)) };
    });
  }

  /** @throws {ServiceError} `corrupt` naming the segment, when it is damaged or missing. */
  async block({ key }: Segment, entry: BlockEntry): Promise<EntryBatch> {
    return this.#blocks.getOrLoad(`${key}@${entry.offset}`, async () => {
      return this.decode(key, entry, await this.range(key, { offset: entry.offset, length: blockLength(entry) }));
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

/** Of a block's entry in a footer, in V8: 330 bytes measured, more with metadata. Label sets are shared: addresses only. */
const blockEntryBytes = 400;
const streamBytes = 8;
const labelBytes = 100;

function footerMemoryBytes({ streams, blocks }: SegmentFooter): number {
  return blocks.length * blockEntryBytes + streams.length * streamBytes;
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
