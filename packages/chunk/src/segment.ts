import { setImmediate } from "node:timers/promises";
import { crc32 } from "node:zlib";
import {
  assert,
  ByteReader,
  ByteWriter,
  compareLabels,
  printLabels,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import { encodeBlock, type BlockEntry, type NewlineKernels } from "./block.ts";
import type { StreamBatch } from "./head.ts";
import { readBlockTable, writeBlockTable } from "./block-table.ts";
import { corrupt, readCount, readLabels, writeLabels } from "./metadata-column.ts";

/** What is known about a segment without reading its blocks. */
export interface SegmentFooter {
  readonly tenant: string;
  /** UTC day, counted from the epoch. */
  readonly day: number;
  readonly streams: readonly Labels[];
  /** Sorted by stream, then time. */
  readonly blocks: readonly BlockEntry[];
}

export interface BuiltSegment {
  /** The object's bytes, in order. */
  readonly parts: readonly Uint8Array[];
  readonly footer: SegmentFooter;
  readonly sizeBytes: number;
  /** Bytes from the object's end that {@link readFooter} needs. */
  readonly footerBytes: number;
}

const encoder = new TextEncoder();
const headMagic = encoder.encode("SLUICESG");
const tailMagic = encoder.encode("sluicesg");
const version = 1;
/** Footer length, footer CRC-32, magic. */
const trailerBytes = 4 + 4 + tailMagic.length;

/** Compressing this many takes about 5 ms. */
const blocksPerTurn = 8;

/** Sections of the footer; a reader skips those that it does not know. 3 is kept for skip filters. */
const section = { streams: 1, blocks: 2 } as const;

/**
 * Builds a segment: one immutable object with blocks of many streams of one tenant and day. Others get their turn every
 * few blocks, so that pushes and queries go on meanwhile.
 *
 * @param content.streams batches for one block each; in any order of streams, the same stream several times.
 */
export async function buildSegment(
  content: {
    readonly tenant: string;
    readonly day: number;
    readonly streams: Iterable<StreamBatch>;
  },
  kernels?: NewlineKernels,
): Promise<BuiltSegment> {
  const writer = new SegmentWriter(content, kernels);
  for (const { labels, batches } of byStream(content.streams)) {
    writer.startStream(labels);
    for (const { batch } of batches) {
      writer.addBlock(batch);
      if (writer.blockCount % blocksPerTurn === 0) {
        await setImmediate();
      }
    }
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
  readonly #kernels: NewlineKernels | undefined;
  #offset = headMagic.length;

  constructor({ tenant, day }: Pick<SegmentFooter, "tenant" | "day">, kernels?: NewlineKernels) {
    this.#tenant = tenant;
    this.#day = day;
    this.#kernels = kernels;
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

  /** Encodes a batch as the stream's next block: joined, ascending, later than the one before. */
  addBlock(batch: EntryBatch): void {
    const { parts, ...encoded } = encodeBlock(batch, this.#kernels);
    this.#blocks.push({ ...encoded, stream: this.#streams.length - 1, offset: this.#offset });
    for (const part of parts) {
      this.#parts.push(part);
      this.#offset += part.length;
    }
  }

  finish(): BuiltSegment {
    const footer = { tenant: this.#tenant, day: this.#day, streams: this.#streams, blocks: this.#blocks };
    const tail = encodeFooter(footer);
    this.#parts.push(tail);
    return { parts: this.#parts, footer, sizeBytes: this.#offset + tail.length, footerBytes: tail.length };
  }
}

/**
 * Reads a segment's footer.
 *
 * @param tail at least the segment's last `footerBytes` bytes; the whole segment will do.
 * @param what names the segment in errors.
 * @throws {ServiceError} `corrupt`
 */
export function readFooter(tail: Uint8Array, what: string): SegmentFooter {
  const footerName = `the footer of ${what}`;
  if (tail.length < trailerBytes) {
    throw corrupt(footerName, "the object is too short");
  }
  const trailer = new ByteReader(tail.subarray(tail.length - trailerBytes), footerName);
  const length = trailer.u32();
  const checksum = trailer.u32();
  if (!trailer.bytes(tailMagic.length).every((byte, i) => byte === tailMagic[i])) {
    throw corrupt(footerName, "this is not the end of a segment");
  }
  const start = tail.length - trailerBytes - length;
  if (start < 0) {
    throw corrupt(footerName, `it is ${length} bytes long, ${tail.length - trailerBytes} are there`);
  }
  const body = tail.subarray(start, start + length);
  if (crc32(body) !== checksum) {
    throw corrupt(footerName, "its checksum does not match");
  }
  return decodeFooter(body, footerName);
}

/** Gathers the batches of each stream and sorts the streams by their labels. */
function byStream(content: Iterable<StreamBatch>): readonly { labels: Labels; batches: StreamBatch[] }[] {
  const found = new Map<string, { labels: Labels; batches: StreamBatch[] }>();
  for (const item of content) {
    const text = printLabels(item.labels);
    const known = found.get(text);
    if (known === undefined) {
      found.set(text, { labels: item.labels, batches: [item] });
    } else {
      known.batches.push(item);
    }
  }
  return [...found.values()].sort((a, b) => compareLabels(a.labels, b.labels));
}

function encodeFooter({ tenant, day, streams, blocks }: SegmentFooter): Uint8Array {
  const out = new ByteWriter(4096);
  out.u8(version);
  out.text(tenant);
  out.signedVarint(day);
  writeSection(out, section.streams, (body) => {
    body.varint(streams.length);
    for (const labels of streams) {
      writeLabels(body, labels);
    }
  });
  writeSection(out, section.blocks, (body) => writeBlockTable(body, blocks));
  const length = out.length;
  const checksum = crc32(out.view());
  out.u32(length);
  out.u32(checksum);
  out.bytes(tailMagic);
  return out.finish();
}

function writeSection(out: ByteWriter, id: number, write: (body: ByteWriter) => void): void {
  const body = new ByteWriter(4096);
  write(body);
  out.varint(id);
  out.varint(body.length);
  out.bytes(body.view());
}

function decodeFooter(body: Uint8Array, what: string): SegmentFooter {
  const reader = new ByteReader(body, what);
  const found = reader.u8();
  if (found !== version) {
    throw reader.corrupt(`its version is ${found}, this reader knows ${version}`);
  }
  const tenant = reader.text();
  const day = reader.signedVarint();
  let streams: readonly Labels[] = [];
  let blocks: readonly BlockEntry[] = [];
  while (reader.remaining > 0) {
    const id = reader.varint();
    const content = new ByteReader(reader.bytes(reader.varint()), what);
    if (id === section.streams) {
      streams = Array.from({ length: readCount(content, content.remaining) }, () => readLabels(content));
    } else if (id === section.blocks) {
      blocks = readBlockTable(content);
    }
  }
  if (blocks.some((block) => block.stream >= streams.length)) {
    throw corrupt(what, "a block belongs to a stream that is not there");
  }
  return { tenant, day, streams, blocks };
}
