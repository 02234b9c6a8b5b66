import { MetadataBuilder, noLabels, withMetadata, type EntryBatch, type Labels } from "@sluice/model";

const entriesMin = 16;
const bytesMin = 1024;
/** A run is closed at about this size: memory doubles up to there, and seldom grows beyond. */
const bytesSoon = 256 * 1024;

/**
 * Entries of one stream in the order in which they came: columns that start small and double. A view stays as it is
 * while the run grows: what is written stays where it is, and growing moves to new memory.
 */
export class Run {
  readonly #baseNs: bigint;
  #bytes: Uint8Array;
  #bytesUsed = 0;
  #deltaNs: Float64Array;
  #lineStarts: Uint32Array;
  #lineEnds: Uint32Array;
  #count = 0;
  #metadata: MetadataBuilder | undefined;

  /** @param like a run of the same stream that is full: this one will most likely become as large. */
  constructor(baseNs: bigint, like?: Run) {
    this.#baseNs = baseNs;
    const entries = Math.max(entriesMin, like?.count ?? 0);
    this.#bytes = allocate(Math.max(bytesMin, like?.bytesUsed ?? 0));
    this.#deltaNs = new Float64Array(entries);
    this.#lineStarts = new Uint32Array(entries);
    this.#lineEnds = new Uint32Array(entries);
  }

  get count(): number {
    return this.#count;
  }

  /** Bytes of the lines and of the newlines behind them. */
  get bytesUsed(): number {
    return this.#bytesUsed;
  }

  /** Bytes of memory that it takes, about. */
  get sizeBytes(): number {
    return this.#bytes.length + this.#deltaNs.length * 16 + (this.#metadata?.sizeBytes ?? 0);
  }

  /** Time of an entry, after the base. */
  deltaNsAt(row: number): number {
    return this.#deltaNs[row]!;
  }

  lineAt(row: number): Uint8Array {
    return this.#bytes.subarray(this.#lineStarts[row], this.#lineEnds[row]);
  }

  metadataAt(row: number): Labels {
    return this.#metadata?.setAt(row) ?? noLabels;
  }

  /** The first of the rows of a joined batch, from `from` on, that would make the run larger than `bytesMax`. */
  rowsThatFit(batch: EntryBatch, from: number, bytesMax: number): number {
    const room = bytesMax - this.#bytesUsed + batch.lineStarts[from]!;
    let low = from;
    let high = batch.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (batch.lineEnds[middle]! < room) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /**
   * Copies the rows `[from, to)` of a joined batch.
   *
   * @param shiftNs what their deltas need to count from the run's base.
   */
  append(batch: EntryBatch, from: number, to: number, shiftNs: number): void {
    const start = batch.lineStarts[from]!;
    const length = batch.lineEnds[to - 1]! + 1 - start;
    this.#reserve(to - from, length);
    this.#bytes.set(batch.bytes.subarray(start, start + length), this.#bytesUsed);
    const move = this.#bytesUsed - start;
    let row = this.#count;
    for (let i = from; i < to; i++) {
      this.#deltaNs[row] = batch.deltaNs[i]! + shiftNs;
      this.#lineStarts[row] = batch.lineStarts[i]! + move;
      this.#lineEnds[row] = batch.lineEnds[i]! + move;
      row += 1;
    }
    this.#appendMetadata(batch, from, to);
    this.#bytesUsed += length;
    this.#count = row;
  }

  /** The first `count` entries, joined. */
  view(count = this.#count): EntryBatch {
    const metadata = this.#metadata?.column();
    return withMetadata(
      {
        count,
        baseNs: this.#baseNs,
        deltaNs: this.#deltaNs.subarray(0, count),
        bytes: this.#bytes.subarray(0, count === 0 ? 0 : this.#lineEnds[count - 1]! + 1),
        lineStarts: this.#lineStarts.subarray(0, count),
        lineEnds: this.#lineEnds.subarray(0, count),
      },
      metadata && { sets: metadata.sets, index: metadata.index.subarray(0, count) },
    );
  }

  /** The column begins with the first entry that has metadata; those before it get the empty set. */
  #appendMetadata(batch: EntryBatch, from: number, to: number): void {
    if (this.#metadata === undefined) {
      if (batch.metadata === undefined) {
        return;
      }
      this.#metadata = new MetadataBuilder();
      this.#metadata.addAll({ count: this.#count });
    }
    const { metadata } = batch;
    this.#metadata.addAll({
      count: to - from,
      ...(metadata && { metadata: { sets: metadata.sets, index: metadata.index.subarray(from, to) } }),
    });
  }

  #reserve(entries: number, bytes: number): void {
    const bytesWanted = this.#bytesUsed + bytes;
    if (bytesWanted > this.#bytes.length) {
      const { length } = this.#bytes;
      const next = length < bytesSoon ? Math.min(length * 2, bytesSoon) : length * 2;
      const grown = allocate(Math.max(next, bytesWanted));
      grown.set(this.#bytes.subarray(0, this.#bytesUsed));
      this.#bytes = grown;
    }
    const wanted = this.#count + entries;
    if (wanted > this.#deltaNs.length) {
      const capacity = Math.max(this.#deltaNs.length * 2, wanted);
      this.#deltaNs = grow(this.#deltaNs, new Float64Array(capacity));
      this.#lineStarts = grow(this.#lineStarts, new Uint32Array(capacity));
      this.#lineEnds = grow(this.#lineEnds, new Uint32Array(capacity));
    }
  }
}

/** Memory that is not cleared first: all of it that is ever seen is written before. */
function allocate(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}

function grow<Column extends Float64Array | Uint32Array>(column: Column, into: Column): Column {
  into.set(column);
  return into;
}
