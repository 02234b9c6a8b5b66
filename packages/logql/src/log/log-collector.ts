import { compareLabels, instantOf, ServiceError, type Direction, type Instant, type Labels } from "@sluice/model";
import { CollectedLines, type LineSet } from "./collected-lines.ts";

/** What orders a block among others. */
export interface BlockPlace {
  readonly labels: Labels;
  /** Ascending by time among the blocks of one stream. */
  readonly ordinal: number;
}

export interface CollectorOptions {
  readonly limit: number;
  readonly direction: Direction;
  /** Of lines nearer than this to the one before only the first counts; 0 keeps all. */
  readonly intervalNs: bigint;
}

/** Lines of one block, in the query's direction, of which those before `next` were chosen. */
interface Run {
  readonly block: BlockPlace;
  next: number;
  end: number;
}

/** Lines that are more than wanted and wait for a decision, before they are let go of. */
const spareRows = 1000;
/** Bytes of lines that are held at most. */
const lineBytesMax = 1024 * 1024 * 1024;

/**
 * Chooses the lines of a log query from blocks that come in time order, but overlap: it merges what the blocks gave, and
 * decides as far as no block to come can matter. It holds no more than about twice the limit when there is no interval;
 * with one, also what the blocks in work still leave undecided.
 */
export class LogCollector {
  readonly #options: CollectorOptions;
  readonly #sign: 1 | -1;
  #lines = new CollectedLines();
  /** Rows of the answer, in its order. */
  #chosen: number[] = [];
  /** A heap by the next line of each run. */
  #runs: Run[] = [];
  #waiting = 0;
  #last: Instant | undefined;
  /** No line behind this one is wanted any more. */
  #worst: Instant | undefined;
  #block: Run | undefined;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#sign = options.direction === "forward" ? 1 : -1;
  }

  get isFull(): boolean {
    return this.#chosen.length >= this.#options.limit;
  }

  get #wanted(): number {
    return this.#options.limit - this.#chosen.length;
  }

  beginBlock(block: BlockPlace): void {
    this.#block = { block, next: this.#lines.count, end: this.#lines.count };
  }

  /** Takes a line of the block in work, which must come in the query's direction; false when it wants no more of the block. */
  offer(seconds: number, nanos: number, bytes: Uint8Array, start: number, end: number, set: LineSet): boolean {
    const worst = this.#worst;
    if (worst !== undefined && this.#sign * (seconds - worst.seconds || nanos - worst.nanos) > 0) {
      return false;
    }
    this.#lines.add(seconds, nanos, bytes, start, end, set);
    const block = this.#block!;
    block.end += 1;
    return this.#options.intervalNs > 0n || block.end - block.next < this.#wanted;
  }

  /** @throws {ServiceError} `bad_data` when all that may still be wanted does not fit into memory. */
  endBlock(): void {
    const run = this.#block!;
    if (run.next < run.end) {
      this.#waiting += run.end - run.next;
      this.#runs.push(run);
      this.#siftUp(this.#runs, this.#runs.length - 1);
    }
    if (this.#options.intervalNs === 0n && this.#waiting > 2 * this.#wanted + spareRows) {
      this.#trim();
    } else if (this.#lines.count > 2 * (this.#chosen.length + this.#waiting) + spareRows) {
      // The others were too near to the line before.
      this.#compact(this.#runs);
    }
    if (this.#lines.sizeBytes > lineBytesMax) {
      throw new ServiceError(
        "bad_data",
        `the query needs more than ${lineBytesMax / 1024 / 1024} MB of memory for its lines; ` +
          "consider a smaller limit, a narrower selector or a shorter time range",
      );
    }
  }

  /** Decides about the lines before `edgeNs` (in the query's direction): no block yet to come holds such a line. */
  settleBefore(edgeNs: bigint): void {
    if (this.#waiting >= this.#wanted) {
      this.#choose(instantOf(edgeNs));
    }
  }

  /** The answer: rows of the lines, in the query's direction. */
  finish(): { readonly lines: CollectedLines; readonly rows: readonly number[] } {
    this.#choose(undefined);
    return { lines: this.#lines, rows: this.#chosen };
  }

  #choose(edge: Instant | undefined): void {
    const intervalNs = Number(this.#options.intervalNs);
    const { seconds, nanos } = this.#lines;
    while (this.#runs.length > 0 && !this.isFull) {
      const row = this.#runs[0]!.next;
      const isBefore =
        edge === undefined || this.#sign * (seconds[row]! - edge.seconds || nanos[row]! - edge.nanos) < 0;
      if (!isBefore) {
        return;
      }
      const last = this.#last;
      const distanceNs =
        last === undefined
          ? Number.POSITIVE_INFINITY
          : Math.abs((seconds[row]! - last.seconds) * 1e9 + nanos[row]! - last.nanos);
      if (distanceNs >= intervalNs) {
        this.#chosen.push(row);
        this.#last = { seconds: seconds[row]!, nanos: nanos[row]! };
      }
      this.#waiting -= 1;
      this.#takeNext(this.#runs);
    }
  }

  /** Lets go of all lines that are behind the last one that may still be wanted. */
  #trim(): void {
    const ahead = this.#runs.map((run) => ({ ...run }));
    const byBlock = new Map(ahead.map((run, i) => [run.block, this.#runs[i]!]));
    let row = 0;
    for (let left = this.#wanted; left > 0; left--) {
      row = ahead[0]!.next;
      byBlock.get(ahead[0]!.block)!.end = row + 1;
      this.#takeNext(ahead);
    }
    // What nothing was taken of ends where it begins.
    const untouched = new Set(
      ahead.filter((run) => run.next === byBlock.get(run.block)!.next).map(({ block }) => block),
    );
    const kept = this.#runs.filter(({ block }) => !untouched.has(block));
    this.#worst = { seconds: this.#lines.seconds[row]!, nanos: this.#lines.nanos[row]! };
    this.#compact(kept);
  }

  #compact(runs: Run[]): void {
    const lines = new CollectedLines();
    const move = (row: number): number => {
      lines.addFrom(this.#lines, row);
      return lines.count - 1;
    };
    this.#chosen = this.#chosen.map(move);
    this.#waiting = 0;
    this.#runs = [];
    for (const { block, next, end } of runs) {
      const start = lines.count;
      for (let row = next; row < end; row++) {
        move(row);
      }
      this.#runs.push({ block, next: start, end: lines.count });
      this.#waiting += end - next;
    }
    this.#lines = lines;
    for (let i = this.#runs.length >> 1; i >= 0; i--) {
      this.#siftDown(this.#runs, i);
    }
  }

  /** Moves the first run of a heap on to its next line. */
  #takeNext(runs: Run[]): void {
    const first = runs[0]!;
    first.next += 1;
    if (first.next === first.end) {
      const last = runs.pop()!;
      if (runs.length === 0) {
        return;
      }
      runs[0] = last;
    }
    this.#siftDown(runs, 0);
  }

  #siftUp(runs: Run[], from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(runs[at]!, runs[parent]!)) {
        return;
      }
      [runs[at], runs[parent]] = [runs[parent]!, runs[at]!];
      at = parent;
    }
  }

  #siftDown(runs: Run[], from: number): void {
    let at = from;
    for (;;) {
      let first = 2 * at + 1;
      if (first >= runs.length) {
        return;
      }
      if (first + 1 < runs.length && this.#isBefore(runs[first + 1]!, runs[first]!)) {
        first += 1;
      }
      if (!this.#isBefore(runs[first]!, runs[at]!)) {
        return;
      }
      [runs[at], runs[first]] = [runs[first]!, runs[at]!];
      at = first;
    }
  }

  /** Lines of one instant are ordered by their stream's labels, then by arrival. */
  #isBefore(a: Run, b: Run): boolean {
    const { seconds, nanos } = this.#lines;
    const byTime = seconds[a.next]! - seconds[b.next]! || nanos[a.next]! - nanos[b.next]!;
    const order = byTime || compareLabels(a.block.labels, b.block.labels) || a.block.ordinal - b.block.ordinal;
    return this.#sign * order < 0;
  }
}
