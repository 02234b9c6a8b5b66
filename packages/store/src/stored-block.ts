import type { SegmentFooter } from "@sluice/chunk";
import type { BlockRef, EntryBatch, Labels } from "@sluice/model";
import { checkNotCancelled } from "./cancelled.ts";
import type { BlockAccess, SegmentReader } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";

/** A block of a committed segment. What is known of it stays in the footer's table until it is asked for. */
export class StoredBlock implements BlockRef {
  readonly labels: Labels;
  readonly #reader: SegmentReader;
  readonly #segment: Segment;
  readonly #footer: SegmentFooter;
  readonly #block: number;
  readonly #access: BlockAccess;

  constructor(
    reader: SegmentReader,
    segment: Segment,
    footer: SegmentFooter,
    labels: Labels,
    block: number,
    access: BlockAccess,
  ) {
    this.labels = labels;
    this.#reader = reader;
    this.#segment = segment;
    this.#footer = footer;
    this.#block = block;
    this.#access = access;
  }

  get minNs(): bigint {
    return this.#footer.blocks.minNsAt(this.#block);
  }

  get maxNs(): bigint {
    return this.#footer.blocks.maxNsAt(this.#block);
  }

  get count(): number {
    return this.#footer.blocks.countAt(this.#block);
  }

  get rawBytes(): number {
    return this.#footer.blocks.rawBytesAt(this.#block);
  }

  /** Where it is stored. */
  get place(): { readonly segment: Segment; readonly footer: SegmentFooter; readonly block: number } {
    return { segment: this.#segment, footer: this.#footer, block: this.#block };
  }

  async load(signal?: AbortSignal): Promise<EntryBatch> {
    checkNotCancelled(signal, "query");
    return this.#reader.block(this.#segment, this.#footer.blocks.entryAt(this.#block), this.#access);
  }

  async scan<Result>(use: (batch: EntryBatch) => Result, signal?: AbortSignal): Promise<Result> {
    checkNotCancelled(signal, "query");
    return this.#reader.scanBlock(this.#segment, this.#footer.blocks.entryAt(this.#block), this.#access, use);
  }
}
