import { assert, isServiceError, messageOf, type Logger } from "@sluice/model";
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
  /** Whose positions this process commits. */
  readonly walName: string;
  /** Entries between two snapshots. */
  readonly snapshotInterval: number;
}

/** What one commit changes, all of it or nothing. */
export interface Change {
  readonly added: readonly Segment[];
  readonly walCovered: number;
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
    while (!(await manifest.#tryCommit({ added: [], walCovered: 0 }, undefined))) {
      options.metrics.manifestConflicts.add(1);
    }
    await manifest.#snapshotWhenDue();
    return manifest;
  }

  get walCovered(): number {
    return this.#state.walCovered(this.#options.walName);
  }

  /** @see ManifestState.segmentsOf */
  segmentsOf(tenant: string, startNs: bigint, endNs: bigint): Segment[] {
    return this.#state.segmentsOf(tenant, startNs, endNs);
  }

  /**
   * Commits the change. When the number is taken by an earlier try of it, which went through after all, that is the
   * commit: a segment's key says what is in it, so a change whose keys are all there is done.
   *
   * @param onVisible called once, in the tick in which {@link segmentsOf} begins to give the segments.
   * @throws {ServiceError} `unavailable` when it may be committed or not; the same change may be tried again.
   */
  async commit(change: Change, onVisible: () => void): Promise<void> {
    const pending: Pending = { change, onVisible, isVisible: false };
    while (!pending.isVisible) {
      if (!(await this.#tryCommit(change, pending))) {
        this.#options.metrics.manifestConflicts.add(1);
      }
    }
    await this.#snapshotWhenDue();
  }

  /** Learns what other stores have committed. */
  async refresh(): Promise<void> {
    await this.#catchUp(undefined, undefined);
  }

  /** Puts the change under the next number and learns what is there now; false when that number was taken. */
  async #tryCommit(change: Change, pending: Pending | undefined): Promise<boolean> {
    const { walName } = this.#options;
    const walCovered = new Map(change.walCovered > this.walCovered ? [[walName, change.walCovered]] : []);
    const entry: ManifestRecord = {
      kind: "entry",
      sequence: this.#state.sequence + 1,
      walCovered,
      removed: [],
      added: change.added,
    };
    let own: ManifestRecord | undefined = entry;
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
    if (change.walCovered <= this.walCovered && change.added.every((segment) => this.#state.has(segment.key))) {
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
