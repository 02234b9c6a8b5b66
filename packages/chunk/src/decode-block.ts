import { crc32 } from "node:zlib";
import { plainKernels } from "@sluice/kernels";
import { ByteReader, deltaNsMax, type EntryBatch, type MetadataColumn, type ServiceError } from "@sluice/model";
import {
  columnNames,
  joinedEncoding,
  packedIdsEncoding,
  type BlockColumns,
  type BlockEntry,
  type ColumnEntry,
  type DecodeKernels,
} from "./block-columns.ts";
import { corrupt, readMetadataColumn } from "./metadata-column.ts";
import { decompress, decompressBriefly, decompressInto, roomFor } from "./zstd.ts";

/** A damaged footer must not make us allocate more than a block may ever hold. */
const columnRawBytesMax = 256 * 1024 * 1024;
/** Label sets as objects and strings take so much more than their bytes. */
const metadataGrowth = 6;
/** Of the numbers that a double holds exactly. */
const varintBytesMax = 8;

/**
 * Checks every column's checksum, for whoever passes the block on as it is.
 *
 * @throws {ServiceError} `corrupt`
 */
export function checkBlock({ columns }: Pick<BlockEntry, "columns">, bytes: Uint8Array, what: string): void {
  let offset = 0;
  for (const name of columnNames) {
    const column = columns[name];
    if (column !== undefined) {
      checkColumn(column, bytes.subarray(offset, offset + column.storedBytes), `column ${name} of ${what}`);
      offset += column.storedBytes;
    }
  }
}

/**
 * Decodes a block. Every column's checksum is checked; times and metadata are decompressed and read when they are asked for
 * first, since many queries need neither.
 *
 * @param bytes the block as it lies in the segment.
 * @param what names the block in errors.
 * @param kernels those of the calling thread; the default is several times slower at finding line ends.
 * @returns joined and ascending; its columns throw as this does.
 * @throws {ServiceError} `corrupt`
 */
export function decodeBlock(
  entry: BlockEntry,
  bytes: Uint8Array,
  what: string,
  kernels: DecodeKernels = plainKernels,
): EntryBatch {
  return decodeBlockHolding(entry, bytes, [], what, kernels)!;
}

/**
 * {@link decodeBlock} for whoever looks for lines with all of the needles: undefined when the block's lines do not hold them,
 * be it in one line or in several. To find that out takes a part of the time, and no memory that would have to be collected.
 */
export function decodeBlockHolding(
  entry: BlockEntry,
  bytes: Uint8Array,
  needles: readonly Uint8Array[],
  what: string,
  kernels: DecodeKernels = plainKernels,
): EntryBatch | undefined {
  checkLayout(entry, what);
  const columns = checkedColumns(entry, bytes, what, true);
  const bodyBytes = entry.rawBytes + entry.count;
  const ids = columns("ids")?.();
  // What is searched first, or written out with its ids, is not needed for longer than that.
  const isBrief = ids !== undefined || needles.length > 0;
  const text = columns("body")!(isBrief ? decompressBriefly : decompress);
  if (needles.length > 0 && !holdsAll(text, ids, entry, needles, what, kernels)) {
    return undefined;
  }
  const body = ids === undefined ? (isBrief ? text.slice() : text) : kernels.unpackIds(text, ids, bodyBytes);
  if (body === undefined) {
    throw doesNotFit(what);
  }
  return batchOfColumns(entry, body, columns, what, kernels);
}

/**
 * {@link decodeBlockHolding} for whoever is done with the lines when it calls for the next block: they lie in the kernels'
 * own memory, where kernels work on them without copying. No `await` may come in between, for others use the kernels too.
 */
