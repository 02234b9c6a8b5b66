import { printLabels, type Labels } from "@sluice/model";
import type { BlockFacts } from "@sluice/store";

/** A range of time; the end does not belong to it. */
interface Range {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

export interface IndexStatsSummary {
  readonly streams: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly entries: number;
}

/** Counts blocks, streams, lines and bytes of a range. A block that reaches out of it counts with the part that is in it. */
export class IndexStats {
  readonly #range: Range;
  readonly #labels = new Set<Labels>();
  /** Equal label sets may be several objects. */
  readonly #streams = new Set<string>();
  #chunks = 0;
  #bytes = 0;
  #entries = 0;

  constructor(range: Range) {
    this.#range = range;
  }

  add(block: BlockFacts): void {
    const share = shareOf(block, this.#range);
    if (!this.#labels.has(block.labels)) {
      this.#labels.add(block.labels);
      this.#streams.add(printLabels(block.labels));
    }
    this.#chunks += 1;
    this.#bytes += block.rawBytes * share;
    this.#entries += block.count * share;
  }

  get summary(): IndexStatsSummary {
    return {
      streams: this.#streams.size,
      chunks: this.#chunks,
      bytes: Math.round(this.#bytes),
      entries: Math.round(this.#entries),
    };
  }
}

/** How much of a block's time is in the range, from 0 to 1: its lines are taken to be spread evenly. */
function shareOf({ minNs, maxNs }: BlockFacts, { startNs, endNs }: Range): number {
  if (minNs >= startNs && maxNs < endNs) {
    return 1;
  }
  const fromNs = minNs > startNs ? minNs : startNs;
  const toNs = maxNs < endNs ? maxNs : endNs;
  return toNs > fromNs ? Number(toNs - fromNs) / Number(maxNs - minNs) : 0;
}
