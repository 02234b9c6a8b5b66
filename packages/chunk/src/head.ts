import {
  compareLabels,
  compileMatchers,
  printLabels,
  timestampAt,
  type BlockRef,
  type EntryBatch,
  type Labels,
  type Matcher,
} from "@sluice/model";
import { dayNs, dayOf, dayStartNs } from "./day.ts";
import { DayColumns } from "./day-columns.ts";

/** A run of one stream's entries that is to become a block: joined, ascending, each entry once, within a UTC day. */
export interface StreamBatch {
  readonly labels: Labels;
  readonly batch: EntryBatch;
}

/** A block of what is in memory. */
export interface HeadBlockRef extends BlockRef {
  /**
   * The same entries as {@link BlockRef.load} gives, as they lie in memory: views that stay as they are. One batch, or for a
   * block that may repeat entries any number, which are to be merged.
   */
  parts(): readonly EntryBatch[];
}

interface StreamHead {
  readonly labels: Labels;
  readonly days: Map<number, DayColumns>;
}

/** The open streams of one tenant: every line that no segment holds yet. It can always be made again from the log. */
export class Head {
  readonly #streams = new Map<string, StreamHead>();
  #entryCount = 0;
  #sizeBytes = 0;

  /**
   * Copies the entries in; any times, in any order.
   *
   * @param batch joined.
   */
  append(labels: Labels, batch: EntryBatch): void {
    const text = printLabels(labels);
    let stream = this.#streams.get(text);
    if (stream === undefined) {
      stream = { labels, days: new Map() };
      this.#streams.set(text, stream);
      // The text, and the labels that it was printed from.
      this.#sizeBytes += text.length * 2;
    }
    for (let from = 0; from < batch.count;) {
      const day = dayOf(timestampAt(batch, from));
      // Within a day of the base a double is exact, and a batch nearly always lies within one.
      const shiftNs = Number(batch.baseNs - dayStartNs(day));
      const to = endOfDay(batch, from, shiftNs);
      const columns = this.#columnsOf(stream, day);
      const { sizeBytes, count } = columns;
      columns.append(batch, from, to, shiftNs);
      this.#sizeBytes += columns.sizeBytes - sizeBytes;
      this.#entryCount += columns.count - count;
      from = to;
    }
  }

  /** Bytes of memory that the streams take, about. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get entryCount(): number {
    return this.#entryCount;
  }

  get streamCount(): number {
    return this.#streams.size;
  }

  /** Blocks of the matching streams in `[startNs, endNs)`, each within a day. What is appended later is not in them. */
  select(matchers: readonly Matcher[], startNs: bigint, endNs: bigint): HeadBlockRef[] {
    const matches = compileMatchers(matchers);
    const blocks: HeadBlockRef[] = [];
    for (const { labels, days } of this.#streams.values()) {
      if (!matches(labels)) {
        continue;
      }
      for (const columns of days.values()) {
        for (const { load, ...block } of columns.blocks()) {
          if (block.minNs < endNs && block.maxNs >= startNs) {
            blocks.push({ ...block, labels, load: async () => load() });
          }
        }
      }
    }
    return blocks;
  }

  /** Label sets of the streams that match any selector (or all, for none) and have entries in `[startNs, endNs)`. */
  series(selectors: readonly (readonly Matcher[])[], startNs: bigint, endNs: bigint): Labels[] {
    const tests = selectors.map((matchers) => compileMatchers(matchers));
    return [...this.#streams.values()]
      .filter(({ labels }) => tests.length === 0 || tests.some((matches) => matches(labels)))
      .filter(({ days }) => days.values().some((columns) => columns.minNs < endNs && columns.maxNs >= startNs))
      .map(({ labels }) => labels);
  }

  /** Everything, in block-sized batches: by stream, then time. */
  *streams(): Generator<StreamBatch> {
    for (const { labels, days } of [...this.#streams.values()].sort((a, b) => compareLabels(a.labels, b.labels))) {
      for (const columns of [...days.values()].sort((a, b) => a.day - b.day)) {
        for (const batch of columns.batches()) {
          yield { labels, batch };
        }
      }
    }
  }

  #columnsOf(stream: StreamHead, day: number): DayColumns {
    let columns = stream.days.get(day);
    if (columns === undefined) {
      columns = new DayColumns(day);
      stream.days.set(day, columns);
      this.#sizeBytes += columns.sizeBytes;
    }
    return columns;
  }
}

/** The end of the rows from `from` on that lie within the day that the shift leads to. */
function endOfDay({ deltaNs, count }: EntryBatch, from: number, shiftNs: number): number {
  let to = from + 1;
  while (to < count && deltaNs[to]! + shiftNs >= 0 && deltaNs[to]! + shiftNs < dayNs) {
    to += 1;
  }
  return to;
}
