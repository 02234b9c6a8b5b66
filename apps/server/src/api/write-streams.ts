import { categorizeLabels } from "@sluice/api";
import type { Kernels } from "@sluice/kernels";
import {
  instantOf,
  labelsFrom,
  labelsToRecord,
  printLabels,
  type Labels,
  type ResultColumns,
  type ResultEntry,
  type ResultStream,
} from "@sluice/model";
import type { JsonBytes } from "./json-bytes.ts";

export type EscapeKernels = Pick<Kernels, "escapeJsonLines">;

/** A time and the marks around it and the line. */
const aroundLineBytes = 32;
/** Bytes of lines that are escaped at a time. */
const escapedAtOnce = 256 * 1024;
const encoder = new TextEncoder();

const close = encoder.encode("]");

/** Writes streams as Loki does: by their own labels with `categorize-labels`, else by all labels of their lines. */
export function writeStreams(
  out: JsonBytes,
  streams: readonly ResultStream[],
  flags: readonly string[],
  kernels: EscapeKernels,
): void {
  if (flags.includes(categorizeLabels)) {
    writeCategorized(out, streams, kernels);
  } else {
    writeFlat(out, streams, kernels);
  }
}

/** A line as a stream of its own, as tails send it. */
export function streamOfLine(labels: Labels, entry: ResultEntry, flags: readonly string[]): unknown {
  const { metadata, parsed } = entry;
  const value = [entry.timestampNs.toString(), entry.line];
  return flags.includes(categorizeLabels)
    ? { stream: labelsToRecord(labels), values: [[...value, categoriesOf(metadata, parsed)]] }
    : { stream: labelsToRecord(allLabels(labels, metadata, parsed)), values: [value] };
}

/** With `categorize-labels` a stream keeps its own labels, and each line tells where its other labels are from. */
function writeCategorized(out: JsonBytes, streams: readonly ResultStream[], kernels: EscapeKernels): void {
  out.text("[");
  for (const [i, stream] of streams.entries()) {
    const columns = columnsOf(stream);
    const lines = escapeLines(columns, kernels);
    out.expect(sizeOf(columns, lines));
    out.text(`${i === 0 ? "" : ","}{"stream":${labelsJson(stream.labels)},"values":[`);
    const byMetadata = new Map<Labels, Uint8Array>();
    for (let row = 0; row < columns.count; row++) {
      writeLine(out, row === 0, columns, lines, row);
      out.bytes(categoriesOfLine(columns.metadata[row]!, columns.parsed[row]!, byMetadata));
    }
    out.text("]}");
  }
  out.text("]");
}

/** What follows a line's text. Most lines have the very label sets of others. */
function categoriesOfLine(metadata: Labels, parsed: Labels, byMetadata: Map<Labels, Uint8Array>): Uint8Array {
  let written = parsed.length === 0 ? byMetadata.get(metadata) : undefined;
  if (written === undefined) {
    written = encoder.encode(`,${JSON.stringify(categoriesOf(metadata, parsed))}]`);
    if (parsed.length === 0) {
      byMetadata.set(metadata, written);
    }
  }
  return written;
}

function categoriesOf(metadata: Labels, parsed: Labels): unknown {
  return {
    ...(metadata.length > 0 ? { structuredMetadata: labelsToRecord(metadata) } : {}),
    ...(parsed.length > 0 ? { parsed: labelsToRecord(parsed) } : {}),
  };
}

/** The lines of the answer that have the same labels. */
interface FlatStream {
  readonly labels: Labels;
  readonly parts: { readonly stream: number; readonly rows: number[] }[];
}

/** Without the flag every distinct set of all labels is a stream of its own, ordered by its text. */
function writeFlat(out: JsonBytes, streams: readonly ResultStream[], kernels: EscapeKernels): void {
  const columns = streams.map(columnsOf);
  const lines = columns.map((all) => escapeLines(all, kernels));
  out.expect(columns.reduce((sum, all, i) => sum + sizeOf(all, lines[i]!), 0));
  const byText = new Map<string, FlatStream>();
  for (const [stream, { labels }] of streams.entries()) {
    groupRows(byText, stream, labels, columns[stream]!);
  }
  const ordered = [...byText].sort(([a], [b]) => (a < b ? -1 : 1));
  out.text("[");
  for (const [i, [, { labels, parts }]] of ordered.entries()) {
    out.text(`${i === 0 ? "" : ","}{"stream":${labelsJson(labels)},"values":[`);
    let isFirst = true;
    for (const { stream, rows } of parts) {
      for (const row of rows) {
        writeLine(out, isFirst, columns[stream]!, lines[stream]!, row);
        out.bytes(close);
        isFirst = false;
      }
    }
    out.text("]}");
  }
  out.text("]");
}

