import { crc32 } from "node:zlib";
import { plainKernels, type Kernels } from "@sluice/kernels";
import {
  assert,
  ByteReader,
  ByteWriter,
  timestampAt,
  withMetadata,
  type EntryBatch,
  type MetadataColumn,
} from "@sluice/model";
import { corrupt, readMetadata, writeMetadata } from "./metadata-column.ts";
import { compress, decompress } from "./zstd.ts";

/** One column of a block as it lies in the segment: a zstd frame, checked by its CRC-32. */
export interface ColumnEntry {
  readonly storedBytes: number;
  /** After decompression. */
  readonly rawBytes: number;
  /** CRC-32 of the stored bytes. */
  readonly crc: number;
}

/** How a block's columns are laid out; other values are for layouts to come. */
export const joinedEncoding = 0;

export interface BlockColumns {
  /** Lines, each followed by `\n`. */
  readonly body: ColumnEntry;
  /** Nanoseconds after the row before, varints; the first row's is 0. */
  readonly times: ColumnEntry;
  /** Line lengths, varints; only where a line holds a `\n`. */
  readonly lengths: ColumnEntry | undefined;
  readonly metadata: ColumnEntry | undefined;
}

/** What a segment's footer says about one block. */
export interface BlockEntry {
  /** Index of the stream in the footer. */
  readonly stream: number;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly count: number;
  /** Bytes of the lines alone. */
  readonly rawBytes: number;
  /** Where the block begins in the segment; its columns lie one behind the other. */
  readonly offset: number;
  readonly encoding: number;
  readonly columns: BlockColumns;
}

/** A damaged footer must not make us allocate more than a block may ever hold. */
const columnRawBytesMax = 256 * 1024 * 1024;

const inOrder = ["body", "times", "lengths", "metadata"] as const;

/** Bytes of the block in the segment, from `offset` on. */
export function blockLength({ columns }: Pick<BlockEntry, "columns">): number {
  return inOrder.reduce((sum, name) => sum + (columns[name]?.storedBytes ?? 0), 0);
}

/** The kernels that finding line ends takes. */
export type NewlineKernels = Pick<Kernels, "countNewlines" | "newlineOffsets">;

/** The kernels that encoding and decoding take. */
export type BlockKernels = NewlineKernels & Pick<Kernels, "buildTokenFilter">;

/** A block as it goes into a segment: plain data and bytes of its own, so that another thread can make it. */
export interface EncodedBlock {
  /** The columns, one behind the other. */
  readonly bytes: Uint8Array;
  /** Of all tokens in the lines and in the structured metadata; undefined when none was made. */
  readonly filter: Uint8Array | undefined;
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly count: number;
  readonly rawBytes: number;
  readonly encoding: number;
  readonly columns: BlockColumns;
}

/**
 * Encodes a batch as columns and a skip filter. FORMAT.md has the layout.
 *
 * @param batch joined and ascending, at least one entry.
 */
export function encodeBlock(batch: EntryBatch, kernels: BlockKernels = plainKernels): EncodedBlock {
  assert(batch.count > 0, "a block holds at least one entry");
  const out = new ByteWriter(batch.bytes.length >> 1);
  const column = (raw: Uint8Array): ColumnEntry => {
    const stored = compress(raw);
    out.bytes(stored);
    return { storedBytes: stored.length, rawBytes: raw.length, crc: crc32(stored) };
  };
  const hasNewlines = kernels.countNewlines(batch.bytes) !== batch.count;
  const columns: BlockColumns = {
    body: column(batch.bytes),
    times: column(timesColumn(batch)),
    lengths: hasNewlines ? column(lengthsColumn(batch)) : undefined,
    metadata: batch.metadata === undefined ? undefined : column(metadataColumn(batch.metadata)),
  };
  return {
    bytes: out.finish(),
    filter: filterOf(batch, kernels),
    columns,
    encoding: joinedEncoding,
    minNs: timestampAt(batch, 0),
    maxNs: timestampAt(batch, batch.count - 1),
    count: batch.count,
    rawBytes: batch.bytes.length - batch.count,
  };
}

/** The skip filter of a block: of all tokens in its lines and in its structured metadata. */
export function filterOf({ bytes, metadata }: EntryBatch, kernels: BlockKernels = plainKernels): Uint8Array {
  return kernels.buildTokenFilter([bytes, metadataText(metadata)]);
}

/**
 * Checks every column's checksum, for whoever passes the block on as it is.
 *
 * @throws {ServiceError} `corrupt`
 */
export function checkBlock({ columns }: Pick<BlockEntry, "columns">, bytes: Uint8Array, what: string): void {
  let offset = 0;
  for (const name of inOrder) {
    const column = columns[name];
    if (column !== undefined) {
      checkColumn(column, bytes.subarray(offset, offset + column.storedBytes), `column ${name} of ${what}`);
      offset += column.storedBytes;
    }
  }
}

