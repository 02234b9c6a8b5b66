import { assert, firstWhere, type ByteReader, type ByteWriter } from "@sluice/model";
import { columnsOf, type BlockColumns, type BlockEntry, type ColumnEntry } from "./block-columns.ts";
import { readCount } from "./metadata-column.ts";

const hasLengths = 1;
const hasMetadata = 2;
const hasIds = 4;
const knownFlags = hasLengths | hasMetadata | hasIds;
/** Fewest bytes that a block's entry takes. */
const entryBytesMin = 16;
const numbersPerColumn = 3;
const deltaMax = Number.MAX_SAFE_INTEGER;
const uint32Max = 2 ** 32 - 1;

/**
 * The blocks of a segment, by stream, then time. A few typed arrays: about 70 bytes a block, against 400 for objects, so
 * that the footers of a million blocks stay in memory. Times in it are *offsets*: nanoseconds from `baseNs`, exact as
 * doubles.
 */
export class BlockTable {
  /** The beginning of the segment's day. */
  readonly baseNs: bigint;
  readonly length: number;
  /** The blocks of stream `s` are `[starts[s], starts[s + 1])`. */
  readonly #starts: Uint32Array;
  readonly #min: Float64Array;
  readonly #max: Float64Array;
  readonly #offsets: Offsets;
  readonly #counts: Uint32Array;
  readonly #rawBytes: Uint32Array;
  readonly #encodings: Uint8Array;
  readonly #flags: Uint8Array;
  /** Of block `i`, columns from `columns[columnStarts[i]]` on: stored bytes, raw bytes, CRC-32 of each. */
  readonly #columnStarts: Uint32Array;
  readonly #columns: Uint32Array;
  /** Whether the times of each stream's blocks ascend, so that a range can be searched for by halves. */
  readonly #isAscending: boolean;

  /** For {@link BlockTableBuilder}. */
  constructor(baseNs: bigint, starts: Uint32Array, rows: BlockRows) {
    this.baseNs = baseNs;
    this.length = rows.counts.length;
    this.#starts = starts;
    this.#min = rows.min;
    this.#max = rows.max;
    this.#offsets = rows.offsets;
    this.#counts = rows.counts;
    this.#rawBytes = rows.rawBytes;
    this.#encodings = rows.encodings;
    this.#flags = rows.flags;
    this.#columnStarts = rows.columnStarts;
    this.#columns = rows.columns;
    this.#isAscending = this.#doTimesAscend();
  }

  get streamCount(): number {
    return this.#starts.length - 1;
  }

  /** The stream's first block; of the stream behind the last one, the number of all blocks. */
  startOf(stream: number): number {
    return this.#starts[stream]!;
  }