export function decodeBlockBriefly(
  entry: BlockEntry,
  bytes: Uint8Array,
  needles: readonly Uint8Array[],
  what: string,
  kernels: DecodeKernels = plainKernels,
): EntryBatch | undefined {
  checkLayout(entry, what);
  const { body, ids } = entry.columns;
  const bodyBytes = entry.rawBytes + entry.count;
  const sizes = [roomFor(body.rawBytes), ...(ids === undefined ? [] : [roomFor(ids.rawBytes), bodyBytes])];
  const [textRoom, idsRoom, out] = kernels.reside(sizes) ?? [];
  if (textRoom === undefined) {
    return decodeBlockHolding(entry, bytes, needles, what, kernels);
  }
  const columns = checkedColumns(entry, bytes, what, false);
  let lines = columns("body")!((...column) => decompressInto(column[0], textRoom, column[1], column[2]));
  if (idsRoom !== undefined && out !== undefined) {
    const storedIds = columns("ids")!((...column) => decompressInto(column[0], idsRoom, column[1], column[2]));
    if (!kernels.unpackIdsInto(lines, storedIds, out)) {
      throw doesNotFit(what);
    }
    lines = out;
  }
  const holds = needles.length === 0 || holdsAll(lines, undefined, entry, needles, what, kernels);
  return holds ? batchOfColumns(entry, lines, columns, what, kernels) : undefined;
}

function holdsAll(
  text: Uint8Array,
  ids: Uint8Array | undefined,
  { rawBytes, count }: BlockEntry,
  needles: readonly Uint8Array[],
  what: string,
  kernels: DecodeKernels,
): boolean {
  const holds = kernels.textHolds(text, ids, rawBytes + count, needles);
  if (holds === undefined) {
    throw doesNotFit(what);
  }
  return holds;
}

function doesNotFit(what: string): ServiceError {
  return corrupt(`column ids of ${what}`, "it does not fit the body");
}

function batchOfColumns(
  entry: BlockEntry,
  bytes: Uint8Array,
  columns: Columns,
  what: string,
  kernels: DecodeKernels,
): EntryBatch {
  const { count, minNs: baseNs } = entry;
  const lengths = columns("lengths");
  const lineEnds =
    lengths === undefined ? endsByNewline(bytes, count, what, kernels) : endsByLength(lengths(), bytes, count, what);
  const lineStarts = new Uint32Array(count);
  for (let i = 1; i < count; i++) {
    lineStarts[i] = lineEnds[i - 1]! + 1;
  }
  const times = timesLater(columns("times")!, entry, what);
  const storedMetadata = columns("metadata");
  const batch = { count, baseNs, bytes, lineStarts, lineEnds };
  if (storedMetadata === undefined) {
    return {
      ...batch,
      get deltaNs() {
        return times();
      },
    };
  }
  const metadata = metadataLater(storedMetadata, count, what);
  return {
    ...batch,
    get deltaNs() {
      return times();
    },
    get metadata() {
      return metadata();
    },
  };
}

/*
 * What is read later must not hold on to all that was at hand when the block was decoded: closures of one function share
 * all that any of them uses. So each of these is made by a function of its own.
 */

function timesLater(stored: StoredColumn, entry: BlockEntry, what: string): () => Float64Array {
  return once(() => readTimes(stored(), entry, what));
}

function metadataLater(stored: StoredColumn, count: number, what: string): () => MetadataColumn {
  return once(() => readMetadataColumn(new ByteReader(stored(), what), count));
}

/** What makes the value is let go of when it was made. */
function once<Value extends object>(make: () => Value): () => Value {
  let left: (() => Value) | undefined = make;
  let made: Value | undefined;
  return () => {
    made ??= left!();
    left = undefined;
    return made;
  };
}

/** Bytes of memory that a decoded block takes when all of its columns were asked for, about. */
export function decodedBlockBytes({ count, rawBytes, columns }: BlockEntry): number {
  const rowBytes = 4 * Uint32Array.BYTES_PER_ELEMENT + Float64Array.BYTES_PER_ELEMENT;
  return rawBytes + count * rowBytes + (columns.metadata?.rawBytes ?? 0) * metadataGrowth;
}

