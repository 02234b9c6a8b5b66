import type { Tail } from "@sluice/logql";
import { compileMatchers, nsPerMs, ServiceError, type Clock, type Metrics, type ResultStream } from "@sluice/model";
import type { WebSocket } from "ws";
import type { AcceptedStream } from "../distributor/validate.ts";
import type { Tailers } from "../ingester/tailers.ts";
import type { Limits } from "../limits.ts";
import type { QueryRunner } from "../querier/query-runner.ts";
import { pendingBytesMax, sizeOf, TailFrames } from "./tail-frames.ts";

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
  /** New lines are held back for so long, to come in order of their times. */
  readonly delayMs: number;
  /** When the tail ends. */
  readonly maxDurationMs: number;
  readonly encodingFlags: readonly string[];
  /** Whether frames have the shape that they had before the API had a version. */
  readonly isLegacy: boolean;
}

export interface TailParts {
  readonly runner: QueryRunner;
  readonly tailers: Tailers;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

const pingMs = 15_000;
/** With it Loki ends a tail, whatever the reason. */
export const closeInternalError = 1011;

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
  const frames = new TailFrames(socket, { ...request, metrics: parts.metrics });
  const matches = compileMatchers(filter.matchers);
  const filtered = (pushed: readonly AcceptedStream[]): readonly ResultStream[] =>
    pushed
      .filter(({ labels }) => matches(labels))
      .map(({ labels, batch }) => filter.process(labels, batch))
      .filter((stream) => stream !== undefined);

  let held: ResultStream[] = [];
  let heldBytes = 0;
  let release: NodeJS.Timeout | undefined;
  const sendHeld = (): void => {
    release = undefined;
    const streams = held;
    held = [];
    heldBytes = 0;
    frames.send(streams);
  };
  const sendLater = (found: readonly ResultStream[]): void => {
    if (request.delayMs === 0) {
      frames.send(found);
    } else if (heldBytes > pendingBytesMax) {
      frames.drop(found);
    } else if (found.length > 0) {
      held.push(...found);
      heldBytes += sizeOf(found);
      release ??= setTimeout(sendHeld, request.delayMs);
    }
  };

  // New lines are gathered from before the history is read until it was sent; what both have is sent once.
  let waiting: Waiting | undefined = { streams: [], sizeBytes: 0 };
  const stopListening = tailers.add(tenant, (pushed) => {
    const found = filtered(pushed);
    if (waiting === undefined) {
      sendLater(found);
    } else if (waiting.sizeBytes > pendingBytesMax) {
      frames.drop(found);
    } else {
      waiting.streams = waiting.streams.concat(found);
      waiting.sizeBytes += sizeOf(found);
    }
  });
  const ping = setInterval(() => socket.ping(), pingMs);
  const end = setTimeout(
    () => socket.close(closeInternalError, "reached tail max duration limit"),
    request.maxDurationMs,
  );
  const left = new AbortController();
  socket.once("close", () => {
    stopListening();
    clearInterval(ping);
    clearTimeout(end);
    clearTimeout(release);
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

function entryKeys({ labels, entries }: ResultStream): readonly string[] {
  const stream = JSON.stringify(labels);
  return entries.map(({ timestampNs, line, metadata }) => JSON.stringify([stream, `${timestampNs}`, line, metadata]));
}
