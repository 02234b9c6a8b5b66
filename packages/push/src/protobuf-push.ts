import { labelsFrom, noLabels, ServiceError, type LabelPair } from "@sluice/model";
import { EntryColumns } from "./entry-columns.ts";
import { tooManyStreams, type PushLimits } from "./limits.ts";
import { zeroTimeSeconds, type PushedStream } from "./pushed-stream.ts";
import { WireReader, wireType } from "./wire-reader.ts";

/** The years 1 to 9999, the range of google.protobuf.Timestamp, in seconds since the epoch. */
const secondsMin = zeroTimeSeconds;
const secondsEnd = 253_402_300_800;

// A byte order mark in a label's value is part of the value.
const textDecoder = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Reads a logproto.PushRequest (see schema.ts) as columns that point into `bytes`: no string per line, so that a line
 * costs the walk over its field headers. Like Loki's own reader it lets the last occurrence of a field win and passes
 * over fields that it does not know.
 *
 * @throws {ServiceError} `bad_data` when the bytes are no PushRequest; `too_large` past `limits.streamsMax`.
 */
export function readPushRequest(bytes: Uint8Array, limits: PushLimits): readonly PushedStream[] {
  const reader = new WireReader(bytes);
  const streams: PushedStream[] = [];
  while (reader.offset < reader.end) {
    const tag = reader.tag("PushRequest");
    if (tag >>> 3 === 1) {
      expectWireType(tag, wireType.bytes, "Streams");
      readStream(reader, reader.lengthEnd(), limits.streamsMax, streams);
    } else {
      skipField(reader, tag, 2, wireType.bytes, "Format");
    }
  }
  return streams;
}

/** Two walks: the first counts the entries, so that the columns are allocated once and in their right size. */
function readStream(reader: WireReader, end: number, streamsMax: number, streams: PushedStream[]): void {
  const { offset: start, end: outerEnd } = reader;
  const shape = readStreamShape(reader, end);
  const columns = new EntryColumns(reader.bytes, shape.entryCount);
  const entry = new EntryReader(reader);
  reader.offset = start;
  while (reader.offset < end) {
    reader.end = end;
    const tag = reader.tag("StreamAdapter");
    if (tag >>> 3 !== 2) {
      reader.skip(tag);
      continue;
    }
    entry.read(reader.lengthEnd());
    columns.add(entry.seconds, entry.nanos, entry.lineStart, entry.lineEnd, entry.metadata());
    if (streams.length + columns.batchCount > streamsMax) {
      throw tooManyStreams(streamsMax);
    }
  }
  reader.end = outerEnd;
  const labels = textDecoder.decode(reader.bytes.subarray(shape.labelsStart, shape.labelsEnd));
  for (const batch of columns.finish()) {
    streams.push({ labels, batch });
  }
  if (streams.length > streamsMax) {
    throw tooManyStreams(streamsMax);
  }
}

interface StreamShape {
  readonly labelsStart: number;
  readonly labelsEnd: number;
  readonly entryCount: number;
}

function readStreamShape(reader: WireReader, end: number): StreamShape {
  reader.end = end;
  let labelsStart = 0;
  let labelsEnd = 0;
  let entryCount = 0;
  while (reader.offset < end) {
    const tag = reader.tag("StreamAdapter");
    if (tag >>> 3 === 2) {
      expectWireType(tag, wireType.bytes, "Entries");
      reader.offset = reader.lengthEnd();
      entryCount += 1;
    } else if (tag >>> 3 === 1) {
      expectWireType(tag, wireType.bytes, "Labels");
      labelsEnd = reader.lengthEnd();
      labelsStart = reader.offset;
      reader.offset = labelsEnd;
    } else {
      skipField(reader, tag, 3, wireType.varint, "Hash");
    }
  }
  return { labelsStart, labelsEnd, entryCount };
}

/** The entry that was read last. One object serves a whole stream: there are too many entries for one each. */
class EntryReader {
  seconds = 0;
  nanos = 0;
  lineStart = 0;
  lineEnd = 0;
  readonly #reader: WireReader;
  #pairs: LabelPair[] = [];

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  metadata(): readonly LabelPair[] {
    return this.#pairs.length === 0 ? noLabels : labelsFrom(this.#pairs);
  }

  /** Reads the entry from the reader's offset to `end`. */
  read(end: number): void {
    const reader = this.#reader;
    this.seconds = zeroTimeSeconds;
    this.nanos = 0;
    this.lineStart = 0;
    this.lineEnd = 0;
    if (this.#pairs.length > 0) {
      this.#pairs = [];
    }
    while (reader.offset < end) {
      reader.end = end;
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
          this.#pairs.push(readLabelPair(reader, reader.lengthEnd()));
          break;
        default:
          skipField(reader, tag, 4, wireType.bytes, "Parsed");
      }
    }
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

function readLabelPair(reader: WireReader, end: number): LabelPair {
  let name = "";
  let value = "";
  reader.end = end;
  while (reader.offset < end) {
    const tag = reader.tag("LabelPairAdapter");
    const field = tag >>> 3;
    if (field !== 1 && field !== 2) {
      reader.skip(tag);
      continue;
    }
    expectWireType(tag, wireType.bytes, field === 1 ? "Name" : "Value");
    const textEnd = reader.lengthEnd();
    const text = textDecoder.decode(reader.bytes.subarray(reader.offset, textEnd));
    reader.offset = textEnd;
    if (field === 1) {
      name = text;
    } else {
      value = text;
    }
  }
  return { name, value };
}

/** Skips a field; one that the schema has, but that nobody needs, must still have the schema's wire type. */
function skipField(reader: WireReader, tag: number, knownField: number, kind: number, name: string): void {
  if (tag >>> 3 === knownField) {
    expectWireType(tag, kind, name);
  }
  reader.skip(tag);
}

function expectWireType(tag: number, kind: number, field: string): void {
  if ((tag & 7) !== kind) {
    throw new ServiceError("bad_data", `proto: wrong wireType = ${tag & 7} for field ${field}`);
  }
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
