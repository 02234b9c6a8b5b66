import { assert } from "./error.ts";
import { firstWhere } from "./first-where.ts";
import { noLabels, type Labels } from "./labels.ts";

/**
 * A run of entries of one stream, as columns: what crosses every border between packages on the write and the read
 * path. Line `i` is `bytes[lineStarts[i], lineEnds[i])`, UTF-8 as it came; its time is `baseNs + deltaNs[i]`.
 *
 * A batch is *joined* when `bytes` holds nothing but its lines in order, each followed by one `\n`; blocks and heads
 * give joined batches, so that a scan can search the whole of `bytes` at once. A decoded push gives batches that
 * point into the request's body.
 *
 * Immutable once it was handed over.
 */
export interface EntryBatch {
  readonly count: number;
  /** Nanoseconds since the epoch. */
  readonly baseNs: bigint;
  /** Nanoseconds after `baseNs`, may be negative; |delta| is below 2^53, about 104 days (builders split a batch). */
  readonly deltaNs: Float64Array;
  readonly bytes: Uint8Array;
  readonly lineStarts: Uint32Array;
  readonly lineEnds: Uint32Array;
  /** Absent when no entry has structured metadata. */
  readonly metadata?: MetadataColumn;
}

/** Structured metadata: entry `i` has the set `sets[index[i]]`. Equal sets are stored once; `sets[0]` is empty. */
export interface MetadataColumn {
  readonly sets: readonly Labels[];
  readonly index: Uint32Array;
}

/** The furthest that an entry may be from its batch's base: deltas must stay exact in a double. */
export const deltaNsMax = 2 ** 53 - 1;

export function timestampAt(batch: EntryBatch, index: number): bigint {
  return batch.baseNs + BigInt(batch.deltaNs[index]!);
}

/** The first entry of a batch, ascending by time, whose time is at or after `timeNs`; `count` when there is none. */
export function firstAtOrAfter(batch: EntryBatch, timeNs: bigint): number {
  const { deltaNs, baseNs, count } = batch;
  return firstWhere(0, count, (index) => baseNs + BigInt(deltaNs[index]!) >= timeNs);
}

/** The line's bytes, a view into the batch. */
export function lineAt(batch: EntryBatch, index: number): Uint8Array {
  return batch.bytes.subarray(batch.lineStarts[index], batch.lineEnds[index]);
}

/** Bytes of the lines alone, without whatever else `bytes` holds. */
export function lineBytesOf({ count, lineStarts, lineEnds }: EntryBatch): number {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += lineEnds[i]! - lineStarts[i]!;
  }
  return sum;
}

export function metadataAt(batch: EntryBatch, index: number): Labels {
  const { metadata } = batch;
  return metadata === undefined ? noLabels : metadata.sets[metadata.index[index]!]!;
}

// A byte order mark belongs to the line like every other character.
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** The line as text; invalid UTF-8 becomes U+FFFD. */
export function lineTextAt(batch: EntryBatch, index: number): string {
  return textDecoder.decode(lineAt(batch, index));
}

/** The line `bytes[start, end)` as text, in the same way. */
export function lineTextOf(bytes: Uint8Array, start: number, end: number): string {
  return textDecoder.decode(bytes.subarray(start, end));
}

/** One entry as plain values: for tests, receivers and everything else that is not a hot path. */
export interface Entry {
  readonly timestampNs: bigint;
  readonly line: string;
  readonly metadata?: Labels;
}

/**
 * Builds a joined batch from plain entries, in the order given.
 *
 * @throws {Error} when two entries are more than {@link deltaNsMax} apart.
 */