/**
 * Decodes a whole block; every column's checksum and every bound is checked.
 *
 * @param bytes the block as it lies in the segment.
 * @param what names the block in errors.
 * @param kernels those of the calling thread; the default is several times slower at finding line ends.
 * @returns joined and ascending.
 * @throws {ServiceError} `corrupt`
 */
export function decodeBlock(
  entry: BlockEntry,
  bytes: Uint8Array,
  what: string,
  kernels: NewlineKernels = plainKernels,
): EntryBatch {
  const { columns, count, minNs } = entry;
  if (entry.encoding !== joinedEncoding) {
    throw corrupt(what, `its encoding ${entry.encoding} is unknown`);
  }
  let offset = 0;
  const next = (name: keyof BlockColumns): Uint8Array | undefined => {
    const column = columns[name];
    if (column === undefined) {
      return undefined;
    }
    const stored = bytes.subarray(offset, offset + column.storedBytes);
    offset += column.storedBytes;
    return decodeColumn(column, stored, `column ${name} of ${what}`);
  };
  const body = next("body")!;
  const deltaNs = readTimes(next("times")!, entry, what);
  const lengths = next("lengths");
  const metadataBytes = next("metadata");
  const lineEnds =
    lengths === undefined ? endsByNewline(body, count, what, kernels) : endsByLength(lengths, body, count, what);
  const lineStarts = new Uint32Array(count);
  for (let i = 1; i < count; i++) {
    lineStarts[i] = lineEnds[i - 1]! + 1;
  }
  const batch = { count, baseNs: minNs, deltaNs, bytes: body, lineStarts, lineEnds };
  return withMetadata(batch, metadataBytes && readMetadata(new ByteReader(metadataBytes, what), count));
}

const textEncoder = new TextEncoder();

/** Names and values of the structured metadata, parted so that no token reaches from one into the next. */
function metadataText(metadata: MetadataColumn | undefined): Uint8Array {
  const texts = metadata?.sets.flatMap((set) => set.flatMap(({ name, value }) => [name, value])) ?? [];
  return textEncoder.encode(texts.join("\0"));
}

function timesColumn(batch: EntryBatch): Uint8Array {
  const out = new ByteWriter(batch.count * 5);
  let before = batch.deltaNs[0]!;
  for (let i = 0; i < batch.count; i++) {
    const delta = batch.deltaNs[i]!;
    assert(delta >= before, "the entries of a block are in order of time");
    out.varint(delta - before);
    before = delta;
  }
  return out.view();
}

function lengthsColumn(batch: EntryBatch): Uint8Array {
  const out = new ByteWriter(batch.count * 2);
  for (let i = 0; i < batch.count; i++) {
    out.varint(batch.lineEnds[i]! - batch.lineStarts[i]!);
  }
  return out.view();
}

function metadataColumn(metadata: MetadataColumn): Uint8Array {
  const out = new ByteWriter();
  writeMetadata(out, metadata);
  return out.view();
}

function decodeColumn(column: ColumnEntry, stored: Uint8Array, what: string): Uint8Array {
  checkColumn(column, stored, what);
  if (column.rawBytes > columnRawBytesMax) {
    throw corrupt(what, `it claims ${column.rawBytes} bytes`);
  }
  return decompress(stored, column.rawBytes, what);
}

function checkColumn(column: ColumnEntry, stored: Uint8Array, what: string): void {
  if (stored.length !== column.storedBytes) {
    throw corrupt(what, `${stored.length} bytes instead of ${column.storedBytes}`);
  }
  if (crc32(stored) !== column.crc) {
    throw corrupt(what, "its checksum does not match");
  }
}

function readTimes(times: Uint8Array, { count, minNs, maxNs }: BlockEntry, what: string): Float64Array {
  const reader = new ByteReader(times, `column times of ${what}`);
  const deltaNs = new Float64Array(count);
  let delta = 0;
  for (let i = 0; i < count; i++) {
    delta += reader.varint();
    deltaNs[i] = delta;
  }
  if (reader.remaining > 0 || BigInt(delta) !== maxNs - minNs) {
    throw corrupt(`column times of ${what}`, "it does not end at the block's last time");
  }
  return deltaNs;
}

function endsByNewline(body: Uint8Array, count: number, what: string, kernels: NewlineKernels): Uint32Array {
  const ends = kernels.newlineOffsets(body, count);
  if (ends.length !== count || ends[count - 1] !== body.length - 1) {
    throw corrupt(`column body of ${what}`, `${ends.length} lines instead of ${count}`);
  }
  return ends;
}

function endsByLength(lengths: Uint8Array, body: Uint8Array, count: number, what: string): Uint32Array {
  const reader = new ByteReader(lengths, `column lengths of ${what}`);
  const ends = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    at += reader.varint();
    if (at >= body.length) {
      throw corrupt(`column lengths of ${what}`, "it passes the end of the lines");
    }
    ends[i] = at;
    at += 1;
  }
  if (at !== body.length || reader.remaining > 0) {
    throw corrupt(`column lengths of ${what}`, "it does not end with the lines");
  }
  return ends;
}
