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

  get tenants(): readonly string[] {
    return [...this.#segments.keys()];
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
    const behind = this.#replace(new Set(record.removed), record.added);
    for (const segment of behind) {
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

  /**
   * Takes segments out, and puts what was made of them in the place of the first one of its tenant and day, so that
   * the order of arrival stays.
   *
   * @returns the segments that replace none.
   */
  #replace(removed: ReadonlySet<string>, added: readonly Segment[]): readonly Segment[] {
    const tenants = new Set([...removed].map((key) => this.#tenantOfKey.get(key)));
    const waiting = Map.groupBy(added, placeOf);
    for (const tenant of tenants) {
      const segments = tenant === undefined ? undefined : this.#segments.get(tenant);
      if (tenant === undefined || segments === undefined) {
        continue;
      }
      const left = new Map<string, Segment>();
      for (const segment of segments.values()) {
        if (!removed.has(segment.key)) {
          left.set(segment.key, segment);
          continue;
        }
        this.#tenantOfKey.delete(segment.key);
        for (const replacement of waiting.get(placeOf(segment)) ?? []) {
          left.set(replacement.key, replacement);
          this.#tenantOfKey.set(replacement.key, tenant);
        }
        waiting.delete(placeOf(segment));
      }
      if (left.size > 0) {
        this.#segments.set(tenant, left);
      } else {
        this.#segments.delete(tenant);
      }
    }
    return added.filter((segment) => waiting.has(placeOf(segment)));
  }
}

function placeOf({ tenant, day }: Segment): string {
  return `${day} ${tenant}`;
}
