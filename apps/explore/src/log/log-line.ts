import type { LabelRecord, StreamResult, StreamValue } from "@sluice/api";
import type { Direction } from "@sluice/model";

/** A line on its way into a store. The time is split, because a number cannot hold nanoseconds since the epoch. */
export interface LogLine {
  readonly seconds: number;
  readonly nanos: number;
  readonly line: string;
  /** The stream's labels; in a live tail all labels of the line. */
  readonly labels: LabelRecord;
  readonly metadata?: LabelRecord | undefined;
  readonly parsed?: LabelRecord | undefined;
  /** Not a line: a note of the page's own among the lines. */
  readonly note?: boolean;
}

/** The lines of an answer or of a tail's frame in one order: by time, then by stream, then as they arrived. */
export function linesOf(streams: readonly StreamResult[], direction: Direction): LogLine[] {
  const placed: PlacedLine[] = [];
  for (const { stream, values } of streams) {
    for (const [i, value] of values.entries()) {
      placed.push({ line: lineOf(stream, value), arrival: direction === "forward" ? i : values.length - 1 - i });
    }
  }
  // Descending is the exact mirror of ascending, also among lines of one nanosecond.
  const sign = direction === "forward" ? 1 : -1;
  placed.sort((a, b) => sign * compareLines(a, b));
  return placed.map(({ line }) => line);
}

/**
 * What tells two lines apart: Loki has no line id, and keeps one of two lines that are equal in all of this. A tail
 * gives all labels of a line as its stream's, a query gives them by category: both have the same key.
 */
export function lineKey({ seconds, nanos, line, labels, metadata, parsed }: LogLine): string {
  const all = Object.entries({ ...labels, ...metadata, ...parsed }).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${seconds}.${nanos} ${JSON.stringify(all)} ${line}`;
}

export function nsOf({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

export function splitNs(ns: bigint): { readonly seconds: number; readonly nanos: number } {
  const nanos = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: Number((ns - nanos) / 1_000_000_000n), nanos: Number(nanos) };
}

interface PlacedLine {
  readonly line: LogLine;
  /** Its place among the lines of its stream, as they arrived. */
  readonly arrival: number;
}

function compareLines(a: PlacedLine, b: PlacedLine): number {
  return (
    a.line.seconds - b.line.seconds || a.line.nanos - b.line.nanos || compareStreams(a, b) || a.arrival - b.arrival
  );
}

/** Streams are told apart only among lines of one nanosecond: most lines never get here. */
function compareStreams(a: PlacedLine, b: PlacedLine): number {
  if (a.line.labels === b.line.labels) {
    return 0;
  }
  const left = JSON.stringify(a.line.labels);
  const right = JSON.stringify(b.line.labels);
  return left < right ? -1 : left > right ? 1 : 0;
}

function lineOf(labels: LabelRecord, value: StreamValue): LogLine {
  const [ns, line, categories] = value;
  return {
    ...splitText(ns),
    line,
    labels,
    metadata: categories?.structuredMetadata,
    parsed: categories?.parsed,
  };
}

/** Splits decimal nanoseconds without going through a bigint: a page has thousands of them. */
function splitText(ns: string): { readonly seconds: number; readonly nanos: number } {
  if (ns.length <= 9 || ns.startsWith("-")) {
    return splitNs(BigInt(ns));
  }
  const border = ns.length - 9;
  return { seconds: Number(ns.slice(0, border)), nanos: Number(ns.slice(border)) };
}
