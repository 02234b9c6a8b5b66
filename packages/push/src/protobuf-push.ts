import { ServiceError } from "@sluice/model";
import { EntryColumns } from "./entry-columns.ts";
import { tooManyEntries, tooManyStreams, type PushLimits } from "./limits.ts";
import { MetadataSets } from "./metadata-sets.ts";
import { zeroTimeSeconds, type PushedStream } from "./pushed-stream.ts";
import { expectWireType, WireReader, wireType } from "./wire-reader.ts";

/** The years 1 to 9999, the range of google.protobuf.Timestamp, in seconds since the epoch. */
const secondsMin = zeroTimeSeconds;
const secondsEnd = 253_402_300_800;

/**
 * Reads a logproto.PushRequest (see schema.ts) as columns that point into `bytes`: no string per line, so that a line
 * costs the walk over its field headers. Like Loki's own reader it lets the last occurrence of a field win and passes
 * over fields that it does not know.
 *
 * @throws {ServiceError} `bad_data` when the bytes are no PushRequest; `too_large` past `limits`.
 */
export function readPushRequest(bytes: Uint8Array, limits: PushLimits): readonly PushedStream[] {
  const reader = new WireReader(bytes);
  const { end } = reader;
  const streams: PushedStream[] = [];
  let entriesLeft = limits.entriesMax;
  while (reader.offset < end) {
    reader.end = end;
    const tag = reader.tag("PushRequest");
    if (tag >>> 3 === 1) {
      expectWireType(tag, wireType.bytes, "Streams");
      entriesLeft -= readStream(reader, reader.lengthEnd(), bytes, limits, entriesLeft, streams);
    } else {
      skipField(reader, tag, 2, wireType.bytes, "Format");
    }
  }
  return streams;
}

/**
 * Two walks: the first counts the entries, so that the columns are allocated once and in their right size.
 *
 * @returns how many there are.
 */
function readStream(
  reader: WireReader,
  end: number,
  bytes: Uint8Array,
  { streamsMax, entriesMax }: PushLimits,
  entriesLeft: number,
  streams: PushedStream[],
): number {
  const start = reader.offset;
  const { labels, entryCount } = readStreamShape(reader, end);
  if (entryCount > entriesLeft) {
    throw tooManyEntries(entriesMax);
  }
  const metadata = new MetadataSets(reader);
  const columns = new EntryColumns(bytes, entryCount, metadata.sets);
  const entry = new EntryReader(reader, metadata);
  reader.offset = start;
  while (reader.offset < end && streams.length + columns.batchCount <= streamsMax) {
    reader.end = end;
    const tag = reader.tag("StreamAdapter");
    if (tag >>> 3 === 2) {
      entry.read(reader.lengthEnd());
      columns.add(entry.seconds, entry.nanos, entry.lineStart, entry.lineEnd, entry.metadata);
    } else {
      reader.skip(tag);
    }
  }
  if (streams.length + columns.batchCount > streamsMax) {
    throw tooManyStreams(streamsMax);
  }
  for (const batch of columns.finish()) {
    streams.push({ labels, batch });
  }
  return entryCount;
}

function readStreamShape(reader: WireReader, end: number): { readonly labels: string; readonly entryCount: number } {
  let labels = "";
  let entryCount = 0;
  reader.end = end;
  while (reader.offset < end) {
    const tag = reader.tag("StreamAdapter");
    if (tag >>> 3 === 2) {
      expectWireType(tag, wireType.bytes, "Entries");
      reader.offset = reader.lengthEnd();
      entryCount += 1;
    } else if (tag >>> 3 === 1) {
      expectWireType(tag, wireType.bytes, "Labels");
      labels = reader.text(reader.lengthEnd());
    } else {
      skipField(reader, tag, 3, wireType.varint, "Hash");
    }
  }
  return { labels, entryCount };
}

/** The entry that was read last. One object serves a whole stream: there are too many entries for one each. */
class EntryReader {
  seconds = 0;
  nanos = 0;
  lineStart = 0;
  lineEnd = 0;
  /** The place of its structured metadata among the stream's sets, 0 for none. */
  metadata = 0;
  readonly #reader: WireReader;
  readonly #sets: MetadataSets;

  constructor(reader: WireReader, sets: MetadataSets) {
    this.#reader = reader;
    this.#sets = sets;
  }

  /** Reads the entry from the reader's offset to `end`. */
  read(end: number): void {
    const reader = this.#reader;
    this.seconds = zeroTimeSeconds;
    this.nanos = 0;
    this.lineStart = 0;
    this.lineEnd = 0;
    let metadataStart = -1;
    let metadataEnd = -1;
    while (reader.offset < end) {
      reader.end = end;
      const fieldStart = reader.offset;
      const tag = reader.tag("EntryAdapter");
      switch (tag >>> 3) {
        case 1:
          expectWireType(tag, wireType.bytes, "Timestamp");
          this.#readTimestamp(reader.lengthEnd());
          break;
        case 2:
          expectWireType(tag, wireType.bytes, "Line");
          this.lineEnd = reader.lengthEnd();
          this.lineStart = reader.offset;
          reader.offset = this.lineEnd;
          break;
        case 3:
          expectWireType(tag, wireType.bytes, "StructuredMetadata");
          metadataStart = metadataStart === -1 ? fieldStart : metadataStart;
          metadataEnd = reader.lengthEnd();
          reader.offset = metadataEnd;
          break;
        default:
          skipField(reader, tag, 4, wireType.bytes, "Parsed");
      }
    }
    this.metadata = metadataStart === -1 ? 0 : this.#sets.placeOf(metadataStart, metadataEnd);
  }

  #readTimestamp(end: number): void {
    const reader = this.#reader;
    let seconds = 0;
    let nanos = 0;
    reader.end = end;
    while (reader.offset < end) {
      const tag = reader.tag("Timestamp");
      if (tag >>> 3 === 1) {
        expectWireType(tag, wireType.varint, "Seconds");
        seconds = reader.int64();
      } else if (tag >>> 3 === 2) {
        expectWireType(tag, wireType.varint, "Nanos");
        nanos = reader.int32();
      } else {
        reader.skip(tag);
      }
    }
    if (seconds < secondsMin || seconds >= secondsEnd || nanos < 0 || nanos >= 1e9) {
      throw invalidTimestamp(seconds, nanos);
    }
    this.seconds = seconds;
    this.nanos = nanos;
  }
}

/** Skips a field; one that the schema has, but that nobody needs, must still have the schema's wire type. */
function skipField(reader: WireReader, tag: number, knownField: number, kind: number, name: string): void {
  if (tag >>> 3 === knownField) {
    expectWireType(tag, kind, name);
  }
  reader.skip(tag);
}

function invalidTimestamp(seconds: number, nanos: number): ServiceError {
  const problem =
    seconds < secondsMin
      ? " before 0001-01-01"
      : seconds >= secondsEnd
        ? " after 10000-01-01"
        : ": nanos not in range [0, 1e9)";
  return new ServiceError(
    "bad_data",
    `timestamp: &types.Timestamp{Seconds: ${seconds},\nNanos: ${nanos},\n}${problem}`,
  );
}
