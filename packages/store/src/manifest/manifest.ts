import { assert, isServiceError, messageOf, ServiceError, type Clock, type Logger } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import type { Segment } from "../segment.ts";
import type { StoreMetrics } from "../store-metrics.ts";
import type { ManifestRecord } from "./format.ts";
import { ManifestLog } from "./manifest-log.ts";
import { ManifestState } from "./state.ts";

export interface ManifestOptions {
  readonly objectStore: ObjectStore;
  readonly logger: Logger;
  readonly metrics: StoreMetrics;
  readonly clock: Clock;
  /** Whose positions this process commits. */
  readonly walName: string;
  /** Entries between two snapshots. */
  readonly snapshotInterval: number;
}

/** What one commit changes, all of it or nothing. */
export interface Change {
  readonly added: readonly Segment[];
  readonly walCovered: number;
  /** The clock's time from which on garbage collection may take what was added, so that it is too late to name it. */
  readonly commitBeforeMs: number;
}

/** What one commit puts in the place of what; see {@link ManifestState}. */
export interface Replacement {
  readonly removed: readonly Segment[];
  readonly added: readonly Segment[];
  readonly commitBeforeMs: number;
}

interface Pending {
  readonly change: Change;
  readonly onVisible: () => void;
  isVisible: boolean;
}

/**
 * Which segments exist: numbered objects that are put if absent, so that of several writers at one number one wins and
 * the others read what it did and go on behind it. Calls that change the state must not overlap; reads may, any time.
 */
export class Manifest {
  readonly #log: ManifestLog;
  readonly #options: ManifestOptions;
  #state: ManifestState;
  #snapshotSequence: number;
  #life = 0;

  private constructor(options: ManifestOptions, log: ManifestLog, records: readonly ManifestRecord[]) {
    this.#options = options;
    this.#log = log;
    this.#state = ManifestState.of(records);
    this.#snapshotSequence = records[0]?.kind === "snapshot" ? records[0].sequence : 0;
    this.#report();
  }

  /**
   * Reads the manifest and takes its next number, so that a put which a process before this one had begun and which
   * arrives late finds its number taken: what it holds is about to be replayed from the WAL.
   */
  static async open(options: ManifestOptions): Promise<Manifest> {
    const log = new ManifestLog(options.objectStore);
    const manifest = new Manifest(options, log, await log.readAfter(0));
    manifest.#life = await manifest.fence();
    return manifest;
  }

  /** The number of the entry that opening took: no other process, earlier, now or later, has it. */
  get life(): number {
    return this.#life;
  }

  get tenants(): readonly string[] {
    return this.#state.tenants;
  }

  has(key: string): boolean {
    return this.#state.has(key);
  }

  get walCovered(): number {
    return this.#state.walCovered(this.#options.walName);
  }

  /** @see ManifestState.segmentsOf */
  segmentsOf(tenant: string, startNs: bigint, endNs: bigint): Segment[] {
    return this.#state.segmentsOf(tenant, startNs, endNs);
  }

