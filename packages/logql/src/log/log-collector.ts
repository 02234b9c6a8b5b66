import { compareLabels, type Direction, type Labels, type ResultEntry } from "@sluice/model";
import type { Line } from "./line.ts";

/** A line that made it into the answer, with the labels of its stream. */
export interface FoundEntry {
  readonly streamLabels: Labels;
  readonly entry: ResultEntry;
}

/** A line that may make it into the answer. */
interface Candidate extends FoundEntry {
  /** The block and the line's place in it order lines of one instant. */
  readonly block: BlockPlace;
  readonly index: number;
}

/** What orders a block among others. */
export interface BlockPlace {
  readonly labels: Labels;
  /** Ascending by time among the blocks of one stream. */
  readonly ordinal: number;
}

export interface CollectorOptions {
  readonly limit: number;
  readonly direction: Direction;
  readonly intervalNs: bigint;
}

/**
 * Chooses the lines of a log query from blocks that come in time order, but overlap. It holds no more than about twice
 * the limit when there is no interval; with one, also what the blocks in work still leave undecided.
 */
export class LogCollector {
  readonly #options: CollectorOptions;
  readonly #sign: 1 | -1;
  readonly #chosen: FoundEntry[] = [];
  #candidates: Candidate[] = [];
  #lastNs: bigint | undefined;
  /** The block in work, and how many of its lines were taken. */
  #block: BlockPlace = { labels: [], ordinal: 0 };
  #blockCount = 0;

  constructor(options: CollectorOptions) {
    this.#options = options;
    this.#sign = options.direction === "forward" ? 1 : -1;
  }

  get isFull(): boolean {
    return this.#chosen.length >= this.#options.limit;
  }

  beginBlock(block: BlockPlace): void {
    this.#block = block;
    this.#blockCount = 0;
  }

  /** Takes a line of the block in work, which must come in the query's direction; false when it wants no more. */
  offer(timestampNs: bigint, index: number, line: Line): boolean {
    const { stream, metadata, parsed } = line.labels.categorised();
    this.#candidates.push({
      block: this.#block,
      index,
      streamLabels: stream,
      entry: { timestampNs, line: line.text, metadata, parsed },
    });
    this.#blockCount += 1;
    if (this.#options.intervalNs > 0n) {
      return true;
    }
    const wanted = this.#options.limit - this.#chosen.length;
    if (this.#candidates.length >= 2 * wanted + 1000) {
      this.#sort();
      this.#candidates.length = wanted;
    }
    return this.#blockCount < wanted;
  }

  /** Decides about the lines before `edgeNs` (in the query's direction): no block yet to come holds such a line. */
  settleBefore(edgeNs: bigint): void {
    if (this.#candidates.length < this.#options.limit - this.#chosen.length) {
      return;
    }
    this.#sort();
    const isBefore = ({ entry }: Candidate): boolean =>
      this.#sign === 1 ? entry.timestampNs < edgeNs : entry.timestampNs > edgeNs;
    const undecided = this.#candidates.findIndex((candidate) => !isBefore(candidate));
    const settled = undecided === -1 ? this.#candidates.length : undecided;
    this.#choose(this.#candidates.slice(0, settled));
    this.#candidates = this.#candidates.slice(settled);
  }

  /** The answer, in the query's direction. */
  finish(): readonly FoundEntry[] {
    this.#sort();
    this.#choose(this.#candidates);
    this.#candidates = [];
    return this.#chosen;
  }

  #choose(candidates: readonly Candidate[]): void {
    const { intervalNs } = this.#options;
    for (const candidate of candidates) {
      if (this.isFull) {
        return;
      }
      const { timestampNs } = candidate.entry;
      const distanceNs = this.#lastNs === undefined ? undefined : timestampNs - this.#lastNs;
      if (distanceNs === undefined || (distanceNs < 0n ? -distanceNs : distanceNs) >= intervalNs) {
        this.#chosen.push(candidate);
        this.#lastNs = timestampNs;
      }
    }
  }

  #sort(): void {
    this.#candidates.sort((a, b) => this.#sign * compareCandidates(a, b));
  }
}

function compareCandidates(a: Candidate, b: Candidate): number {
  const [left, right] = [a.entry.timestampNs, b.entry.timestampNs];
  if (left !== right) {
    return left < right ? -1 : 1;
  }
  if (a.block === b.block) {
    return a.index - b.index;
  }
  return compareLabels(a.block.labels, b.block.labels) || a.block.ordinal - b.block.ordinal;
}
