import type { PushColumns, StreamColumns } from "@sluice/kernels";
import { withMetadata, type EntryBatch } from "@sluice/model";
import { tooManyStreams, type PushLimits } from "./limits.ts";
import { MetadataSets } from "./metadata-sets.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * The streams of a request that a kernel has read: the same as {@link readPushRequest} makes of `bytes`, as views of the
 * kernel's columns.
 *
 * @throws {ServiceError} `bad_data` when structured metadata, which the kernel passes over, is damaged; `too_large` past
 * `limits.streamsMax`.
 */
export function streamsOf(bytes: Uint8Array, columns: PushColumns, limits: PushLimits): readonly PushedStream[] {
  if (columns.streams.length > limits.streamsMax) {
    throw tooManyStreams(limits.streamsMax);
  }
  const reader = new WireReader(bytes);
  let entriesStart = 0;
  let setsStart = 0;
  return columns.streams.map((stream) => {
    const batch = batchOf(reader, bytes, columns, stream, entriesStart, setsStart);
    reader.offset = stream.labelsStart;
    entriesStart = stream.entriesEnd;
    setsStart = stream.setsEnd;
    return { labels: reader.text(stream.labelsEnd), batch };
  });
}

function batchOf(
  reader: WireReader,
  bytes: Uint8Array,
  columns: PushColumns,
  { entriesEnd, setsEnd, baseSeconds, baseNanos }: StreamColumns,
  entriesStart: number,
  setsStart: number,
): EntryBatch {
  const batch = {
    count: entriesEnd - entriesStart,
    baseNs: BigInt(baseSeconds) * 1_000_000_000n + BigInt(baseNanos),
    deltaNs: columns.deltaNs.subarray(entriesStart, entriesEnd),
    bytes,
    lineStarts: columns.lineStarts.subarray(entriesStart, entriesEnd),
    lineEnds: columns.lineEnds.subarray(entriesStart, entriesEnd),
  };
  if (columns.places === undefined || setsEnd === setsStart) {
    return batch;
  }
  const metadata = new MetadataSets(reader);
  const places = new Uint32Array(1 + setsEnd - setsStart);
  for (let i = setsStart; i < setsEnd; i++) {
    places[1 + i - setsStart] = metadata.placeOf(columns.sets[2 * i]!, columns.sets[2 * i + 1]!);
  }
  // The kernel numbers the sets of all streams; 0 is none everywhere.
  const index = columns.places.subarray(entriesStart, entriesEnd);
  for (let i = 0; i < index.length; i++) {
    index[i] = places[Math.max(index[i]! - setsStart, 0)]!;
  }
  return withMetadata(batch, { sets: metadata.sets, index });
}
