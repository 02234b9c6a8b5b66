import { lineAt, metadataAt, MetadataBuilder, withMetadata, type EntryBatch } from "@sluice/model";
import { dayStartNs } from "./day.ts";
import { sortBatch } from "./sort-batch.ts";

const entriesAtStart = 16;
const bytesAtStart = 1024;
/** Objects around the columns. */
const overheadBytes = 1024;

/**
 * The growing end of one stream within one UTC day: columns that start small and double. A snapshot is a view: what is
 * written stays where it is, and growing moves to new memory.
 */
export class DayColumns {
  readonly day: number;
  #bytes = new Uint8Array(bytesAtStart);
  #bytesUsed = 0;
  #deltaNs = new Float64Array(entriesAtStart);
  #lineStarts = new Uint32Array(entriesAtStart);
  #lineEnds = new Uint32Array(entriesAtStart);
  #count = 0;
  #metadata: MetadataBuilder | undefined;
  #minDeltaNs = Number.POSITIVE_INFINITY;
  #maxDeltaNs = Number.NEGATIVE_INFINITY;
  /** Whether no entry was earlier than one before it: then there is nothing to sort, and repeats were left out. */
  #isAscending = true;
  /** The entries of the latest time, while they come in order: a repeat among them is left out at once. */
  #latest = new Set<string>();
  /** Of all entries, as long as none was appended since. */
  #snapshot: EntryBatch | undefined;

  constructor(day: number) {
    this.day = day;
  }

  /** Copies one entry of a batch. `deltaNs` counts from the day's first nanosecond. */
  append(batch: EntryBatch, index: number, deltaNs: number): void {
    if (this.#isAscending && deltaNs === this.#maxDeltaNs && this.#repeatsLatest(batch, index)) {
      return;
    }
    const start = batch.lineStarts[index]!;
    const length = batch.lineEnds[index]! - start;
    this.#reserve(length + 1);
    const row = this.#count;
    this.#bytes.set(batch.bytes.subarray(start, start + length), this.#bytesUsed);
    this.#lineStarts[row] = this.#bytesUsed;
    this.#bytesUsed += length;
    this.#lineEnds[row] = this.#bytesUsed;
    this.#bytes[this.#bytesUsed++] = 0x0a;
    this.#deltaNs[row] = deltaNs;
    if (deltaNs > this.#maxDeltaNs) {
      this.#latest.clear();
    } else if (deltaNs < this.#maxDeltaNs) {
      this.#isAscending = false;
    }
    this.#minDeltaNs = Math.min(this.#minDeltaNs, deltaNs);
    this.#maxDeltaNs = Math.max(this.#maxDeltaNs, deltaNs);
    this.#appendMetadata(batch, index);
    this.#count += 1;
    this.#snapshot = undefined;
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the lines alone. */
  get rawBytes(): number {
    return this.#bytesUsed - this.#count;
  }

  /** Bytes of memory that the columns take, about. */
  get sizeBytes(): number {
    return overheadBytes + this.#bytes.length + this.#deltaNs.length * 16 + (this.#metadata?.sizeBytes ?? 0);
  }

  get minNs(): bigint {
    return dayStartNs(this.day) + BigInt(this.#minDeltaNs);
  }

  get maxNs(): bigint {
    return dayStartNs(this.day) + BigInt(this.#maxDeltaNs);
  }

  /** Whether {@link count} may count an entry twice. */
  get mayRepeat(): boolean {
    return !this.#isAscending;
  }

  /**
   * The first `count` entries: joined, ascending, each once. Later appends do not change it.
   *
   * @param count by default all.
   */
  snapshot(count = this.#count): EntryBatch {
    if (count !== this.#count) {
      return this.#ordered(count);
    }
    this.#snapshot ??= this.#ordered(count);
    return this.#snapshot;
  }

  #ordered(count: number): EntryBatch {
    return this.#isAscending ? this.#view(count) : sortBatch(this.#view(count));
  }

  #view(count: number): EntryBatch {
    const metadata = this.#metadata?.column();
    return withMetadata(
      {
        count,
        baseNs: dayStartNs(this.day),
        deltaNs: this.#deltaNs.subarray(0, count),
        bytes: this.#bytes.subarray(0, count === 0 ? 0 : this.#lineEnds[count - 1]! + 1),
        lineStarts: this.#lineStarts.subarray(0, count),
        lineEnds: this.#lineEnds.subarray(0, count),
      },
      metadata && { sets: metadata.sets, index: metadata.index.subarray(0, count) },
    );
  }

  /** Whether the entry, of the latest time, is there already; if not, it is remembered. */
  #repeatsLatest(batch: EntryBatch, index: number): boolean {
    if (this.#latest.size === 0) {
      // Most times come once: the entry that was the first of its time is put in when a second comes.
      this.#latest.add(entryKey(this.#view(this.#count), this.#count - 1));
    }
    const key = entryKey(batch, index);
    return this.#latest.has(key) || !this.#latest.add(key);
  }

  /** The column begins with the first entry that has metadata; those before it get the empty set. */
  #appendMetadata(batch: EntryBatch, index: number): void {
    const metadata = metadataAt(batch, index);
    if (this.#metadata === undefined) {
      if (metadata.length === 0) {
        return;
      }
      this.#metadata = new MetadataBuilder();
      for (let i = 0; i < this.#count; i++) {
        this.#metadata.add([]);
      }
    }
    this.#metadata.add(metadata);
  }

  #reserve(byteCount: number): void {
    if (this.#bytesUsed + byteCount > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#bytesUsed + byteCount));
      grown.set(this.#bytes.subarray(0, this.#bytesUsed));
      this.#bytes = grown;
    }
    if (this.#count === this.#deltaNs.length) {
      const capacity = this.#count * 2;
      this.#deltaNs = grow(this.#deltaNs, new Float64Array(capacity));
      this.#lineStarts = grow(this.#lineStarts, new Uint32Array(capacity));
      this.#lineEnds = grow(this.#lineEnds, new Uint32Array(capacity));
    }
  }
}

const keyDecoder = new TextDecoder("latin1");

/** Line and metadata as one text; latin1 keeps different bytes different. */
function entryKey(batch: EntryBatch, index: number): string {
  const metadata = metadataAt(batch, index).map(({ name, value }) => [name, value]);
  return `${JSON.stringify(metadata)} ${keyDecoder.decode(lineAt(batch, index))}`;
}

function grow<Column extends Float64Array | Uint32Array>(column: Column, into: Column): Column {
  into.set(column);
  return into;
}
