import type { BlockEncoder, BlockEntry } from "@sluice/chunk";
import { isServiceError, messageOf, type Clock, type Labels, type Logger } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import { checkNotCancelled } from "../cancelled.ts";
import type { Manifest, Replacement } from "../manifest/manifest.ts";
import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";
import type { StoreMetrics } from "../store-metrics.ts";
import { putSegment } from "../write-segments.ts";
import { mergeSegments, type Reduce } from "./merge-segments.ts";
import { planCompaction, type CompactionOptions } from "./plan-compaction.ts";

export interface CompactorOptions {
  readonly objectStore: ObjectStore;
  readonly reader: SegmentReader;
  readonly manifest: Manifest;
  readonly blockEncoder: BlockEncoder;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly compaction: CompactionOptions;
  /** What is written and not committed within half of this may be taken for garbage. */
  readonly segmentDeleteDelayMs: number;
  /** Commits when no flush is under way; false when one of the segments to remove is not there any more. */
  readonly commit: (replacement: Replacement) => Promise<boolean>;
}

/** What was done, over all tenants. */
export interface CompactionResult {
  readonly segmentsRemoved: number;
  readonly segmentsAdded: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Whether a block of a stream is to be kept. */
export type IsWanted = (labels: Labels, block: BlockEntry) => boolean;

/** Writes segments again, merged or with less in them. One call at a time. */
export class Compactor {
  readonly #options: CompactorOptions;
  /** Keys of segments that are damaged or too large to merge. */
  readonly #leftAlone = new Set<string>();
  #uploadCount = 0;

  constructor(options: CompactorOptions) {
    this.#options = options;
  }

  /**
   * Merges, per tenant and day, until no run of segments is worth it any more.
   *
   * @param isWantedBy says for a tenant which blocks are to be kept.
   * @throws {ServiceError} `unavailable` when the object store fails; `cancelled`. What was committed stays.
   */
  async compact(isWantedBy: (tenant: string) => IsWanted, signal?: AbortSignal): Promise<CompactionResult> {
    const { manifest, clock, compaction } = this.#options;
    const result = { segmentsRemoved: 0, segmentsAdded: 0, bytesRead: 0, bytesWritten: 0 };
    for (const tenant of manifest.tenants) {
      for (;;) {
        const segments = manifest.segmentsOf(tenant, timeMinNs, timeEndNs);
        const [run] = planCompaction(segments, clock.nowMs(), compaction, this.#leftAlone);
        if (run === undefined) {
          break;
        }
        const done = await this.rewrite(run, isWantedBy(tenant), signal);
        if (done === undefined) {
          continue;
        }
        result.segmentsRemoved += run.length;
        result.segmentsAdded += done.length;
        result.bytesRead += sizeOf(run);
        result.bytesWritten += sizeOf(done);
      }
    }
    return result;
  }

  /**
   * Puts one segment, or none, in the place of neighbours.
   *
   * @param options.reduce takes entries out of the blocks that stay.
   * @returns the segments that took their place; undefined when they could not: one is damaged, or was replaced meanwhile.
   */
  async rewrite(
    sources: readonly Segment[],
    isWanted: IsWanted,
    signal: AbortSignal | undefined,
    { reduce }: { readonly reduce?: Reduce } = {},
  ): Promise<readonly Segment[] | undefined> {
    const { reader, objectStore, blockEncoder, clock, logger, metrics, compaction, segmentDeleteDelayMs } =
      this.#options;
    const startMs = clock.nowMs();
    checkNotCancelled(signal, "compaction");
    try {
      const { memoryBytesMax } = compaction;
      const built = await mergeSegments(reader, blockEncoder, sources, {
        memoryBytesMax,
        isWanted,
        reduce,
        signal,
      });
      const commitBeforeMs = clock.nowMs() + segmentDeleteDelayMs / 2;
      const added = built === undefined ? [] : [await putSegment(objectStore, built, this.#nextOrigin())];
      if (!(await this.#options.commit({ removed: sources, added, commitBeforeMs }))) {
        metrics.compactions.add(1, { outcome: "superseded" });
        return undefined;
      }
      metrics.compactions.add(1, { outcome: "success" });
      metrics.compactedBytes.add(sizeOf(sources), { direction: "read" });
      metrics.compactedBytes.add(sizeOf(added), { direction: "written" });
      metrics.compactionSeconds.observe((clock.nowMs() - startMs) / 1000);
      return added;
    } catch (error) {
      metrics.compactions.add(1, { outcome: "failure" });
      if (!isServiceError(error, "corrupt") && !isServiceError(error, "too_large")) {
        throw error;
      }
      // Damage is not to spread, nor to keep the rest from being merged.
      logger.error("segments cannot be compacted", { first: sources[0]!.key, error: messageOf(error) });
      this.#leaveAlone(sources, messageOf(error));
      return undefined;
    }
  }

  /** Those that the error names, else all. */
  #leaveAlone(sources: readonly Segment[], message: string): void {
    const named = sources.filter(({ key }) => message.includes(key));
    for (const { key } of named.length > 0 ? named : sources) {
      this.#leftAlone.add(key);
    }
  }

  #nextOrigin(): string {
    this.#uploadCount += 1;
    return `compacted-${this.#options.manifest.life}.${this.#uploadCount}`;
  }
}

const timeMinNs = -(2n ** 63n);
const timeEndNs = 2n ** 63n;

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
