import type { Tail } from "@sluice/logql";
import {
  compileMatchers,
  labelsToRecord,
  nsPerMs,
  ServiceError,
  type Clock,
  type Metrics,
  type ResultStream,
} from "@sluice/model";
import type { WebSocket } from "ws";
import type { AcceptedStream } from "../distributor/validate.ts";
import type { Tailers } from "../ingester/tailers.ts";
import type { Limits } from "../limits.ts";
import type { QueryRunner } from "../querier/query-runner.ts";
import { streamOfLine } from "./write-streams.ts";

/** What a client asked to follow. */
export interface TailRequest {
  readonly tenant: string;
  readonly limits: Limits;
  /** LogQL, for the lines there are already. */
  readonly query: string;
  /** The same, for those that come. */
  readonly filter: Tail;
  /** How many of the lines there are already, at most. */
  readonly limit: number;
  readonly startNs: bigint;
  readonly encodingFlags: readonly string[];
}

export interface TailParts {
  readonly runner: QueryRunner;
  readonly tailers: Tailers;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** Bytes that may wait for a slow client or for the history to be read; lines beyond are dropped and named. */
const pendingBytesMax = 4 * 1024 * 1024;
/** Bytes of lines after which a frame ends. */
const frameBytesMax = 1024 * 1024;
const pingMs = 15_000;
/** Dropped entries that one frame names; the rest is in the metric. */
const droppedNamedMax = 1000;

/**
 * Sends what there is and then every line as it comes, until the socket closes; resolves when the history was sent.
 *
 * @throws {ServiceError} what the client is to be told before the socket is closed; `cancelled` when it left.
 */
export async function followTail(socket: WebSocket, request: TailRequest, parts: TailParts): Promise<void> {
  const { tenant, limits, filter } = request;
  const { tailers } = parts;
  const most = limits.max_concurrent_tail_requests;
  if (tailers.count(tenant) >= most) {
    throw new ServiceError(
      "rate_limited",
      `max concurrent tail requests limit exceeded, count > limit (${most + 1} > ${most})`,
    );
  }
  const frames = new Frames(socket, request, parts.metrics);
  const matches = compileMatchers(filter.matchers);
  const filtered = (pushed: readonly AcceptedStream[]): readonly ResultStream[] =>
    pushed
      .filter(({ labels }) => matches(labels))
      .map(({ labels, batch }) => filter.process(labels, batch))
      .filter((stream) => stream !== undefined);

  // New lines are gathered from before the history is read until it was sent; what both have is sent once.
  let waiting: Waiting | undefined = { streams: [], sizeBytes: 0 };
  const stopListening = tailers.add(tenant, (pushed) => {
    const found = filtered(pushed);
    if (waiting === undefined) {
      frames.send(found);
    } else if (waiting.sizeBytes > pendingBytesMax) {
      frames.drop(found);
    } else {
      waiting.streams = waiting.streams.concat(found);
      waiting.sizeBytes += sizeOf(found);
    }
  });
  const ping = setInterval(() => socket.ping(), pingMs);
  const left = new AbortController();
  socket.once("close", () => {
    stopListening();
    clearInterval(ping);
    left.abort();
  });

  const history = await readHistory(request, parts, left.signal);
  frames.send(history);
  const seen = new Set(history.flatMap(entryKeys));
  const unseen = waiting.streams.map((stream) => {
    const keys = entryKeys(stream);
    return { labels: stream.labels, entries: stream.entries.filter((_, i) => !seen.has(keys[i]!)) };
  });
  waiting = undefined;
  frames.send(unseen);
}

interface Waiting {
  streams: readonly ResultStream[];
  sizeBytes: number;
}

/** The newest lines from `startNs` to now, oldest first. */
function readHistory(
  { tenant, limits, query, limit, startNs }: TailRequest,
  { runner, clock }: TailParts,
  left: AbortSignal,
): Promise<readonly ResultStream[]> {
  const bounds = { startNs, endNs: BigInt(clock.nowMs()) * nsPerMs + nsPerMs };
  const how = { queue: tenant, affinity: query, timeoutMs: limits.query_timeout, signal: left };
  return runner.run("history", { tenant, query, limits, bounds, limit }, how);
}

/** Writes frames to a socket. What a slow client does not take in time is dropped, and named in the next frame. */
class Frames {
  readonly #socket: WebSocket;
  readonly #request: TailRequest;
  readonly #droppedTotal;
  #dropped: { readonly timestamp: string; readonly labels: Record<string, string> }[] = [];

  constructor(socket: WebSocket, request: TailRequest, metrics: Metrics) {
    this.#socket = socket;
    this.#request = request;
    this.#droppedTotal = metrics.counter("sluice_tail_dropped_total", "Lines not sent to tails that were too slow.", [
      "tenant",
    ]);
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
        this.#sendFrame(lines);
      }
    }
  }

  drop(streams: readonly ResultStream[]): void {
    for (const { labels, entries } of streams) {
      this.#droppedTotal.add(entries.length, { tenant: this.#request.tenant });
      for (const { timestampNs } of entries.slice(0, droppedNamedMax - this.#dropped.length)) {
        this.#dropped.push({ timestamp: timestampNs.toString(), labels: labelsToRecord(labels) });
      }
    }
  }

  #sendFrame(lines: readonly ResultStream[]): void {
    const { encodingFlags } = this.#request;
    const frame = {
      streams: lines.flatMap(({ labels, entries }) =>
        entries.map((entry) => streamOfLine(labels, entry, encodingFlags)),
      ),
      ...(this.#dropped.length > 0 ? { dropped_entries: this.#dropped } : {}),
      ...(encodingFlags.length > 0 ? { encodingFlags } : {}),
    };
    this.#dropped = [];
    this.#socket.send(JSON.stringify(frame));
  }
}

/** One stream object for each line, oldest line first, as Loki has it; in frames of no great size. */
function* framesOf(streams: readonly ResultStream[]): Generator<readonly ResultStream[]> {
  const lines = streams
    .flatMap(({ labels, entries }) => entries.map((entry) => ({ labels, entries: [entry] as const })))
    .sort(({ entries: [a] }, { entries: [b] }) => Number(a.timestampNs - b.timestampNs));
  let frame: ResultStream[] = [];
  let sizeBytes = 0;
  for (const line of lines) {
    frame.push(line);
    sizeBytes += line.entries[0].line.length;
    if (sizeBytes > frameBytesMax) {
      yield frame;
      frame = [];
      sizeBytes = 0;
    }
  }
  if (frame.length > 0) {
    yield frame;
  }
}

function sizeOf(streams: readonly ResultStream[]): number {
  return streams.reduce((sum, { entries }) => sum + entries.reduce((bytes, { line }) => bytes + line.length, 0), 0);
}

function entryKeys({ labels, entries }: ResultStream): readonly string[] {
  const stream = JSON.stringify(labels);
  return entries.map(({ timestampNs, line, metadata }) => JSON.stringify([stream, `${timestampNs}`, line, metadata]));
}