export function batchOf(entries: readonly Entry[]): EntryBatch {
  const encoder = new TextEncoder();
  const lines = entries.map((entry) => encoder.encode(entry.line));
  const bytes = new Uint8Array(lines.reduce((sum, line) => sum + line.length + 1, 0));
  const lineStarts = new Uint32Array(entries.length);
  const lineEnds = new Uint32Array(entries.length);
  const deltaNs = new Float64Array(entries.length);
  const baseNs = entries[0]?.timestampNs ?? 0n;
  const metadata = new MetadataBuilder();
  let offset = 0;
  for (const [i, entry] of entries.entries()) {
    const line = lines[i]!;
    bytes.set(line, offset);
    lineStarts[i] = offset;
    offset += line.length;
    lineEnds[i] = offset;
    bytes[offset] = 0x0a;
    offset += 1;
    const delta = entry.timestampNs - baseNs;
    assert(delta <= BigInt(deltaNsMax) && delta >= -BigInt(deltaNsMax), "entries of a batch lie within 104 days");
    deltaNs[i] = Number(delta);
    metadata.add(entry.metadata ?? noLabels);
  }
  return withMetadata({ count: entries.length, baseNs, deltaNs, bytes, lineStarts, lineEnds }, metadata.column());
}

/** The batch with its metadata column, left out when there is none. */
export function withMetadata(batch: Omit<EntryBatch, "metadata">, metadata: MetadataColumn | undefined): EntryBatch {
  return metadata === undefined ? batch : { ...batch, metadata };
}

/** The entries of a batch as plain values; the inverse of {@link batchOf}. */
export function entriesOf(batch: EntryBatch): Entry[] {
  return Array.from({ length: batch.count }, (_, i) => {
    const metadata = metadataAt(batch, i);
    const entry = { timestampNs: timestampAt(batch, i), line: lineTextAt(batch, i) };
    return metadata.length === 0 ? entry : { ...entry, metadata };
  });
}

const placesAtStart = 16;
/** Sets that are known by identity: who makes few, as one for each level, hands the same over again and again. */
const knownSetsMax = 64;

/** Collects the metadata column of a batch entry by entry; equal sets share one place. */
export class MetadataBuilder {
  readonly #sets: Labels[] = [noLabels];
  readonly #places = new Map<string, number>([["[]", 0]]);
  readonly #knownSets = new Map<Labels, number>();
  #index = new Uint32Array(placesAtStart);
  #count = 0;
  #textLength = 0;

  add(metadata: Labels): void {
    this.#reserve(1);
    this.#index[this.#count++] = this.#placeOf(metadata);
  }

  /** The same for all entries of a batch; each of the sets that they have is looked at once. */
  addAll({ count, metadata }: Pick<EntryBatch, "count" | "metadata">): void {
    this.#reserve(count);
    if (metadata === undefined) {
      // What was never written is 0.
      this.#count += count;
      return;
    }
    const { sets, index } = metadata;
    const places = new Int32Array(sets.length).fill(-1);
    for (let i = 0; i < count; i++) {
      const set = index[i]!;
      let place = places[set]!;
      if (place === -1) {
        place = this.#placeOf(sets[set]!);
        places[set] = place;
      }
      this.#index[this.#count++] = place;
    }
  }

  /** The set of an entry that was added. */
  setAt(index: number): Labels {
    return this.#sets[this.#index[index]!]!;
  }

  /** Bytes of memory that the column takes, about. */
  get sizeBytes(): number {
    return this.#textLength * 2 + this.#index.byteLength;
  }

  /** The column so far, or undefined when every entry was without metadata. What is added later does not change it. */
  column(): MetadataColumn | undefined {
    return this.#sets.length > 1 ? { sets: [...this.#sets], index: this.#index.subarray(0, this.#count) } : undefined;
  }

  #placeOf(metadata: Labels): number {
    if (metadata.length === 0) {
      return 0;
    }
    const known = this.#knownSets.get(metadata);
    if (known !== undefined) {
      return known;
    }
    const key = JSON.stringify(metadata.map(({ name, value }) => [name, value]));
    let place = this.#places.get(key);
    if (place === undefined) {
      place = this.#sets.length;
      this.#sets.push(metadata);
      this.#places.set(key, place);
      this.#textLength += key.length;
    }
    if (this.#knownSets.size < knownSetsMax) {
      this.#knownSets.set(metadata, place);
    }
    return place;
  }

  #reserve(count: number): void {
    const wanted = this.#count + count;
    if (wanted > this.#index.length) {
      const grown = new Uint32Array(Math.max(this.#index.length * 2, wanted));
      grown.set(this.#index.subarray(0, this.#count));
      this.#index = grown;
    }
  }
}
