import { blockLength, type BlockEntry } from "@sluice/chunk";
import { isServiceError, messageOf, type Clock, type Labels, type Logger } from "@sluice/model";
import { checkNotCancelled } from "../cancelled.ts";
import type { Compactor } from "../compaction/compactor.ts";
import { ForwardReader } from "../compaction/forward-reader.ts";
import type { Manifest } from "../manifest/manifest.ts";
import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";
import { planBlocks } from "../select-blocks.ts";
import { Turns } from "../turns.ts";
import type { DeleteOptions } from "./delete-request.ts";
import type { DeleteRequests } from "./delete-requests.ts";
import { entriesLeft, isCovered, type ActiveDelete } from "./hiding.ts";

export interface DeleteApplierOptions extends DeleteOptions {
  readonly requests: DeleteRequests;
  readonly manifest: Manifest;
  readonly reader: SegmentReader;
  readonly compactor: Compactor;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Learns what other stores have committed. */
  readonly refresh: () => Promise<void>;
}

export interface ApplyDeletesOptions {
  /**
   * Flushes all lines that were acknowledged before the call: what is in memory only cannot be removed from segments.
   * Called when a request is due.
   */
  readonly flushMemory: () => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface ApplyDeletesResult {
  readonly linesDeleted: number;
  readonly segmentsRewritten: number;
  readonly segmentsDropped: number;
  readonly requestsProcessed: number;
}

const windowBytes = 4 * 1024 * 1024;

/**
 * Removes from the segments what delete requests are about, once they can no longer be cancelled. Each segment is
 * replaced by one without those lines in a commit of its own, so that a crash at any point leaves some segments done and
 * others not, and the request, which hides the lines of both, where it was. When no segment holds a line of it any more,
 * the request is marked as processed and stops hiding.
 */
export class DeleteApplier {
  readonly #options: DeleteApplierOptions;
  /** Keys of segments, and ids of the requests that no line of them is of any more. */
  readonly #cleanOf = new Map<string, Set<string>>();
  /** Since when, by id, all segments have been clean. */
  readonly #cleanSinceMs = new Map<string, number>();

  constructor(options: DeleteApplierOptions) {
    this.#options = options;
  }

  /** @throws {ServiceError} `unavailable`; `cancelled`. What was removed stays removed. */
  async apply({ flushMemory, signal }: ApplyDeletesOptions): Promise<ApplyDeletesResult> {
    const { requests, refresh } = this.#options;
    const result = { linesDeleted: 0, segmentsRewritten: 0, segmentsDropped: 0, requestsProcessed: 0 };
    const due = requests.tenants.flatMap((tenant) => this.#dueOf(tenant));
    this.#forget(due);
    if (due.length > 0) {
      await flushMemory();
      await refresh();
      for (const [tenant, deletes] of Map.groupBy(due, ({ request }) => request.tenant)) {
        await this.#applyTo(tenant, deletes, result, signal);
      }
    }
    await requests.tidy();
    return result;
  }

  #dueOf(tenant: string): readonly ActiveDelete[] {
    const { requests, clock, modeOf, cancelPeriodMs } = this.#options;
    if (modeOf(tenant) !== "filter-and-delete") {
      return [];
    }
    const nowMs = clock.nowMs();
    return requests.activeOf(tenant).filter(({ request }) => nowMs - request.createdMs >= cancelPeriodMs);
  }