  streamAt(block: number): number {
    return firstWhere(1, this.#starts.length, (stream) => this.#starts[stream]! > block) - 1;
  }

  minNsAt(block: number): bigint {
    return this.baseNs + BigInt(this.#min[block]!);
  }

  maxNsAt(block: number): bigint {
    return this.baseNs + BigInt(this.#max[block]!);
  }

  countAt(block: number): number {
    return this.#counts[block]!;
  }

  rawBytesAt(block: number): number {
    return this.#rawBytes[block]!;
  }

  /** Where the block begins in the segment. */
  offsetAt(block: number): number {
    return this.#offsets[block]!;
  }

  /** Bytes of the block in the segment. */
  storedBytesAt(block: number): number {
    let sum = 0;
    for (let i = this.#columnStarts[block]!; i < this.#columnStarts[block + 1]!; i += numbersPerColumn) {
      sum += this.#columns[i]!;
    }
    return sum;
  }

  /** All that is known about a block. */
  entryAt(block: number): BlockEntry {
    let at = this.#columnStarts[block]!;
    const next = (): ColumnEntry => {
      const column = { storedBytes: this.#columns[at]!, rawBytes: this.#columns[at + 1]!, crc: this.#columns[at + 2]! };
      at += numbersPerColumn;
      return column;
    };
    const flags = this.#flags[block]!;
    return {
      stream: this.streamAt(block),
      minNs: this.minNsAt(block),
      maxNs: this.maxNsAt(block),
      count: this.#counts[block]!,
      rawBytes: this.#rawBytes[block]!,
      offset: this.#offsets[block]!,
      encoding: this.#encodings[block]!,
      columns: {
        body: next(),
        times: next(),
        lengths: (flags & hasLengths) === 0 ? undefined : next(),
        metadata: (flags & hasMetadata) === 0 ? undefined : next(),
        ids: (flags & hasIds) === 0 ? undefined : next(),
      },
    };
  }

  *entries(): Generator<BlockEntry, void, undefined> {
    for (let block = 0; block < this.length; block++) {
      yield this.entryAt(block);
    }
  }

  /** A time as an offset, for {@link eachInRange}; one that is out of reach of all blocks stays so. */
  offsetOf(timeNs: bigint): number {
    return Number(timeNs - this.baseNs);
  }

  /** Visits the stream's blocks that have entries in `[start, end)`, which are offsets, in their order. */
  eachInRange(stream: number, start: number, end: number, visit: (block: number) => void): void {
    const first = this.#starts[stream]!;
    const behind = this.#starts[stream + 1]!;
    const from = this.#isAscending ? firstWhere(first, behind, (block) => this.#max[block]! >= start) : first;
    for (let block = from; block < behind; block++) {
      if (this.#min[block]! < end) {
        if (this.#max[block]! >= start) {
          visit(block);
        }
      } else if (this.#isAscending) {
        return;
      }
    }
  }

  /** Bytes of memory, about. */
  get sizeBytes(): number {
    return objectBytes + this.length * rowBytes + this.#columns.byteLength + this.#starts.byteLength;
  }

  #doTimesAscend(): boolean {
    for (let stream = 0; stream < this.streamCount; stream++) {
      for (let block = this.#starts[stream]! + 1; block < this.#starts[stream + 1]!; block++) {
        if (this.#min[block]! < this.#min[block - 1]! || this.#max[block]! < this.#max[block - 1]!) {
          return false;
        }
      }
    }
    return true;
  }
}

/** Of a block without its columns. */
const rowBytes = 8 + 8 + 4 + 4 + 4 + 1 + 1 + 4;
/** Of the typed arrays and their object, in V8. */
const objectBytes = 1500;

/** Segments over 4 GiB need doubles. */
type Offsets = Uint32Array | Float64Array;

/** One typed array for each field of a block. */
export interface BlockRows {
  readonly min: Float64Array;
  readonly max: Float64Array;
  readonly offsets: Offsets;
  readonly counts: Uint32Array;
  readonly rawBytes: Uint32Array;
  readonly encodings: Uint8Array;
  readonly flags: Uint8Array;
  readonly columnStarts: Uint32Array;
  readonly columns: Uint32Array;
}

/** The footer's table of blocks from those that were written. */
export function blockTableOf(baseNs: bigint, streamCount: number, entries: readonly BlockEntry[]): BlockTable {
  const builder = new BlockTableBuilder(baseNs, streamCount, entries.length);
  for (const entry of entries) {
    const { columns } = entry;
    const min = Number(entry.minNs - baseNs);
    const max = Number(entry.maxNs - baseNs);
    assert(Math.abs(min) <= deltaMax && max <= deltaMax, "a block lies within 104 days of its segment's day");
    builder.startBlock(
      entry.stream,
      min,
      max,
      entry.count,
      entry.rawBytes,
      entry.offset,
      entry.encoding,
      flagsOf(columns),
    );
    for (const column of columnsOf(columns)) {
      builder.addColumn(column.storedBytes, column.rawBytes, column.crc);
    }
  }
  return builder.finish();
}

/** FORMAT.md has the layout. */
export function writeBlockTable(out: ByteWriter, table: BlockTable): void {
  out.varint(table.length);
  for (const block of table.entries()) {
    out.varint(block.stream);
    out.u64(block.minNs);
    out.varint(Number(block.maxNs - block.minNs));
    out.varint(block.count);
    out.varint(block.rawBytes);
    out.varint(block.offset);
    out.u8(block.encoding);
    out.u8(flagsOf(block.columns));
    for (const column of columnsOf(block.columns)) {
      out.varint(column.storedBytes);
      out.varint(column.rawBytes);
      out.u32(column.crc);
    }
  }
}

/** @throws {ServiceError} `corrupt` */
export function readBlockTable(reader: ByteReader, baseNs: bigint, streamCount: number): BlockTable {
  const count = readCount(reader, reader.remaining / entryBytesMin);
  const builder = new BlockTableBuilder(baseNs, streamCount, count);
  const baseLow = Number(BigInt.asUintN(32, baseNs));
  const baseHigh = Number(baseNs >> 32n);
  let lastStream = 0;
  for (let i = 0; i < count; i++) {
    const stream = reader.varint();
    if (stream < lastStream || stream >= streamCount) {
      throw reader.corrupt("a block belongs to a stream that is not there, or is out of order");
    }
    lastStream = stream;
    // Two halves of an i64 instead of a BigInt: there are a million of them.
    const low = reader.u32();
    const high = reader.u32() | 0;
    const min = (high - baseHigh) * 2 ** 32 + (low - baseLow);
    const max = min + reader.varint();
    const entryCount = reader.varint();
    const rawBytes = reader.varint();
    const offset = reader.varint();
    const encoding = reader.u8();
    const flags = reader.u8();
    if (entryCount === 0) {
      throw reader.corrupt("a block without entries");
    }
    if ((flags & ~knownFlags) !== 0) {
      throw reader.corrupt(`a block with flags ${flags}, of which this reader does not know all`);
    }
    if (Math.abs(min) > deltaMax || max > deltaMax || rawBytes > uint32Max) {
      throw reader.corrupt("a block that no segment of its day can hold");
    }
    builder.startBlock(stream, min, max, entryCount, rawBytes, offset, encoding, flags);
    const bodyBytes = readColumn(reader, builder);
    const timesBytes = readColumn(reader, builder);
    for (const flag of [hasLengths, hasMetadata, hasIds]) {
      if ((flags & flag) !== 0) {
        readColumn(reader, builder);
      }
    }
    // Each row takes at least one byte in the body and one in the times: a damaged count cannot reserve more than that.
    if (entryCount > timesBytes || entryCount > bodyBytes) {
      throw reader.corrupt(`a block of ${entryCount} entries in ${bodyBytes} bytes`);
    }
  }
  return builder.finish();
}

function flagsOf({ lengths, metadata, ids }: BlockColumns): number {
  return (
    (lengths === undefined ? 0 : hasLengths) |
    (metadata === undefined ? 0 : hasMetadata) |
    (ids === undefined ? 0 : hasIds)
  );
}

/** @returns the column's bytes after decompression. */
function readColumn(reader: ByteReader, builder: BlockTableBuilder): number {
  const storedBytes = reader.varint();
  const rawBytes = reader.varint();
  if (storedBytes > uint32Max || rawBytes > uint32Max) {
    throw reader.corrupt(`a column of ${rawBytes} bytes`);
  }
  builder.addColumn(storedBytes, rawBytes, reader.u32());
  return rawBytes;
}

const columnsMax = 5;

/** Fills a table row by row, in the order of its streams. */
class BlockTableBuilder {
  readonly #baseNs: bigint;
  readonly #starts: Uint32Array;
  readonly #rows: BlockRows;
  #length = 0;
  #columnsEnd = 0;
  #stream = -1;

  constructor(baseNs: bigint, streamCount: number, count: number) {
    this.#baseNs = baseNs;
    this.#starts = new Uint32Array(streamCount + 1);
    this.#rows = {
      min: new Float64Array(count),
      max: new Float64Array(count),
      offsets: new Float64Array(count),
      counts: new Uint32Array(count),
      rawBytes: new Uint32Array(count),
      encodings: new Uint8Array(count),
      flags: new Uint8Array(count),
      columnStarts: new Uint32Array(count + 1),
      columns: new Uint32Array(count * columnsMax * numbersPerColumn),
    };
  }

  startBlock(
    stream: number,
    min: number,
    max: number,
    count: number,
    rawBytes: number,
    offset: number,
    encoding: number,
    flags: number,
  ): void {
    const rows = this.#rows;
    const block = this.#length++;
    rows.min[block] = min;
    rows.max[block] = max;
    rows.counts[block] = count;
    rows.rawBytes[block] = rawBytes;
    rows.offsets[block] = offset;
    rows.encodings[block] = encoding;
    rows.flags[block] = flags;
    rows.columnStarts[block] = this.#columnsEnd;
    this.#startStreams(stream, block);
  }

  addColumn(storedBytes: number, rawBytes: number, crc: number): void {
    const { columns } = this.#rows;
    columns[this.#columnsEnd] = storedBytes;
    columns[this.#columnsEnd + 1] = rawBytes;
    columns[this.#columnsEnd + 2] = crc;
    this.#columnsEnd += numbersPerColumn;
  }

  finish(): BlockTable {
    this.#startStreams(this.#starts.length - 1, this.#length);
    this.#rows.columnStarts[this.#length] = this.#columnsEnd;
    const columns = this.#rows.columns.slice(0, this.#columnsEnd);
    const isLarge = this.#rows.offsets.some((offset) => offset > uint32Max);
    const offsets = isLarge ? this.#rows.offsets : Uint32Array.from(this.#rows.offsets);
    return new BlockTable(this.#baseNs, this.#starts, { ...this.#rows, columns, offsets });
  }

  /** Streams up to this one, and those without blocks before it, begin at `block`. */
  #startStreams(stream: number, block: number): void {
    for (; this.#stream < stream; this.#stream++) {
      this.#starts[this.#stream + 1] = block;
    }
  }
}
