import type { ByteReader, ByteWriter } from "@sluice/model";
import type { BlockColumns, BlockEntry, ColumnEntry } from "./block.ts";
import { readCount } from "./metadata-column.ts";

const hasLengths = 1;
const hasMetadata = 2;
/** Fewest bytes that a block's entry takes. */
const entryBytesMin = 16;

/** The footer's table of blocks; FORMAT.md has the layout. */
export function writeBlockTable(out: ByteWriter, blocks: readonly BlockEntry[]): void {
  out.varint(blocks.length);
  for (const block of blocks) {
    const { body, times, lengths, metadata } = block.columns;
    out.varint(block.stream);
    out.u64(block.minNs);
    out.varint(Number(block.maxNs - block.minNs));
    out.varint(block.count);
    out.varint(block.rawBytes);
    out.varint(block.offset);
    out.u8(block.encoding);
    out.u8((lengths === undefined ? 0 : hasLengths) | (metadata === undefined ? 0 : hasMetadata));
    for (const column of [body, times, lengths, metadata]) {
      if (column !== undefined) {
        out.varint(column.storedBytes);
        out.varint(column.rawBytes);
        out.u32(column.crc);
      }
    }
  }
}

/** @throws {ServiceError} `corrupt` */
export function readBlockTable(reader: ByteReader): readonly BlockEntry[] {
  const count = readCount(reader, reader.remaining / entryBytesMin);
  return Array.from({ length: count }, () => readBlockEntry(reader));
}

function readBlockEntry(reader: ByteReader): BlockEntry {
  const stream = reader.varint();
  const minNs = BigInt.asIntN(64, reader.u64());
  const maxNs = minNs + BigInt(reader.varint());
  const count = reader.varint();
  const rawBytes = reader.varint();
  const offset = reader.varint();
  const encoding = reader.u8();
  const flags = reader.u8();
  if (count === 0) {
    throw reader.corrupt("a block without entries");
  }
  const columns: BlockColumns = {
    body: readColumn(reader),
    times: readColumn(reader),
    lengths: (flags & hasLengths) === 0 ? undefined : readColumn(reader),
    metadata: (flags & hasMetadata) === 0 ? undefined : readColumn(reader),
  };
  // Each row takes at least one byte in the body and one in the times: a damaged count cannot reserve more than that.
  if (count > columns.times.rawBytes || count > columns.body.rawBytes) {
    throw reader.corrupt(`a block of ${count} entries in ${columns.body.rawBytes} bytes`);
  }
  return { stream, minNs, maxNs, count, rawBytes, offset, encoding, columns };
}

function readColumn(reader: ByteReader): ColumnEntry {
  return { storedBytes: reader.varint(), rawBytes: reader.varint(), crc: reader.u32() };
}
