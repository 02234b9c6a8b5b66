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
  const keyed: { readonly line: LogLine; readonly stream: number; readonly arrival: number }[] = [];
  const sorted = streams
    .map((stream) => ({ stream, key: JSON.stringify(stream.stream) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
  for (const [stream, { stream: result }] of sorted.entries()) {
    const { values } = result;
    for (const [i, value] of values.entries()) {
      const arrival = direction === "forward" ? i : values.length - 1 - i;
      keyed.push({ line: lineOf(result.stream, value), stream, arrival });
    }
  }
  // Descending is the exact mirror of ascending, also among lines of one nanosecond.
  const sign = direction === "forward" ? 1 : -1;
  keyed.sort(
    (a, b) =>
      sign *
      (a.line.seconds - b.line.seconds || a.line.nanos - b.line.nanos || a.stream - b.stream || a.arrival - b.arrival),
  );
  return keyed.map(({ line }) => line);
}

/** What tells two lines apart: Loki has no line id, and keeps one of two lines that are equal in all of this. */
export function lineKey(line: LogLine): string {
  return `${line.seconds}.${line.nanos} ${JSON.stringify(line.labels)} ${line.line}`;
}

export function nsOf({ seconds, nanos }: { readonly seconds: number; readonly nanos: number }): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

export function splitNs(ns: bigint): { readonly seconds: number; readonly nanos: number } {
  const nanos = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  return { seconds: Number((ns - nanos) / 1_000_000_000n), nanos: Number(nanos) };
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
