import { lineAt, metadataAt, type EntryBatch, type Labels } from "@sluice/model";
import { dayStartNs } from "./day.ts";
import { Run } from "./run.ts";
import { mergeBatches, splitBatch } from "./sort-batch.ts";

/** Bytes of lines that a block holds, about; the last line may go over. */
export const blockRawBytesMax = 256 * 1024;

/** How many times that a run may grow so that entries of one time stay together. */
const stretchMax = 4;
/** Objects around the columns. */
const overheadBytes = 1024;
/** Of a text in a set, beside its characters. */
const setEntryBytes = 64;

/** A run of entries that can be loaded: what a head shows of one stream and day. */
export interface HeadBlock {
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly count: number;
  /** Bytes of the lines alone. */
  readonly rawBytes: number;
  /** Whether `count` may count an entry twice. */
  readonly mayRepeat: boolean;
  /** Joined, ascending, each entry once. */
  readonly load: () => EntryBatch;
  /** What {@link load} gives as it lies in memory, for who merges it elsewhere: of a block that may repeat all runs. */
  readonly parts: () => readonly EntryBatch[];
}

/**
 * The growing end of one stream within one UTC day: runs that are as large as a block, and an open one. As long as the
 * entries come in order, each run is a block as it is; once they do not, all of them are one block that is sorted when
 * it is loaded.
 */
export class DayColumns {
  readonly day: number;
  readonly #full: Run[] = [];
  #open: Run;
  #count = 0;
  #rawBytes = 0;
  #fullBytes = 0;
  #minDeltaNs = Number.POSITIVE_INFINITY;
  #maxDeltaNs = Number.NEGATIVE_INFINITY;
  /** Whether no entry was earlier than one before it: then there is nothing to sort, and repeats were left out. */
  #isAscending = true;
  /** The entries of the latest time, while they come in order: a repeat among them is left out at once. */
  readonly #latest = new Set<string>();
  /** Characters in them. */
  #latestLength = 0;
  /** All entries, sorted, as long as none was appended since. */
  #sorted: EntryBatch | undefined;

  constructor(day: number) {
    this.day = day;
    this.#open = new Run(dayStartNs(day));
  }

  /**
   * Copies the rows `[from, to)` of a joined batch.
   *
   * @param shiftNs what their deltas need to count from the day's first nanosecond.
   */
  append(batch: EntryBatch, from: number, to: number, shiftNs: number): void {
    let row = from;
    while (row < to) {
      const ascendingTo = this.#isAscending ? this.#ascendingTo(batch, row, to, shiftNs) : to;
      if (ascendingTo > row) {
        this.#appendRows(batch, row, ascendingTo, shiftNs, blockRawBytesMax);
        this.#forgetLatest();
        row = ascendingTo;
      } else {
        this.#appendUnordered(batch, row, shiftNs);
        row += 1;
      }
    }
  }

  /** How many entries there are; a repeat may be counted twice when they came out of order. */
  get count(): number {
    return this.#count;
  }

  /** Bytes of memory that the columns take, about. */
  get sizeBytes(): number {
    const latestBytes = this.#latestLength + this.#latest.size * setEntryBytes;
    return overheadBytes + this.#fullBytes + this.#open.sizeBytes + latestBytes;
  }

  get minNs(): bigint {
    return this.#timeOf(this.#minDeltaNs);
  }

  get maxNs(): bigint {
    return this.#timeOf(this.#maxDeltaNs);
  }