  async #applyTo(
    tenant: string,
    deletes: readonly ActiveDelete[],
    result: Mutable<ApplyDeletesResult>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { requests, clock, settleMs } = this.#options;
    const failed = new Set<string>();
    for (let todo = this.#todo(tenant, deletes, failed); todo.length > 0; todo = this.#todo(tenant, deletes, failed)) {
      for (const [done, { segment, uncleanFor }] of todo.entries()) {
        checkNotCancelled(signal, "removal of deleted lines");
        // Some may have been cancelled since.
        const active = uncleanFor.filter((each) => requests.isActive(each));
        if (active.length > 0 && !(await this.#clean(segment, active, result, signal))) {
          failed.add(segment.key);
        }
        this.#report(deletes, todo.slice(done + 1), todo.length);
      }
    }
    // From the last look at the segments to here nothing else has run: every line of these requests is gone, or has come
    // after they had their effect.
    const nowMs = clock.nowMs();
    const left = new Set(this.#todo(tenant, deletes, new Set()).flatMap(({ uncleanFor }) => uncleanFor));
    const finished: ActiveDelete[] = [];
    for (const active of deletes.filter((each) => requests.isActive(each) && !left.has(each))) {
      const { id } = active.request;
      const sinceMs = this.#cleanSinceMs.get(id) ?? nowMs;
      this.#cleanSinceMs.set(id, sinceMs);
      if (nowMs - sinceMs >= settleMs) {
        finished.push(active);
      }
    }
    for (const active of finished) {
      await requests.finish(active);
      result.requestsProcessed += 1;
    }
  }

  /** The segments that may hold lines of requests, each with those. */
  #todo(
    tenant: string,
    due: readonly ActiveDelete[],
    except: ReadonlySet<string>,
  ): readonly { readonly segment: Segment; readonly uncleanFor: readonly ActiveDelete[] }[] {
    const deletes = due.filter((active) => this.#options.requests.isActive(active));
    const startNs = deletes.reduce((min, { request }) => (request.startNs < min ? request.startNs : min), timeMaxNs);
    const endNs = deletes.reduce((max, { request }) => (request.endNs > max ? request.endNs : max), -timeMaxNs);
    return this.#options.manifest
      .segmentsOf(tenant, startNs, endNs + 1n)
      .filter(({ key }) => !except.has(key))
      .map((segment) => ({ segment, uncleanFor: deletes.filter((active) => this.#isUnclean(segment, active)) }))
      .filter(({ uncleanFor }) => uncleanFor.length > 0);
  }

  #isUnclean({ key, minNs, maxNs }: Segment, { request }: ActiveDelete): boolean {
    const overlaps = minNs <= request.endNs && maxNs >= request.startNs;
    return overlaps && this.#cleanOf.get(key)?.has(request.id) !== true;
  }

  /** Of the segments that were to be done the share that was. Another segment may come into view until the end. */
  #report(
    deletes: readonly ActiveDelete[],
    left: readonly { readonly uncleanFor: readonly ActiveDelete[] }[],
    count: number,
  ): void {
    for (const active of deletes) {
      const leftCount = left.filter(({ uncleanFor }) => uncleanFor.includes(active)).length;
      this.#options.requests.setDone(active, 1 - leftCount / count);
    }
  }

  /** Removes the requests' lines from a segment. @returns false when it could not be done. */
  async #clean(
    segment: Segment,
    deletes: readonly ActiveDelete[],
    result: Mutable<ApplyDeletesResult>,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const { manifest, compactor, requests, logger } = this.#options;
    let touched: Touched;
    try {
      touched = await this.#plan(segment, deletes, signal);
      if (touched.dropped.size === 0 && !(await this.#holdsAny(segment, touched, signal))) {
        this.#markClean(segment, deletes);
        return true;
      }
    } catch (error) {
      if (!isServiceError(error, "corrupt")) {
        throw error;
      }
      logger.error("deleted lines cannot be removed from a damaged segment", {
        key: segment.key,
        error: messageOf(error),
      });
      return false;
    }
    const { dropped, reduced } = touched;
    let linesDeleted = [...dropped.values()].reduce((sum, { count }) => sum + count, 0);
    const replaced = await compactor.rewrite([segment], (_labels, { offset }) => !dropped.has(offset), signal, {
      reduce: (labels, { offset }) => {
        const found = reduced.get(offset);
        return (
          found &&
          ((batch) => {
            const left = entriesLeft(labels, batch, found.deletes);
            linesDeleted += batch.count - left.count;
            return left;
          })
        );
      },
    });
    if (replaced === undefined) {
      // Replaced meanwhile by somebody else: what took its place comes up again.
      return !manifest.has(segment.key);
    }
    for (const made of replaced) {
      this.#markClean(made, deletes, this.#cleanOf.get(segment.key));
    }
    result.linesDeleted += linesDeleted;
    result[replaced.length === 0 ? "segmentsDropped" : "segmentsRewritten"] += 1;
    const { metrics } = requests;
    metrics.linesDeleted.add(linesDeleted);
    metrics.blocks.add(dropped.size, { outcome: "dropped" });
    metrics.blocks.add(reduced.size, { outcome: "rewritten" });
    metrics.segments.add(1, { outcome: replaced.length === 0 ? "dropped" : "rewritten" });
    return true;
  }

  /** The blocks that the requests are about, or may be. */
  async #plan(segment: Segment, deletes: readonly ActiveDelete[], signal: AbortSignal | undefined): Promise<Touched> {
    const dropped = new Map<number, BlockEntry>();
    const reduced = new Map<number, Reduced>();
    for (const active of deletes) {
      const { matchers, needles, equalities, request } = active;
      const wanted = { matchers, needles, equalities, startNs: request.startNs, endNs: request.endNs + 1n };
      const planned = await planBlocks(this.#options.reader, [segment], wanted, signal);
      for (const { footer, kept } of planned) {
        for (const block of kept) {
          const entry = footer.blocks.entryAt(block);
          if (isCovered(active, entry)) {
            dropped.set(entry.offset, entry);
            continue;
          }
          const labels = footer.streams.labelsAt(entry.stream);
          const before = reduced.get(entry.offset)?.deletes ?? [];
          reduced.set(entry.offset, { entry, labels, deletes: [...before, active] });
        }
      }
    }
    for (const offset of dropped.keys()) {
      reduced.delete(offset);
    }
    return { dropped, reduced };
  }

  /** Whether a line of the requests is in the blocks that may hold one: without, the segment stays as it is. */
  async #holdsAny(segment: Segment, { reduced }: Touched, signal: AbortSignal | undefined): Promise<boolean> {
    const { reader } = this.#options;
    const data = new ForwardReader(reader, segment, segment.sizeBytes - segment.footerBytes, windowBytes);
    const turns = new Turns();
    const ascending = [...reduced.values()].sort((a, b) => a.entry.offset - b.entry.offset);
    for (const { entry, labels, deletes } of ascending) {
      checkNotCancelled(signal, "removal of deleted lines");
      const batch = reader.decode(segment.key, entry, await data.read(entry.offset, blockLength(entry)));
      if (entriesLeft(labels, batch, deletes).count < batch.count) {
        return true;
      }
      await turns.spend(entry.rawBytes);
    }
    return false;
  }

  /** @param before ids of requests of which it was known already. */
  #markClean({ key }: Segment, deletes: readonly ActiveDelete[], before = this.#cleanOf.get(key)): void {
    this.#cleanOf.set(key, new Set([...(before ?? []), ...deletes.map(({ request }) => request.id)]));
  }

  /** Forgets segments that are gone, and requests that are not due any more. */
  #forget(due: readonly ActiveDelete[]): void {
    const ids = new Set(due.map(({ request }) => request.id));
    for (const [key, clean] of this.#cleanOf) {
      const left = new Set([...clean].filter((id) => ids.has(id)));
      if (left.size === 0 || !this.#options.manifest.has(key)) {
        this.#cleanOf.delete(key);
      } else {
        this.#cleanOf.set(key, left);
      }
    }
    for (const id of this.#cleanSinceMs.keys()) {
      if (!ids.has(id)) {
        this.#cleanSinceMs.delete(id);
      }
    }
  }
}

type Mutable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

interface Reduced {
  readonly entry: BlockEntry;
  readonly labels: Labels;
  readonly deletes: readonly ActiveDelete[];
}

/** Blocks by their offset in the segment. */
interface Touched {
  /** Of which every line is deleted. */
  readonly dropped: ReadonlyMap<number, BlockEntry>;
  /** Of which some may be. */
  readonly reduced: ReadonlyMap<number, Reduced>;
}

const timeMaxNs = 2n ** 63n - 1n;
