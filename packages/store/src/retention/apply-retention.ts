import type { BlockTable } from "@sluice/chunk";
import { isServiceError, messageOf, ServiceError, type Clock, type Logger } from "@sluice/model";
import type { Compactor } from "../compaction/compactor.ts";
import type { Manifest, Replacement } from "../manifest/manifest.ts";
import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";
import type { StoreMetrics } from "../store-metrics.ts";
import { compileExpiry, isExpired, type Expiry, type RetentionPolicy } from "./retention-policy.ts";

export interface RetentionOptions {
  readonly manifest: Manifest;
  readonly reader: SegmentReader;
  readonly compactor: Compactor;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly retentionOf: (tenant: string) => RetentionPolicy;
  /** Commits when no flush is under way; false when one of the segments to remove is not there any more. */
  readonly commit: (replacement: Replacement) => Promise<boolean>;
}

export interface RetentionResult {
  /** Segments of which every line was too old. */
  readonly segmentsDropped: number;
  /** Segments that were written again without the streams that were too old. */
  readonly segmentsRewritten: number;
}

type DueTimes = Map<string, { readonly policy: string; readonly atMs: number }>;

/** Keys in one manifest entry: about 100 kB. */
const removedPerCommit = 1000;

/** A footer is looked at again after this time at the latest. */
const lookAgainMsMax = 24 * 3_600_000;

/**
 * Removes segments of which every line is too old, and writes those again of which whole streams are. A stream that is
 * too old in part waits until the rest is, within a day: until then `select` leaves out its old lines.
 */
export class Retention {
  readonly #options: RetentionOptions;
  /** Of segments whose footers have been looked at: when to look again, as long as the policy is the same. */
  #dueMs: DueTimes = new Map();

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  /** @throws {ServiceError} `unavailable` when the object store fails; `cancelled`. What was removed stays removed. */
  async apply(signal: AbortSignal | undefined): Promise<RetentionResult> {
    const { manifest, metrics } = this.#options;
    const due: DueTimes = new Map();
    let segmentsDropped = 0;
    let segmentsRewritten = 0;
    for (const tenant of manifest.tenants) {
      const { dropped, mixed, expiry } = await this.#sort(tenant, due, signal);
      for (let from = 0; from < dropped.length; from += removedPerCommit) {
        const removed = dropped.slice(from, from + removedPerCommit);
        if (await this.#options.commit({ removed, added: [], commitBeforeMs: Number.POSITIVE_INFINITY })) {
          segmentsDropped += removed.length;
          metrics.segmentsExpired.add(removed.length);
        }
      }
      for (const segment of mixed) {
        const isWanted: Parameters<Compactor["rewrite"]>[1] = (labels, block) => !isExpired(expiry, labels, block);
        if ((await this.#options.compactor.rewrite([segment], isWanted, signal)) !== undefined) {
          segmentsRewritten += 1;
        }
      }
    }
    this.#dueMs = due;
    return { segmentsDropped, segmentsRewritten };
  }

  /** Which of the tenant's segments go, and which are to be written again. */
  async #sort(
    tenant: string,
    due: DueTimes,
    signal: AbortSignal | undefined,
  ): Promise<{ dropped: readonly Segment[]; mixed: readonly Segment[]; expiry: Expiry }> {
    const { manifest, clock, retentionOf } = this.#options;
    const policy = retentionOf(tenant);
    const policyText = JSON.stringify(policy);
    const nowMs = clock.nowMs();
    const expiry = compileExpiry(policy, nowMs);
    const dropped: Segment[] = [];
    const mixed: Segment[] = [];
    const { allBeforeNs, noneFromNs } = expiry;
    const old = noneFromNs === undefined ? [] : manifest.segmentsOf(tenant, -(2n ** 63n), noneFromNs);
    for (const segment of old) {
      if (signal?.aborted === true) {
        throw new ServiceError("cancelled", "the retention run was cancelled", { cause: signal.reason });
      }
      if (allBeforeNs !== undefined && segment.maxNs < allBeforeNs) {
        dropped.push(segment);
        continue;
      }
      const before = this.#dueMs.get(segment.key);
      if (before !== undefined && before.policy === policyText && nowMs < before.atMs) {
        due.set(segment.key, before);
        continue;
      }
      const found = await this.#lookInto(segment, expiry, nowMs);
      if (found === "all") {
        dropped.push(segment);
      } else if (found === "some") {
        mixed.push(segment);
      } else {
        due.set(segment.key, { policy: policyText, atMs: found });
      }
    }
    return { dropped, mixed, expiry };
  }

  /** How many of a segment's streams are too old as a whole: all, some, or none before the time that is returned. */
  async #lookInto(segment: Segment, expiry: Expiry, nowMs: number): Promise<"all" | "some" | number> {
    const { reader, logger } = this.#options;
    try {
      const { streams, blocks } = await reader.footer(segment);
      let streamCount = 0;
      let expiredCount = 0;
      let nextMs = nowMs + lookAgainMsMax;
      for (let stream = 0; stream < streams.count; stream++) {
        const maxNs = lastTimeOf(blocks, stream);
        if (maxNs === undefined) {
          continue;
        }
        streamCount += 1;
        const cutoffNs = expiry.cutoffOf(streams.labelsAt(stream));
        if (cutoffNs === undefined) {
          continue;
        }
        if (maxNs < cutoffNs) {
          expiredCount += 1;
        } else {
          nextMs = Math.min(nextMs, nowMs + Number((maxNs - cutoffNs) / 1_000_000n) + 1);
        }
      }
      return expiredCount === 0 ? nextMs : expiredCount === streamCount ? "all" : "some";
    } catch (error) {
      if (!isServiceError(error, "corrupt")) {
        throw error;
      }
      logger.error("cannot tell whether a segment's lines are too old", { key: segment.key, error: messageOf(error) });
      return nowMs + lookAgainMsMax;
    }
  }
}

function lastTimeOf(blocks: BlockTable, stream: number): bigint | undefined {
  let lastNs: bigint | undefined;
  for (let block = blocks.startOf(stream); block < blocks.startOf(stream + 1); block++) {
    const maxNs = blocks.maxNsAt(block);
    lastNs = lastNs === undefined || maxNs > lastNs ? maxNs : lastNs;
  }
  return lastNs;
}
