import type { Clock, Logger } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import type { Manifest } from "./manifest/manifest.ts";
import { isSegmentKey, tenantsPrefix } from "./segment.ts";
import type { StoreMetrics } from "./store-metrics.ts";

export interface GarbageCollectorOptions {
  readonly objectStore: ObjectStore;
  readonly manifest: Manifest;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly segmentDeleteDelayMs: number;
  /** Runs what changes the manifest's state, when nothing else does. */
  readonly exclusively: <Result>(write: () => Promise<Result>) => Promise<Result>;
}

export interface GarbageOptions {
  /** Removes nothing and only says what would be removed. */
  readonly isDryRun?: boolean;
  readonly signal?: AbortSignal;
}

export interface Garbage {
  /** Keys of segments that were removed, or would be. */
  readonly segments: readonly string[];
  /** The same of the manifest's objects. */
  readonly manifestObjects: readonly string[];
  /** How many segments nothing names that have to stay for some more time. */
  readonly waitingCount: number;
}

interface Unnamed {
  /** When it was first seen that the manifest does not name it. */
  readonly sinceMs: number;
  /** When it was seen that no writer can commit it any more, so that it will never be named again. */
  deadSinceMs: number | undefined;
}

/**
 * Removes segments that no manifest entry names: those of flushes and compactions that never came to their commit, and
 * those that were replaced or dropped. Objects carry no times that could be trusted, so it goes by what it has seen
 * itself, in two steps:
 *
 * 1. A segment that is not named may be about to be. Its writer commits within half the delay after the upload began or
 *    not at all. So after that time, and after taking the manifest's next number (which ends all puts of entries that
 *    are under way), it is dead.
 * 2. A dead segment may have been named until a moment ago. A whole delay later no select can be reading it any more.
 */
export class GarbageCollector {
  readonly #options: GarbageCollectorOptions;
  #unnamed = new Map<string, Unnamed>();

  constructor(options: GarbageCollectorOptions) {
    this.#options = options;
  }

  /**
   * One round; to be called every few minutes.
   *
   * @throws {ServiceError} `unavailable` when the object store fails; what was removed by then stays removed.
   */
  async collect({ isDryRun = false, signal }: GarbageOptions): Promise<Garbage> {
    const { manifest, clock, metrics, exclusively, segmentDeleteDelayMs } = this.#options;
    await this.#look();
    const nowMs = clock.nowMs();
    const dying: Unnamed[] = [];
    const due: string[] = [];
    for (const [key, unnamed] of this.#unnamed) {
      if (unnamed.deadSinceMs === undefined) {
        if (nowMs - unnamed.sinceMs >= segmentDeleteDelayMs / 2) {
          dying.push(unnamed);
        }
      } else if (nowMs - unnamed.deadSinceMs >= segmentDeleteDelayMs) {
        due.push(key);
      }
    }
    if (!isDryRun && dying.length + due.length > 0) {
      await exclusively(() => manifest.fence());
      this.#forgetNamed();
      for (const unnamed of dying) {
        unnamed.deadSinceMs = clock.nowMs();
      }
    }
    const segments = due.filter((key) => this.#unnamed.has(key));
    if (!isDryRun) {
      await this.#remove(segments, signal);
    }
    const manifestObjects = await manifest.prune(isDryRun);
    metrics.garbageWaiting.set(this.#unnamed.size);
    return { segments, manifestObjects, waitingCount: this.#unnamed.size - (isDryRun ? segments.length : 0) };
  }

  /** Compares what is there with what is named. */
  async #look(): Promise<void> {
    const { objectStore, clock } = this.#options;
    const nowMs = clock.nowMs();
    const seen = new Map<string, Unnamed>();
    for await (const { key } of objectStore.list(tenantsPrefix)) {
      if (isSegmentKey(key) && !this.#options.manifest.has(key)) {
        seen.set(key, this.#unnamed.get(key) ?? { sinceMs: nowMs, deadSinceMs: undefined });
      }
    }
    this.#unnamed = seen;
    this.#forgetNamed();
  }

  #forgetNamed(): void {
    for (const key of this.#unnamed.keys()) {
      if (this.#options.manifest.has(key)) {
        this.#unnamed.delete(key);
      }
    }
  }

  async #remove(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const { objectStore, logger, metrics } = this.#options;
    for (const key of keys) {
      if (signal?.aborted === true) {
        return;
      }
      await objectStore.remove(key);
      this.#unnamed.delete(key);
      metrics.garbageRemoved.add(1);
    }
    if (keys.length > 0) {
      logger.info("removed segments that nothing names", { count: keys.length });
    }
  }
}
