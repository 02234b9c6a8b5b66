import { categorizeLabels } from "@sluice/api";
import type { Kernels } from "@sluice/kernels";
import {
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

/** Bytes of lines that are escaped at a time. */
const escapedAtOnce = 256 * 1024;
const nsPerSecond = 1_000_000_000n;
const encoder = new TextEncoder();

const open = encoder.encode('["');
const between = encoder.encode('","');
const close = encoder.encode('"]');

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
    out.text(`${i === 0 ? "" : ","}{"stream":${labelsJson(stream.labels)},"values":[`);
    let [metadata, parsed]: (Labels | undefined)[] = [];
    let categories = "";
    for (let row = 0; row < columns.count; row++) {
      if (columns.metadata[row] !== metadata || columns.parsed[row] !== parsed) {
        metadata = columns.metadata[row]!;
        parsed = columns.parsed[row]!;
        categories = `",${categoriesJson(metadata, parsed)}]`;
      }
      out.bytes(row === 0 ? open : commaOpen);
      writeLine(out, columns, lines, row);
      out.text(categories);
    }
    out.text("]}");
  }
  out.text("]");
}

const commaOpen = encoder.encode(',["');

function categoriesJson(metadata: Labels, parsed: Labels): string {
  return JSON.stringify(categoriesOf(metadata, parsed));
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
        out.bytes(isFirst ? open : commaOpen);
        isFirst = false;
        writeLine(out, columns[stream]!, lines[stream]!, row);
        out.bytes(close);
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

/** The insides of the lines' JSON strings: line `i` ends at `ends[i]`, where the next one begins. */
interface EscapedLines {
  readonly bytes: Uint8Array;
  readonly ends: Float64Array;
}

function writeLine(
  out: JsonBytes,
  { seconds, nanos }: ResultColumns,
  { bytes, ends }: EscapedLines,
  row: number,
): void {
  out.timestampNs(seconds[row]!, nanos[row]!);
  out.bytes(between);
  out.bytes(bytes.subarray(row === 0 ? 0 : ends[row - 1], ends[row]));
}

function escapeLines({ count, bytes, lineStarts, lineEnds }: ResultColumns, kernels: EscapeKernels): EscapedLines {
  const ends = new Float64Array(count);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let from = 0; from < count;) {
    let to = from + 1;
    while (to < count && lineEnds[to]! - lineStarts[from]! <= escapedAtOnce) {
      to += 1;
    }
    const escaped = kernels.escapeJsonLines(bytes, lineStarts, lineEnds, from, to);
    for (let row = from; row < to; row++) {
      ends[row] = length + escaped.ends[row - from]!;
    }
    parts.push(escaped.bytes);
    length += escaped.bytes.length;
    from = to;
  }
  return { bytes: parts.length === 1 ? parts[0]! : joined(parts, length), ends };
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
  const wholeSeconds = entries.map(
    ({ timestampNs: ns }) => (ns - (((ns % nsPerSecond) + nsPerSecond) % nsPerSecond)) / nsPerSecond,
  );
  return {
    count: entries.length,
    seconds: Float64Array.from(wholeSeconds, Number),
    nanos: Uint32Array.from(entries, ({ timestampNs }, i) => Number(timestampNs - wholeSeconds[i]! * nsPerSecond)),
    bytes: joined(lines, at),
    lineStarts: Uint32Array.from(lineEnds, (_, i) => (i === 0 ? 0 : lineEnds[i - 1]!)),
    lineEnds,
    metadata: entries.map(({ metadata }) => metadata),
    parsed: entries.map(({ parsed }) => parsed),
  };
}