  /** What there is now; later appends change none of it. Blocks do not overlap, but may meet in one instant. */
  blocks(): HeadBlock[] {
    const open = this.#open;
    const { count } = open;
    const runs = [...this.#full.map((run) => () => run.view()), () => open.view(count)];
    if (this.#isAscending) {
      return runs.flatMap((load, i) => this.#blockOf(this.#full[i] ?? open, load));
    }
    const whole = this.#count;
    const views = (): EntryBatch[] => runs.map((load) => load());
    return [
      {
        minNs: this.minNs,
        maxNs: this.maxNs,
        count: whole,
        rawBytes: this.#rawBytes,
        mayRepeat: true,
        load: () => (whole === this.#count ? this.#sort() : mergeBatches(views())),
        parts: views,
      },
    ];
  }

  /** Everything, in block-sized batches that ascend by time, each entry once. */
  *batches(): Generator<EntryBatch> {
    if (!this.#isAscending) {
      yield* splitBatch(this.#sort(), blockRawBytesMax);
      return;
    }
    for (const run of [...this.#full, this.#open]) {
      if (run.count > 0) {
        yield run.view();
      }
    }
  }

  /** The end of the rows from `from` on of which each is later than all before it. */
  #ascendingTo({ deltaNs }: EntryBatch, from: number, to: number, shiftNs: number): number {
    let latest = this.#maxDeltaNs;
    let row = from;
    for (; row < to && deltaNs[row]! + shiftNs > latest; row++) {
      latest = deltaNs[row]! + shiftNs;
    }
    return row;
  }

  /** An entry of the latest time, or an earlier one. */
  #appendUnordered(batch: EntryBatch, row: number, shiftNs: number): void {
    const isEarlier = batch.deltaNs[row]! + shiftNs < this.#maxDeltaNs;
    if (isEarlier) {
      this.#isAscending = false;
      this.#forgetLatest();
    } else if (this.#repeatsLatest(batch, row)) {
      return;
    }
    this.#appendRows(batch, row, row + 1, shiftNs, blockRawBytesMax * stretchMax);
  }

  #appendRows(batch: EntryBatch, from: number, to: number, shiftNs: number, bytesMax: number): void {
    for (let row = from; row < to;) {
      let end = Math.min(this.#open.rowsThatFit(batch, row, bytesMax), to);
      if (end === row && this.#open.count > 0) {
        this.#closeRun();
        continue;
      }
      end = Math.max(end, row + 1);
      this.#open.append(batch, row, end, shiftNs);
      row = end;
    }
    for (let row = from; row < to; row++) {
      const deltaNs = batch.deltaNs[row]! + shiftNs;
      this.#minDeltaNs = Math.min(this.#minDeltaNs, deltaNs);
      this.#maxDeltaNs = Math.max(this.#maxDeltaNs, deltaNs);
    }
    this.#count += to - from;
    this.#rawBytes += batch.lineEnds[to - 1]! - batch.lineStarts[from]! - (to - from - 1);
    this.#sorted = undefined;
  }

  #closeRun(): void {
    const full = this.#open;
    this.#full.push(full);
    this.#fullBytes += full.sizeBytes;
    this.#open = new Run(dayStartNs(this.day), full);
  }

  #blockOf(run: Run, load: () => EntryBatch): HeadBlock[] {
    const { count, bytesUsed } = run;
    if (count === 0) {
      return [];
    }
    const minNs = this.#timeOf(run.deltaNsAt(0));
    const maxNs = this.#timeOf(run.deltaNsAt(count - 1));
    return [{ minNs, maxNs, count, rawBytes: bytesUsed - count, mayRepeat: false, load, parts: () => [load()] }];
  }

  #sort(): EntryBatch {
    this.#sorted ??= mergeBatches([...this.#full, this.#open].map((run) => run.view()));
    return this.#sorted;
  }

  /** Whether the entry, of the latest time, is there already; if not, it is remembered. */
  #repeatsLatest(batch: EntryBatch, row: number): boolean {
    if (this.#latest.size === 0) {
      // Most times come once: the entry that was the first of its time is put in when a second comes.
      const last = this.#open.count - 1;
      this.#rememberLatest(entryKey(this.#open.lineAt(last), this.#open.metadataAt(last)));
    }
    const key = entryKey(lineAt(batch, row), metadataAt(batch, row));
    if (this.#latest.has(key)) {
      return true;
    }
    this.#rememberLatest(key);
    return false;
  }

  #rememberLatest(key: string): void {
    this.#latest.add(key);
    this.#latestLength += key.length;
  }

  #forgetLatest(): void {
    this.#latest.clear();
    this.#latestLength = 0;
  }

  #timeOf(deltaNs: number): bigint {
    return dayStartNs(this.day) + BigInt(deltaNs);
  }
}

const keyDecoder = new TextDecoder("latin1");

/** Line and metadata as one text; latin1 keeps different bytes different. */
function entryKey(line: Uint8Array, metadata: Labels): string {
  return `${JSON.stringify(metadata.map(({ name, value }) => [name, value]))} ${keyDecoder.decode(line)}`;
}
