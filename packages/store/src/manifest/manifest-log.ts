import { isServiceError, ServiceError } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import { mapInOrder } from "../map-in-order.ts";
import { decodeRecord, encodeRecord, type ManifestRecord } from "./format.ts";
import { entryKey, manifestPrefix, parseManifestKey, snapshotKey } from "./keys.ts";

const readsAtOnce = 16;
const listingsMax = 100;
const gapListingsMax = 3;

/** The manifest's objects, without any memory of them, for whoever only reads. */
export class ManifestReader {
  readonly #objectStore: Pick<ObjectStore, "get" | "list">;

  constructor(objectStore: Pick<ObjectStore, "get" | "list">) {
    this.#objectStore = objectStore;
  }

  /**
   * What was committed after `sequence`: the entries in order, or a snapshot that is newer than `sequence` and the
   * entries after it. A snapshot is taken even when the entries below it seem to be there: one of them may have been
   * pruned, and put again by a writer that lagged behind, and is worth nothing then. For the same reason the result is
   * given only after a listing, later than all the reads, that shows no newer snapshot.
   *
   * @param own the entry with the next number, when the caller has just put it; it need not be read then.
   * @throws {ServiceError} `corrupt` naming the object, when one is damaged or missing.
   */
  async readAfter(sequence: number, own?: ManifestRecord): Promise<readonly ManifestRecord[]> {
    let base = sequence;
    let records = own === undefined ? [] : [own];
    let gapListings = 0;
    for (let listings = 0; listings < listingsMax; listings++) {
      const last = records.at(-1)?.sequence ?? sequence;
      const { snapshot, entries } = await this.#listAfter(last);
      const isPruned = snapshot !== undefined && snapshot > base;
      if (!isPruned && entries.length === 0) {
        return records;
      }
      if (!isPruned && entries[0] !== last + 1) {
        // Somebody may be pruning right now, and then the snapshot comes into view.
        gapListings += 1;
        if (gapListings === gapListingsMax) {
          throw new ServiceError("corrupt", `manifest object ${entryKey(last + 1)} is missing, but not later ones`);
        }
        continue;
      }
      try {
        if (isPruned) {
          records = [await this.#read("snapshot", snapshot)];
          base = snapshot;
        } else {
          records.push(...(await this.#readEntries(withoutGap(entries))));
        }
      } catch (error) {
        // Pruned between the listing and the reading.
        if (!isServiceError(error, "not_found")) {
          throw error;
        }
      }
    }
    throw new ServiceError("unavailable", "the manifest changes faster than it can be read");
  }

  /** The numbers of the entries after `sequence`, ascending, and of the newest snapshot. */
  async #listAfter(sequence: number): Promise<{ snapshot: number | undefined; entries: number[] }> {
    const entries: number[] = [];
    let snapshot: number | undefined;
    for await (const { key } of this.#objectStore.list(manifestPrefix, entryKey(sequence))) {
      const found = parseManifestKey(key);
      if (found?.kind === "entry") {
        entries.push(found.sequence);
      } else if (found?.kind === "snapshot") {
        snapshot = found.sequence;
      }
    }
    return { snapshot, entries };
  }

  async #readEntries(sequences: readonly number[]): Promise<ManifestRecord[]> {
    return mapInOrder(sequences, readsAtOnce, (sequence) => this.#read("entry", sequence));
  }

  async #read(kind: ManifestRecord["kind"], sequence: number): Promise<ManifestRecord> {
    const key = kind === "entry" ? entryKey(sequence) : snapshotKey(sequence);
    return decodeRecord(await this.#objectStore.get(key), key, kind, sequence);
  }
}

/** The same, for whoever also writes. */
export class ManifestLog extends ManifestReader {
  readonly #objectStore: ObjectStore;

  constructor(objectStore: ObjectStore) {
    super(objectStore);
    this.#objectStore = objectStore;
  }

  /** @throws {ServiceError} `already_exists` when the number is taken, perhaps by this very entry. */
  async putEntry(entry: ManifestRecord): Promise<void> {
    await this.#objectStore.put(entryKey(entry.sequence), [encodeRecord(entry)], { ifAbsent: true });
  }

  async putSnapshot(snapshot: ManifestRecord): Promise<void> {
    try {
      await this.#objectStore.put(snapshotKey(snapshot.sequence), [encodeRecord(snapshot)], { ifAbsent: true });
    } catch (error) {
      // Whoever wrote it had seen the same entries.
      if (!isServiceError(error, "already_exists")) {
        throw error;
      }
    }
  }

  /** Removes what is {@link superfluous}, and says what that was. */
  async prune(): Promise<readonly string[]> {
    const keys = await this.superfluous();
    for (const key of keys) {
      await this.#objectStore.remove(key);
    }
    return keys;
  }

  /**
   * What the last two snapshots make unnecessary: the entries up to the last but one, and older snapshots. One more than
   * is needed stays, for readers that are under way and for whoever has to repair a damaged one.
   */
  async superfluous(): Promise<readonly string[]> {
    const entries: string[] = [];
    const snapshots: string[] = [];
    for await (const { key } of this.#objectStore.list(manifestPrefix)) {
      const kind = parseManifestKey(key)?.kind;
      if (kind !== undefined) {
        (kind === "entry" ? entries : snapshots).push(key);
      }
    }
    const kept = parseManifestKey(snapshots.at(-2) ?? "");
    if (kept === undefined) {
      return [];
    }
    return [...entries.filter((entry) => entry <= entryKey(kept.sequence)), ...snapshots.slice(0, -2)];
  }
}

/** The numbers up to the first that is missing. */
function withoutGap(sequences: readonly number[]): readonly number[] {
  const end = sequences.findIndex((sequence, i) => sequence !== sequences[0]! + i);
  return end === -1 ? sequences : sequences.slice(0, end);
}
