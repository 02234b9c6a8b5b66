import type { CategorisedLabels } from "./line-labels.ts";

/** The label sets of lines with equal ones, as one object. */
export type LineSet = CategorisedLabels;

const rowsAtFirst = 256;
const bytesAtFirst = 64 * 1024;

/**
 * Lines that may come into an answer, as columns that grow: their bytes are copied, since the block that they come from
 * does not last.
 */
export class CollectedLines {
  count = 0;
  /** Whole seconds since the epoch, and the nanoseconds after them. */
  seconds = new Float64Array(rowsAtFirst);
  nanos = new Uint32Array(rowsAtFirst);
  starts = new Uint32Array(rowsAtFirst);
  ends = new Uint32Array(rowsAtFirst);
  readonly sets: LineSet[] = [];
  bytes = new Uint8Array(bytesAtFirst);
  #bytesUsed = 0;

  /** Bytes of the lines. */
  get sizeBytes(): number {
    return this.#bytesUsed;
  }

  add(seconds: number, nanos: number, bytes: Uint8Array, start: number, end: number, set: LineSet): void {
    const row = this.count;
    if (row === this.seconds.length) {
      this.#growRows();
    }
    const at = this.#bytesUsed;
    const length = end - start;
    if (at + length > this.bytes.length) {
      this.bytes = grown(this.bytes, at + length);
    }
    this.bytes.set(bytes.subarray(start, end), at);
    this.#bytesUsed = at + length;
    this.seconds[row] = seconds;
    this.nanos[row] = nanos;
    this.starts[row] = at;
    this.ends[row] = at + length;
    this.sets.push(set);
    this.count = row + 1;
  }

  /** A line that others collected. */
  addFrom(other: CollectedLines, row: number): void {
    const { seconds, nanos, bytes, starts, ends, sets } = other;
    this.add(seconds[row]!, nanos[row]!, bytes, starts[row]!, ends[row]!, sets[row]!);
  }

  #growRows(): void {
    const rows = this.seconds.length * 2;
    this.seconds = resized(new Float64Array(rows), this.seconds);
    this.nanos = resized(new Uint32Array(rows), this.nanos);
    this.starts = resized(new Uint32Array(rows), this.starts);
    this.ends = resized(new Uint32Array(rows), this.ends);
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  return resized(new Uint8Array(Math.max(least, bytes.length * 2)), bytes);
}

function resized<Column extends { set(other: Column): void }>(larger: Column, smaller: Column): Column {
  larger.set(smaller);
  return larger;
}
