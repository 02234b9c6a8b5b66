import {
  ByteReader,
  ByteWriter,
  deltaNsMax,
  withMetadata,
  type EntryBatch,
  type Labels,
  type MetadataColumn,
} from "@sluice/model";
import { joinBatch } from "./join-batch.ts";
import { readCount, readLabels, readMetadata, writeLabels, writeMetadata } from "./metadata-column.ts";

/** Entries of one stream. */
export interface StreamEntries {
  readonly labels: Labels;
  readonly batch: EntryBatch;
}

const hasMetadata = 1;

/**
 * Writes streams as plain columns, cheap to write and to read again: for the write-ahead log, which is fsynced often
 * and read seldom. Per stream: labels, count, base time, deltas (8 bytes each, little endian), line lengths (4 bytes
 * each), lines (each followed by `\n`), metadata.
 *
 * @param streams best joined already; others are joined first.
 * @returns the bytes in parts; some are views of the batches.
 */
export function encodeStreams(streams: readonly StreamEntries[]): Uint8Array[] {
  const parts: Uint8Array[] = [];
  for (const { labels, batch } of streams) {
    const { bytes: body, ...lines } = joinBatch(batch);
    const lengths = lengthsOf(lines);
    const head = new ByteWriter(256);
    writeLabels(head, labels);
    head.varint(batch.count);
    head.u64(batch.baseNs);
    head.varint(body.length);
    head.u8(batch.metadata === undefined ? 0 : hasMetadata);
    parts.push(head.finish(), bytesOf(batch.deltaNs), bytesOf(lengths), body);
    if (batch.metadata !== undefined) {
      parts.push(encodeMetadata(batch.metadata));
    }
  }
  return parts;
}

/**
 * Reads what {@link encodeStreams} wrote; the batches are joined; their lines are views of `bytes`.
 *
 * @throws {ServiceError} `corrupt`
 */
export function decodeStreams(bytes: Uint8Array): StreamEntries[] {
  const reader = new ByteReader(bytes, "a run of streams");
  const streams: StreamEntries[] = [];
  while (reader.remaining > 0) {
    streams.push(readStream(reader));
  }
  return streams;
}

function readStream(reader: ByteReader): StreamEntries {
  const labels = readLabels(reader);
  const count = readCount(reader, reader.remaining / 12);
  const baseNs = BigInt.asIntN(64, reader.u64());
  const bodyBytes = reader.varint();
  const flags = reader.u8();
  const deltaNs = new Float64Array(reader.bytes(count * 8).slice().buffer);
  const lengths = new Uint32Array(reader.bytes(count * 4).slice().buffer);
  const bytes = reader.bytes(bodyBytes);
  const lineStarts = new Uint32Array(count);
  const lineEnds = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    lineStarts[i] = at;
    at += lengths[i]!;
    if (at >= bodyBytes || bytes[at] !== 0x0a) {
      throw reader.corrupt(`line ${i} does not end where it should`);
    }
    if (!Number.isInteger(deltaNs[i]!) || Math.abs(deltaNs[i]!) > deltaNsMax) {
      throw reader.corrupt(`the time of line ${i} is no whole number of nanoseconds`);
    }
    lineEnds[i] = at;
    at += 1;
  }
  if (at !== bodyBytes) {
    throw reader.corrupt("the lines do not fill their column");
  }
  const metadata = (flags & hasMetadata) === 0 ? undefined : readMetadata(reader, count);
  return { labels, batch: withMetadata({ count, baseNs, deltaNs, bytes, lineStarts, lineEnds }, metadata) };
}

function lengthsOf({
  count,
  lineStarts,
  lineEnds,
}: Pick<EntryBatch, "count" | "lineStarts" | "lineEnds">): Uint32Array {
  const lengths = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    lengths[i] = lineEnds[i]! - lineStarts[i]!;
  }
  return lengths;
}

function encodeMetadata(metadata: MetadataColumn): Uint8Array {
  const out = new ByteWriter();
  writeMetadata(out, metadata);
  return out.finish();
}

function bytesOf(column: Float64Array | Uint32Array): Uint8Array {
  return new Uint8Array(column.buffer, column.byteOffset, column.byteLength);
}
