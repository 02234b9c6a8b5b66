import { crc32 } from "node:zlib";
import { plainKernels } from "@sluice/kernels";
import { ByteReader, withMetadata, type EntryBatch } from "@sluice/model";
import {
  columnNames,
  joinedEncoding,
  packedIdsEncoding,
  type BlockColumns,
  type BlockEntry,
  type ColumnEntry,
  type DecodeKernels,
} from "./block-columns.ts";
import { corrupt, readMetadata } from "./metadata-column.ts";
import { decompress, decompressBriefly } from "./zstd.ts";

/** A damaged footer must not make us allocate more than a block may ever hold. */
const columnRawBytesMax = 256 * 1024 * 1024;

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
  kernels: DecodeKernels = plainKernels,
): EntryBatch {
  const { count, minNs } = entry;
  checkLayout(entry, what);
  const column = columnReader(entry, bytes, what);
  const text = column("body")!;
  const ids = column("ids");
  const body = ids === undefined ? text : kernels.unpackIds(text, ids, entry.rawBytes + count);
  if (body === undefined) {
    throw corrupt(`column ids of ${what}`, "it does not fit the body");
  }
  const deltaNs = readTimes(column("times")!, entry, what);
  const lengths = column("lengths");
  const metadataBytes = column("metadata");
  const lineEnds =
    lengths === undefined ? endsByNewline(body, count, what, kernels) : endsByLength(lengths, body, count, what);
  const lineStarts = new Uint32Array(count);
  for (let i = 1; i < count; i++) {
    lineStarts[i] = lineEnds[i - 1]! + 1;
  }
  const batch = { count, baseNs: minNs, deltaNs, bytes: body, lineStarts, lineEnds };
  return withMetadata(batch, metadataBytes && readMetadata(new ByteReader(metadataBytes, what), count));
}

/**
 * Whether the block's lines hold all of the needles, in one line or in several: only then is it worth decoding for
 * whoever looks for a line with all of them. It takes a part of the time, and no memory that would have to be collected.
 *
 * @throws {ServiceError} `corrupt`, as {@link decodeBlock} for the columns that were looked at.
 */
export function blockHolds(
  entry: BlockEntry,
  bytes: Uint8Array,
  needles: readonly Uint8Array[],
  what: string,
  kernels: DecodeKernels = plainKernels,
): boolean {
  checkLayout(entry, what);
  const ids = columnReader(entry, bytes, what)("ids");
  const body = columnReader(entry, bytes, what, decompressBriefly)("body")!;
  const holds = kernels.textHolds(body, ids, entry.rawBytes + entry.count, needles);
  if (holds === undefined) {
    throw corrupt(`column ids of ${what}`, "it does not fit the body");
  }
  return holds;
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

/** Reads single columns of a block. */
function columnReader(
  { columns }: BlockEntry,
  bytes: Uint8Array,
  what: string,
  decompressColumn = decompress,
): (name: keyof BlockColumns) => Uint8Array | undefined {
  return (name) => {
    const column = columns[name];
    if (column === undefined) {
      return undefined;
    }
    const offset = columnNames
      .slice(0, columnNames.indexOf(name))
      .reduce((sum, before) => sum + (columns[before]?.storedBytes ?? 0), 0);
    const stored = bytes.subarray(offset, offset + column.storedBytes);
    const columnName = `column ${name} of ${what}`;
    checkColumn(column, stored, columnName);
    return decompressColumn(stored, column.rawBytes, columnName);
  };
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