  /**
   * Commits the change of a flush. When the number is taken by an earlier try of it, which went through after all, that
   * is the commit: only this process moves the position of its WAL, and moves it with this flush. What became of the
   * segments since then does not matter; they may have been compacted away.
   *
   * @param onVisible called once, in the tick in which {@link segmentsOf} begins to give the segments.
   * @throws {ServiceError} `unavailable` when it may be committed or not; the same change may be tried again.
   */
  async commit(change: Change, onVisible: () => void): Promise<void> {
    const isNew = change.added.length === 0 || change.walCovered > this.walCovered;
    assert(isNew, "a flush covers more of the WAL than those before it");
    const pending: Pending = { change, onVisible, isVisible: false };
    while (!pending.isVisible) {
      if (!(await this.#tryCommit({ ...change, removed: [] }, pending))) {
        this.#options.metrics.manifestConflicts.add(1);
      }
    }
    await this.#snapshotWhenDue();
  }

  /**
   * Puts segments in the place of others, unless one of those is not there any more: then somebody else has replaced or
   * dropped it meanwhile, and nothing is changed.
   *
   * @returns whether it was committed.
   * @throws {ServiceError} `unavailable` when it may be committed or not. It may be left at that.
   */
  async replace(replacement: Replacement): Promise<boolean> {
    const { removed, added } = replacement;
    while (removed.every(({ key }) => this.#state.has(key))) {
      if (await this.#tryCommit({ ...replacement, walCovered: 0 }, undefined)) {
        await this.#snapshotWhenDue();
        return true;
      }
      this.#options.metrics.manifestConflicts.add(1);
    }
    // An object store that repeats a put whose answer was lost finds the number taken, by this very change.
    return added.length > 0 && added.every(({ key }) => this.#state.has(key));
  }

  /**
   * Takes the next number. Whatever put of an entry was under way before, by anyone, has been carried out now and is
   * known, or never will be: it finds its number taken.
   *
   * @returns the number.
   */
  async fence(): Promise<number> {
    for (;;) {
      const sequence = this.#state.sequence + 1;
      const nothing = { removed: [], added: [], walCovered: 0, commitBeforeMs: Number.POSITIVE_INFINITY };
      if (await this.#tryCommit(nothing, undefined)) {
        await this.#snapshotWhenDue();
        return sequence;
      }
      this.#options.metrics.manifestConflicts.add(1);
    }
  }

  /** Removes the manifest's objects that nobody needs any more, or (`isDryRun`) only names them. */
  async prune(isDryRun: boolean): Promise<readonly string[]> {
    return isDryRun ? this.#log.superfluous() : this.#log.prune();
  }

  /** Learns what other stores have committed. */
  async refresh(): Promise<void> {
    await this.#catchUp(undefined, undefined);
  }

  /** Puts the change under the next number and learns what is there now; false when that number was taken. */
  async #tryCommit(change: Change & Replacement, pending: Pending | undefined): Promise<boolean> {
    const { walName, clock } = this.#options;
    const walCovered = new Map(change.walCovered > this.walCovered ? [[walName, change.walCovered]] : []);
    const entry: ManifestRecord = {
      kind: "entry",
      sequence: this.#state.sequence + 1,
      walCovered,
      removed: change.removed.map(({ key }) => key),
      added: change.added,
    };
    let own: ManifestRecord | undefined = entry;
    if (clock.nowMs() >= change.commitBeforeMs) {
      throw new ServiceError("unavailable", "the segments were written too long ago to be committed");
    }
    try {
      await this.#log.putEntry(entry);
    } catch (error) {
      if (!isServiceError(error, "already_exists")) {
        throw error;
      }
      own = undefined;
    }
    const records = await this.#catchUp(own, pending);
    return records[0] === entry;
  }

  /** Applies what is new, then says so to whoever waits for it; nothing can run between the two. */
  async #catchUp(own: ManifestRecord | undefined, pending: Pending | undefined): Promise<readonly ManifestRecord[]> {
    const records = await this.#log.readAfter(this.#state.sequence, own);
    const [first] = records;
    if (first?.kind === "snapshot") {
      this.#state = ManifestState.of(records);
      this.#snapshotSequence = first.sequence;
    } else {
      for (const record of records) {
        this.#state.apply(record);
      }
    }
    if (pending !== undefined) {
      this.#announce(pending);
    }
    this.#report();
    return records;
  }

  #announce(pending: Pending): void {
    const { change } = pending;
    if (change.walCovered <= this.walCovered) {
      assert(!pending.isVisible, "a change becomes visible once");
      pending.isVisible = true;
      pending.onVisible();
    }
  }

  /** The commit stands already, so that a failure here is only worth a warning: the next commit tries again. */
  async #snapshotWhenDue(): Promise<void> {
    const { logger, snapshotInterval } = this.#options;
    if (this.#state.sequence - this.#snapshotSequence < snapshotInterval) {
      return;
    }
    const snapshot = this.#state.snapshot();
    try {
      await this.#log.putSnapshot(snapshot);
      this.#snapshotSequence = snapshot.sequence;
      await this.#log.prune();
    } catch (error) {
      logger.warn("cannot write a snapshot of the manifest", {
        sequence: snapshot.sequence,
        error: messageOf(error),
      });
    }
  }

  #report(): void {
    this.#options.metrics.segments.set(this.#state.segmentCount);
    this.#options.metrics.manifestSequence.set(this.#state.sequence);
  }
}