function groupRows(
  byText: Map<string, FlatStream>,
  stream: number,
  labels: Labels,
  { count, metadata, parsed }: ResultColumns,
): void {
  // Most lines have the very label sets of others.
  const byMetadata = new Map<Labels, number[]>();
  for (let row = 0; row < count; row++) {
    const isPlain = parsed[row]!.length === 0;
    let rows = isPlain ? byMetadata.get(metadata[row]!) : undefined;
    if (rows === undefined) {
      rows = rowsOf(byText, stream, allLabels(labels, metadata[row]!, parsed[row]!));
      if (isPlain) {
        byMetadata.set(metadata[row]!, rows);
      }
    }
    rows.push(row);
  }
}

function rowsOf(byText: Map<string, FlatStream>, stream: number, labels: Labels): number[] {
  const text = printLabels(labels);
  let flat = byText.get(text);
  if (flat === undefined) {
    flat = { labels, parts: [] };
    byText.set(text, flat);
  }
  let part = flat.parts.at(-1);
  if (part?.stream !== stream) {
    part = { stream, rows: [] };
    flat.parts.push(part);
  }
  return part.rows;
}

function allLabels(labels: Labels, metadata: Labels, parsed: Labels): Labels {
  return metadata.length === 0 && parsed.length === 0 ? labels : labelsFrom([...labels, ...metadata, ...parsed]);
}

function labelsJson(labels: Labels): string {
  return JSON.stringify(labelsToRecord(labels));
}

/** The insides of the lines' JSON strings: that of line `i` is `parts[partOf[i]][starts[i], ends[i])`. */
interface EscapedLines {
  readonly parts: readonly Uint8Array[];
  readonly partOf: Uint32Array;
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

function writeLine(
  out: JsonBytes,
  isFirst: boolean,
  { seconds, nanos }: ResultColumns,
  { parts, partOf, starts, ends }: EscapedLines,
  row: number,
): void {
  out.line(isFirst, seconds[row]!, nanos[row]!, parts[partOf[row]!]!, starts[row]!, ends[row]!);
}

function escapeLines({ count, bytes, lineStarts, lineEnds }: ResultColumns, kernels: EscapeKernels): EscapedLines {
  const parts: Uint8Array[] = [];
  const partOf = new Uint32Array(count);
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  for (let from = 0; from < count;) {
    let to = from + 1;
    while (to < count && lineEnds[to]! - lineStarts[from]! <= escapedAtOnce) {
      to += 1;
    }
    const escaped = kernels.escapeJsonLines(bytes, lineStarts, lineEnds, from, to);
    partOf.fill(parts.length, from, to);
    ends.set(escaped.ends, from);
    starts.set(escaped.ends.subarray(0, to - from - 1), from + 1);
    parts.push(escaped.bytes);
    from = to;
  }
  return { parts, partOf, starts, ends };
}

/** Bytes that lines take in an answer, about. */
function sizeOf({ count }: ResultColumns, { parts }: EscapedLines): number {
  return parts.reduce((sum, { length }) => sum + length, count * aroundLineBytes);
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function columnsOf({ columns, entries }: ResultStream): ResultColumns {
  return columns ?? columnsOfEntries(entries);
}

function columnsOfEntries(entries: readonly ResultEntry[]): ResultColumns {
  const lines = entries.map(({ line }) => encoder.encode(line));
  const lineEnds = new Uint32Array(entries.length);
  let at = 0;
  for (const [i, { length }] of lines.entries()) {
    at += length;
    lineEnds[i] = at;
  }
  const instants = entries.map(({ timestampNs }) => instantOf(timestampNs));
  return {
    count: entries.length,
    seconds: Float64Array.from(instants, ({ seconds }) => seconds),
    nanos: Uint32Array.from(instants, ({ nanos }) => nanos),
    bytes: joined(lines, at),
    lineStarts: Uint32Array.from(lineEnds, (_, i) => (i === 0 ? 0 : lineEnds[i - 1]!)),
    lineEnds,
    metadata: entries.map(({ metadata }) => metadata),
    parsed: entries.map(({ parsed }) => parsed),
  };
}
