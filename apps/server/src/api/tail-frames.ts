import {
  labelsToRecord,
  printLabels,
  printRfc3339Ns,
  type Labels,
  type Metrics,
  type ResultStream,
} from "@sluice/model";
import type { WebSocket } from "ws";
import { legacyStreams } from "./write-legacy.ts";
import { streamOfLine } from "./write-streams.ts";

/** Bytes that may wait for a slow client or for the history to be read; lines beyond are dropped and named. */
export const pendingBytesMax = 4 * 1024 * 1024;
/** Characters of lines and their labels after which a frame ends. */
const frameBytesMax = 1024 * 1024;
/** Dropped entries that one frame names; the rest is in the metric. */
const droppedNamedMax = 1000;

export interface TailFramesOptions {
  readonly tenant: string;
  readonly encodingFlags: readonly string[];
  /** Whether frames have the shape that they had before the API had a version. */
  readonly isLegacy: boolean;
  readonly metrics: Metrics;
}

/** What a line and each of its labels take beside their text, about. */
const overheadBytes = 32;

/** Bytes that lines take in memory and in frames, about: a line is sent with all labels it has. */
export function sizeOf(streams: readonly ResultStream[]): number {
  let sizeBytes = 0;
  for (const { labels, entries } of streams) {
    const ofStream = overheadBytes + sizeOfLabels(labels);
    for (const { line, metadata, parsed } of entries) {
      sizeBytes += ofStream + line.length + sizeOfLabels(metadata) + sizeOfLabels(parsed);
    }
  }
  return sizeBytes;
}

function sizeOfLabels(labels: Labels): number {
  return labels.reduce((sum, { name, value }) => sum + overheadBytes + name.length + value.length, 0);
}

interface Dropped {
  readonly timestampNs: bigint;
  readonly labels: Labels;
}

/** Writes frames to a socket. What a slow client does not take in time is dropped, and named in the next frame. */
export class TailFrames {
  readonly #socket: WebSocket;
  readonly #options: TailFramesOptions;
  readonly #droppedTotal;
  #dropped: Dropped[] = [];

  constructor(socket: WebSocket, options: TailFramesOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#droppedTotal = options.metrics.counter(
      "sluice_tail_dropped_total",
      "Lines not sent to tails that were too slow.",
      ["tenant"],
    );
  }

  send(streams: readonly ResultStream[]): void {
    for (const lines of framesOf(streams)) {
      const socket = this.#socket;
      if (socket.readyState !== socket.OPEN) {
        return;
      }
      if (socket.bufferedAmount > pendingBytesMax) {
        this.drop(lines);
      } else {
        const dropped = this.#dropped;
        this.#dropped = [];
        const { isLegacy, encodingFlags } = this.#options;
        socket.send(JSON.stringify(isLegacy ? legacyFrame(lines, dropped) : frame(lines, dropped, encodingFlags)));
      }
    }
  }

  drop(streams: readonly ResultStream[]): void {
    for (const { labels, entries } of streams) {
      this.#droppedTotal.add(entries.length, { tenant: this.#options.tenant });
      for (const { timestampNs } of entries.slice(0, droppedNamedMax - this.#dropped.length)) {
        this.#dropped.push({ timestampNs, labels });
      }
    }
  }
}

function frame(lines: readonly ResultStream[], dropped: readonly Dropped[], encodingFlags: readonly string[]): unknown {
  const named = dropped.map(({ timestampNs, labels }) => ({
    timestamp: timestampNs.toString(),
    labels: labelsToRecord(labels),
  }));
  return {
    streams: lines.flatMap(({ labels, entries }) => entries.map((entry) => streamOfLine(labels, entry, encodingFlags))),
    ...(named.length > 0 ? { dropped_entries: named } : {}),
    ...(encodingFlags.length > 0 ? { encodingFlags } : {}),
  };
}

/** @see Loki's pkg/loghttp/legacy/tail.go */
function legacyFrame(lines: readonly ResultStream[], dropped: readonly Dropped[]): unknown {
  const named = dropped.map(({ timestampNs, labels }) => ({
    Timestamp: printRfc3339Ns(timestampNs),
    Labels: printLabels(labels),
  }));
  return {
    streams: lines.flatMap((line) => legacyStreams([line])),
    dropped_entries: named.length > 0 ? named : null,
  };
}

/** One stream object for each line, oldest line first, as Loki has it; in frames of no great size. */
function* framesOf(streams: readonly ResultStream[]): Generator<readonly ResultStream[]> {
  const lines = streams
    .flatMap(({ labels, entries }) => entries.map((entry) => ({ labels, entries: [entry] as const })))
    .sort(({ entries: [a] }, { entries: [b] }) => Number(a.timestampNs - b.timestampNs));
  let inFrame: ResultStream[] = [];
  let sizeBytes = 0;
  for (const line of lines) {
    inFrame.push(line);
    sizeBytes += sizeOf([line]);
    if (sizeBytes > frameBytesMax) {
      yield inFrame;
      inFrame = [];
      sizeBytes = 0;
    }
  }
  if (inFrame.length > 0) {
    yield inFrame;
  }
}
