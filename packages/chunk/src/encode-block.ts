import { crc32 } from "node:zlib";
import { plainKernels, type PackedIds } from "@sluice/kernels";
import { assert, ByteWriter, timestampAt, type EntryBatch, type MetadataColumn } from "@sluice/model";
import {
  joinedEncoding,
  packedIdsEncoding,
  type BlockColumns,
  type ColumnEntry,
  type EncodeKernels,
} from "./block-columns.ts";
import { writeMetadata } from "./metadata-column.ts";
import { compress } from "./zstd.ts";

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
export function encodeBlock(batch: EntryBatch, kernels: EncodeKernels = plainKernels): EncodedBlock {
  assert(batch.count > 0, "a block holds at least one entry");
  const parts: Uint8Array[] = [];
  const column = (raw: Uint8Array): ColumnEntry => {
    const stored = compress(raw);
    parts.push(stored);
    return { storedBytes: stored.length, rawBytes: raw.length, crc: crc32(stored) };
  };
  const hasNewlines = kernels.countNewlines(batch.bytes) !== batch.count;
  const packed = packWhenWorthwhile(batch.bytes, kernels);
  const columns: BlockColumns = {
    body: column(packed?.text ?? batch.bytes),
    times: column(timesColumn(batch)),
    lengths: hasNewlines ? column(lengthsColumn(batch)) : undefined,
    metadata: batch.metadata === undefined ? undefined : column(metadataColumn(batch.metadata)),
    ids: packed && column(packed.ids),
  };
  return {
    bytes: concatenate(parts),
    filter: filterOf(batch, kernels),
    columns,
    encoding: packed === undefined ? joinedEncoding : packedIdsEncoding,
    minNs: timestampAt(batch, 0),
    maxNs: timestampAt(batch, batch.count - 1),
    count: batch.count,
    rawBytes: batch.bytes.length - batch.count,
  };
}

/** The skip filter of a block: of all tokens in its lines and in its structured metadata. */
export function filterOf(
  { bytes, metadata }: EntryBatch,
  kernels: Pick<EncodeKernels, "buildTokenFilter"> = plainKernels,
): Uint8Array {
  return kernels.buildTokenFilter([bytes, metadataText(metadata)]);
}

/** Of the body; with fewer ids than this the block is not worth another column. */
const idBytesShareMin = 1 / 64;

function packWhenWorthwhile(bytes: Uint8Array, kernels: EncodeKernels): PackedIds | undefined {
  const packed = kernels.packIds(bytes);
  return packed !== undefined && packed.ids.length >= bytes.length * idBytesShareMin ? packed : undefined;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const textEncoder = new TextEncoder();

/** Names and values of the structured metadata, parted so that no token reaches from one into the next. */
export function metadataText(metadata: MetadataColumn | undefined): Uint8Array {
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
