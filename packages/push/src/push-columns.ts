import type { PushColumns, StreamColumns } from "@sluice/kernels";
import { noLabels, withMetadata, type EntryBatch, type Labels } from "@sluice/model";
import { CanonicalMetadata } from "./canonical-metadata.ts";
import { tooManyEntries, tooManyStreams, type PushLimits } from "./limits.ts";
import { MetadataSets } from "./metadata-sets.ts";
import type { PushedStream } from "./pushed-stream.ts";
import { WireReader } from "./wire-reader.ts";

/**
 * The streams of a request that a kernel has read: the same as {@link readPushRequest} makes of `bytes`, as views of the
 * kernel's columns.
 *
 * @throws {ServiceError} `bad_data` when structured metadata, which the kernel passes over, is damaged; `too_large` past
 * `limits`.
 */
export function streamsOf(bytes: Uint8Array, columns: PushColumns, limits: PushLimits): readonly PushedStream[] {
  if (columns.streams.length > limits.streamsMax) {
    throw tooManyStreams(limits.streamsMax);
  }
  if (columns.deltaNs.length > limits.entriesMax) {
    throw tooManyEntries(limits.entriesMax);
  }
  const reader = new WireReader(bytes);
  const canonical = new CanonicalMetadata(bytes);
  let entriesStart = 0;
  let setsStart = 0;
  return columns.streams.map((stream) => {
    const batch = batchOf(reader, canonical, bytes, columns, stream, entriesStart, setsStart);
    reader.offset = stream.labelsStart;
    entriesStart = stream.entriesEnd;
    setsStart = stream.setsEnd;
    return { labels: reader.text(stream.labelsEnd), batch };
  });
}

function batchOf(
  reader: WireReader,
  canonical: CanonicalMetadata,
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
  const { sets, places } = readSets(reader, canonical, columns.sets.subarray(2 * setsStart, 2 * setsEnd));
  // The kernel numbers the sets of all streams; 0 is none everywhere.
  const index = columns.places.subarray(entriesStart, entriesEnd);
  for (let i = 0; i < index.length; i++) {
    index[i] = places[Math.max(index[i]! - setsStart, 0)]!;
  }
  return withMetadata(batch, { sets, index });
}

/** The sets of a stream, and where each of those that were sent is among them; 0 is the empty one in both. */
function readSets(
  reader: WireReader,
  canonical: CanonicalMetadata,
  offsets: Uint32Array,
): { readonly sets: readonly Labels[]; readonly places: Uint32Array } {
  const sets: Labels[] = [noLabels];
  const places = new Uint32Array(1 + offsets.length / 2);
  for (let i = 1; i < places.length; i++) {
    const set = canonical.read(offsets[2 * i - 2]!, offsets[2 * i - 1]!);
    if (set === undefined) {
      return readAnySets(reader, offsets, places);
    }
    // Different bytes, all of them canonical, are different sets.
    sets.push(set);
    places[i] = i;
  }
  return { sets, places };
}

function readAnySets(
  reader: WireReader,
  offsets: Uint32Array,
  places: Uint32Array,
): { readonly sets: readonly Labels[]; readonly places: Uint32Array } {
  const metadata = new MetadataSets(reader);
  for (let i = 1; i < places.length; i++) {
    places[i] = metadata.placeOf(offsets[2 * i - 2]!, offsets[2 * i - 1]!);
  }
  return { sets: metadata.sets, places };
}
