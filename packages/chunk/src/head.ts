import {
  compareLabels,
  compileMatchers,
  printLabels,
  type BlockRef,
  type EntryBatch,
  type Labels,
  type Matcher,
} from "@sluice/model";
import { dayNs, dayOf, dayStartNs } from "./day.ts";
import { DayColumns } from "./day-columns.ts";
import { splitBatch } from "./sort-batch.ts";

/** Bytes of lines that a block holds, about; the last line may go over. */
export const blockRawBytesMax = 256 * 1024;

/** A run of one stream's entries that is to become a block: joined, ascending, each entry once, within a UTC day. */
export interface StreamBatch {
  readonly labels: Labels;
  readonly batch: EntryBatch;
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

  /** Copies the entries in; any times, in any order. */
  append(labels: Labels, batch: EntryBatch): void {
    const text = printLabels(labels);
    let stream = this.#streams.get(text);
    if (stream === undefined) {
      stream = { labels, days: new Map() };
      this.#streams.set(text, stream);
      // The text, and the labels that it was printed from.
      this.#sizeBytes += text.length * 2;
    }
    // A batch nearly always lies within the day of its base; there a double is exact.
    const baseDay = dayOf(batch.baseNs);
    const baseOffsetNs = Number(batch.baseNs - dayStartNs(baseDay));
    const touched = new Map<DayColumns, { readonly sizeBytes: number; readonly count: number }>();
    let columns: DayColumns | undefined;
    for (let i = 0; i < batch.count; i++) {
      let day = baseDay;
      let deltaNs = baseOffsetNs + batch.deltaNs[i]!;
      if (deltaNs < 0 || deltaNs >= dayNs) {
        const timestampNs = batch.baseNs + BigInt(batch.deltaNs[i]!);
        day = dayOf(timestampNs);
        deltaNs = Number(timestampNs - dayStartNs(day));
      }
      if (columns?.day !== day) {
        columns = this.#columnsOf(stream, day);
        if (!touched.has(columns)) {
          touched.set(columns, { sizeBytes: columns.sizeBytes, count: columns.count });
        }
      }
      columns.append(batch, i, deltaNs);
    }
    for (const [{ sizeBytes, count }, before] of touched) {
      this.#sizeBytes += sizeBytes - before.sizeBytes;
      this.#entryCount += count - before.count;
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

  /** Blocks of the matching streams in `[startNs, endNs)`, one per stream and day. What is appended later is not in them. */
  select(matchers: readonly Matcher[], startNs: bigint, endNs: bigint): BlockRef[] {
    const matches = compileMatchers(matchers);
    const blocks: BlockRef[] = [];
    for (const { labels, days } of this.#streams.values()) {
      if (!matches(labels)) {
        continue;
      }
      for (const columns of days.values()) {
        if (columns.minNs < endNs && columns.maxNs >= startNs) {
          blocks.push(blockOf(labels, columns));
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
        for (const batch of splitBatch(columns.snapshot(), blockRawBytesMax)) {
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

/** The block as it is now, though the head goes on growing; it is sorted only when it is loaded. */
function blockOf(labels: Labels, columns: DayColumns): BlockRef {
  const { minNs, maxNs, count, rawBytes, mayRepeat } = columns;
  return { labels, minNs, maxNs, count, rawBytes, mayRepeat, load: async () => columns.snapshot(count) };
}
