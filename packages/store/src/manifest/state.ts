import type { Segment } from "../segment.ts";
import type { ManifestRecord } from "./format.ts";

/** Which segments exist, and how far each WAL is covered, after the manifest's first `sequence` entries. */
export class ManifestState {
  #sequence = 0;
  readonly #walCovered = new Map<string, number>();
  /** By tenant, then key, in order of arrival. */
  readonly #segments = new Map<string, Map<string, Segment>>();
  readonly #tenantOfKey = new Map<string, string>();

  static of(records: Iterable<ManifestRecord>): ManifestState {
    const state = new ManifestState();
    for (const record of records) {
      state.apply(record);
    }
    return state;
  }

  get sequence(): number {
    return this.#sequence;
  }

  get segmentCount(): number {
    return this.#tenantOfKey.size;
  }

  walCovered(wal: string): number {
    return this.#walCovered.get(wal) ?? 0;
  }

  has(key: string): boolean {
    return this.#tenantOfKey.has(key);
  }

  /** The tenant's segments with entries in `[startNs, endNs)`, in order of arrival. */
  segmentsOf(tenant: string, startNs: bigint, endNs: bigint): Segment[] {
    const segments: Segment[] = [];
    for (const segment of this.#segments.get(tenant)?.values() ?? []) {
      if (segment.minNs < endNs && segment.maxNs >= startNs) {
        segments.push(segment);
      }
    }
    return segments;
  }

  apply(record: ManifestRecord): void {
    for (const [wal, position] of record.walCovered) {
      this.#walCovered.set(wal, Math.max(position, this.walCovered(wal)));
    }
    for (const key of record.removed) {
      this.#remove(key);
    }
    for (const segment of record.added) {
      this.#add(segment);
    }
    this.#sequence = record.sequence;
  }

  snapshot(): ManifestRecord {
    const added = [...this.#segments.values()].flatMap((segments) => [...segments.values()]);
    return { kind: "snapshot", sequence: this.#sequence, walCovered: new Map(this.#walCovered), removed: [], added };
  }

  #add(segment: Segment): void {
    let segments = this.#segments.get(segment.tenant);
    if (segments === undefined) {
      segments = new Map();
      this.#segments.set(segment.tenant, segments);
    }
    segments.set(segment.key, segment);
    this.#tenantOfKey.set(segment.key, segment.tenant);
  }

  #remove(key: string): void {
    const tenant = this.#tenantOfKey.get(key);
    if (tenant === undefined) {
      return;
    }
    this.#tenantOfKey.delete(key);
    const segments = this.#segments.get(tenant)!;
    segments.delete(key);
    if (segments.size === 0) {
      this.#segments.delete(tenant);
    }
  }
}