function checkLayout({ encoding, columns, rawBytes, count }: BlockEntry, what: string): void {
  if (encoding !== joinedEncoding && encoding !== packedIdsEncoding) {
    throw corrupt(what, `its encoding ${encoding} is unknown`);
  }
  if (rawBytes + count > columnRawBytesMax) {
    throw corrupt(what, `it claims ${rawBytes} bytes of lines`);
  }
  if ((encoding === packedIdsEncoding) !== (columns.ids !== undefined)) {
    throw corrupt(
      what,
      `it has ${columns.ids === undefined ? "no" : "a"} column of ids, which encoding ${encoding} has not`,
    );
  }
}

/** A column as it is stored, to be decompressed. */
type StoredColumn = (decompressColumn?: typeof decompress) => Uint8Array;

/** The columns of a block; undefined for one that it has not. */
type Columns = (name: keyof BlockColumns) => StoredColumn | undefined;

/**
 * Checks all columns' checksums.
 *
 * @param outlivesBytes what is decompressed later gets a copy of its own: the bytes may be part of a large read.
 */
function checkedColumns(entry: BlockEntry, bytes: Uint8Array, what: string, outlivesBytes: boolean): Columns {
  const { columns } = entry;
  checkBlock(entry, bytes, what);
  return (name) => {
    const column = columns[name];
    if (column === undefined) {
      return undefined;
    }
    const offset = columnNames
      .slice(0, columnNames.indexOf(name))
      .reduce((sum, before) => sum + (columns[before]?.storedBytes ?? 0), 0);
    const stored = bytes.subarray(offset, offset + column.storedBytes);
    const isLate = name === "times" || name === "metadata";
    const kept = isLate && outlivesBytes ? new Uint8Array(stored) : stored;
    return storedColumn(kept, column.rawBytes, `column ${name} of ${what}`);
  };
}

function storedColumn(stored: Uint8Array, rawBytes: number, what: string): StoredColumn {
  return (decompressColumn = decompress) => decompressColumn(stored, rawBytes, what);
}

function checkColumn(column: ColumnEntry, stored: Uint8Array, what: string): void {
  if (stored.length !== column.storedBytes) {
    throw corrupt(what, `${stored.length} bytes instead of ${column.storedBytes}`);
  }
  if (crc32(stored) !== column.crc) {
    throw corrupt(what, "its checksum does not match");
  }
  if (column.rawBytes > columnRawBytesMax) {
    throw corrupt(what, `it claims ${column.rawBytes} bytes`);
  }
}

function readTimes(times: Uint8Array, { count, minNs, maxNs }: BlockEntry, what: string): Float64Array {
  const deltaNs = new Float64Array(count);
  const fast = times.length - varintBytesMax;
  let at = 0;
  let delta = 0;
  let i = 0;
  // Far from the end no byte has to be checked for being there.
  for (; i < count && at < fast; i++) {
    let byte = times[at++]!;
    if (byte >= 0x80) {
      let factor = 0x80;
      let value = byte & 0x7f;
      const most = at + varintBytesMax - 1;
      do {
        byte = times[at++]!;
        value += (byte & 0x7f) * factor;
        factor *= 0x80;
      } while (byte >= 0x80 && at < most);
      byte = value;
    }
    delta += byte;
    deltaNs[i] = delta;
  }
  const reader = new ByteReader(times.subarray(at), `column times of ${what}`);
  for (; i < count; i++) {
    delta += reader.varint();
    deltaNs[i] = delta;
  }
  if (reader.remaining > 0 || delta > deltaNsMax || BigInt(delta) !== maxNs - minNs) {
    throw corrupt(`column times of ${what}`, "it does not end at the block's last time");
  }
  return deltaNs;
}

function endsByNewline(body: Uint8Array, count: number, what: string, kernels: DecodeKernels): Uint32Array {
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
