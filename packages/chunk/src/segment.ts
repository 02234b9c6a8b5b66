import { assert, compareLabels, printLabels, type EntryBatch, type Labels } from "@sluice/model";
import { blockTableOf } from "./block-table.ts";
import type { BlockEntry } from "./block-columns.ts";
import type { EncodedBlock } from "./encode-block.ts";
import { inlineBlockEncoder, type BlockEncoder } from "./block-encoder.ts";
import { dayStartNs } from "./day.ts";
import { FilterTable } from "./filter-table.ts";
import { encodeFooter, type SegmentFooter } from "./footer.ts";
import type { StreamBatch } from "./head.ts";
import { StreamIndex } from "./stream-index.ts";

export interface BuiltSegment {
  /** The object's bytes, in order. */
  readonly parts: readonly Uint8Array[];
  readonly footer: SegmentFooter;
  readonly sizeBytes: number;
  /** Bytes from the object's end that `readFooter` needs. */
  readonly footerBytes: number;
}

const headMagic = new TextEncoder().encode("SLUICESG");

/**
 * Builds a segment: one immutable object with blocks of many streams of one tenant and day. As many blocks as the encoder
 * likes are encoded at a time.
 *
 * @param content.streams batches for one block each; in any order of streams, the same stream several times.
 */
export async function buildSegment(
  content: {
    readonly tenant: string;
    readonly day: number;
    readonly streams: Iterable<StreamBatch>;
  },
  encoder: BlockEncoder = inlineBlockEncoder(),
): Promise<BuiltSegment> {
  const writer = new SegmentWriter(content);
  let labels: Labels | undefined;
  for await (const { stream, block } of encodeInOrder(byStream(content.streams), encoder)) {
    if (stream.labels !== labels) {
      labels = stream.labels;
      writer.startStream(labels);
    }
    writer.addBlock(block);
  }
  return writer.finish();
}

/** Writes a segment block by block, for whoever does not have them all at once. */
export class SegmentWriter {
  readonly #tenant: string;
  readonly #day: number;
  readonly #parts: Uint8Array[] = [headMagic];
  readonly #streams: Labels[] = [];
  readonly #blocks: BlockEntry[] = [];
  readonly #filters: (Uint8Array | undefined)[] = [];
  #offset = headMagic.length;

  constructor({ tenant, day }: Pick<SegmentFooter, "tenant" | "day">) {
    this.#tenant = tenant;
    this.#day = day;
  }

  get blockCount(): number {
    return this.#blocks.length;
  }

  /** The blocks that follow are this stream's. Streams come in the order of their labels, each once. */
  startStream(labels: Labels): void {
    const last = this.#streams.at(-1);
    assert(last === undefined || compareLabels(last, labels) < 0, "streams of a segment ascend by their labels");
    this.#streams.push(labels);
  }

  /** Adds the stream's next block, later than the one before. */
  addBlock({ bytes, filter, minNs, maxNs, count, rawBytes, encoding, columns }: EncodedBlock): void {
    const stream = this.#streams.length - 1;
    this.#blocks.push({ stream, minNs, maxNs, count, rawBytes, offset: this.#offset, encoding, columns });
    this.#parts.push(bytes);
    this.#filters.push(filter);
    this.#offset += bytes.length;
  }

  finish(): BuiltSegment {
    const filters = FilterTable.of(this.#offset, this.#filters);
    const footer: SegmentFooter = {
      tenant: this.#tenant,
      day: this.#day,
      streams: StreamIndex.of(this.#streams),
      blocks: blockTableOf(dayStartNs(this.#day), this.#streams.length, this.#blocks),
      filters,
      hasUnknownFilters: false,
    };
    const tail = encodeFooter(footer);
    for (const filter of this.#filters) {
      if (filter !== undefined) {
        this.#parts.push(filter);
      }
    }
    this.#parts.push(tail);
    const sizeBytes = this.#offset + filters.storedBytes + tail.length;
    return { parts: this.#parts, footer, sizeBytes, footerBytes: tail.length };
  }
}

/** The batches by stream, the streams in the order of their labels, those of a stream as they came. */
function byStream(content: Iterable<StreamBatch>): StreamBatch[] {
  const found = new Map<string, { readonly labels: Labels; readonly batches: EntryBatch[] }>();
  for (const { labels, batch } of content) {
    const text = printLabels(labels);
    const known = found.get(text);
    if (known === undefined) {
      found.set(text, { labels: wellFormed(labels), batches: [batch] });
    } else {
      known.batches.push(batch);
    }
  }
  return [...found.values()]
    .sort((a, b) => compareLabels(a.labels, b.labels))
    .flatMap(({ labels, batches }) => batches.map((batch) => ({ labels, batch })));
}

/** As the labels are read again: UTF-8 has no lone surrogates. */
function wellFormed(labels: Labels): Labels {
  const isWellFormed = labels.every(({ name, value }) => name.isWellFormed() && value.isWellFormed());
  return isWellFormed
    ? labels
    : labels.map(({ name, value }) => ({ name: name.toWellFormed(), value: value.toWellFormed() }));
}

/** Encodes with as many calls under way as the encoder likes; the blocks come in the order of their batches. */
async function* encodeInOrder(
  batches: readonly StreamBatch[],
  encoder: BlockEncoder,
): AsyncGenerator<{ readonly stream: StreamBatch; readonly block: EncodedBlock }, void, undefined> {
  const underWay: Promise<EncodedBlock>[] = [];
  let next = 0;
  for (const stream of batches) {
    while (next < batches.length && underWay.length < encoder.concurrency) {
      const encoding = encoder.encode(batches[next]!.batch);
      // One that fails while another is waited for is reported when its turn comes.
      encoding.catch(() => {});
      underWay.push(encoding);
      next += 1;
    }
    yield { stream, block: await underWay.shift()! };
  }
}
