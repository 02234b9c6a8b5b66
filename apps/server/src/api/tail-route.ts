import { paths } from "@sluice/api";
import { compileTail, runRangeQuery, type Tail } from "@sluice/logql";
import {
  compileMatchers,
  isServiceError,
  messageOf,
  nsPerMs,
  parseDurationMs,
  ServiceError,
  type Clock,
  type Logger,
  type Metrics,
  type Querier,
  type ResultStream,
} from "@sluice/model";
import type { FastifyPluginAsync, FastifyRequest } from "fastify";
import type { WebSocket } from "ws";
import type { Tailers } from "../ingester/tailers.ts";
import type { Limits } from "../limits.ts";
import { paramsOf, parseLimit, parseTimestampNs } from "./params.ts";
import { tenantOf } from "./tenant.ts";
import { streamsBody, parseEncodingFlags } from "./write-result.ts";

export interface TailRouteOptions {
  readonly querier: Querier;
  readonly tailers: Tailers;
  readonly limitsOf: (tenant: string) => Limits;
  /** Origins other than the server's own whose pages may connect. */
  readonly allowedOrigins: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Bytes that may wait for a slow client; lines beyond are dropped and counted in the next frame. */
const pendingBytesMax = 4 * 1024 * 1024;
const delaySecondsMax = 5;
const historyMs = 3_600_000;
const pingMs = 15_000;
/** Dropped entries that one frame names; the rest is in the metric. */
const droppedNamedMax = 1000;

const closeInternalError = 1011;
const closeGoingAway = 1001;

interface Dropped {
  readonly timestamp: string;
  readonly labels: Record<string, string>;
}

/** `GET /loki/api/v1/tail`: first what there is (`limit` lines from `start` on), then every new line as it comes. */
export const tailRoute: FastifyPluginAsync<TailRouteOptions> = async (app, options) => {
  const { allowedOrigins, clock } = options;
  const open = new Set<WebSocket>();
  app.addHook("preClose", async () => {
    for (const socket of open) {
      socket.close(closeGoingAway, "server is stopping");
    }
  });

  for (const url of [paths.tail, paths.legacyTail]) {
    app.get(
      url,
      {
        websocket: true,
        preValidation: async (request) => {
          refuseForeignOrigin(request, allowedOrigins);
          readTailParams(request, clock.nowMs());
        },
      },
      (socket, request) => {
        open.add(socket);
        socket.once("close", () => open.delete(socket));
        follow(socket, request, options).catch((error: unknown) => {
          if (isServiceError(error, "cancelled")) {
            return;
          }
          options.logger.warn("tail ended", { error: messageOf(error) });
          socket.close(closeInternalError, messageOf(error).slice(0, 120));
        });
      },
    );
  }
};

interface TailParams {
  readonly tenant: string;
  readonly query: string;
  readonly filter: Tail;
  readonly limit: number;
  readonly startNs: bigint;
}

function readTailParams(request: FastifyRequest, nowMs: number): TailParams {
  const params = paramsOf(request);
  const query = params.get("query");
  const filter = compileTail(query);
  const delay = params.get("delay_for");
  const delaySeconds = /^\d+$/u.test(delay) ? Number(delay) : delay === "" ? 0 : parseDurationMs(delay) / 1000;
  if (delaySeconds > delaySecondsMax) {
    throw new ServiceError("bad_data", `delay_for can't be greater than ${delaySecondsMax}`);
  }
  const start = params.get("start");
  const startNs = start === "" ? BigInt(nowMs - historyMs) * nsPerMs : parseTimestampNs(start);
  return { tenant: tenantOf(request), query, filter, limit: parseLimit(params), startNs };
}

/** A page of another site must not read the logs through its visitor's browser; programs send no Origin. */
function refuseForeignOrigin(request: FastifyRequest, allowedOrigins: readonly string[]): void {
  const { origin, host } = request.headers;
  if (origin === undefined || allowedOrigins.includes(origin)) {
    return;
  }
  if (!URL.canParse(origin) || new URL(origin).host !== host) {
    throw new ServiceError(
      "bad_data",
      `live tail refused for origin '${origin}': add it to server.allowed_origins to allow it`,
    );
  }
}

async function follow(socket: WebSocket, request: FastifyRequest, options: TailRouteOptions): Promise<void> {
  const { querier, tailers, limitsOf, clock, metrics } = options;
  const { tenant, query, filter, limit, startNs } = readTailParams(request, clock.nowMs());
  const flags = parseEncodingFlags(request.headers["x-loki-response-encoding-flags"]);
  const most = limitsOf(tenant).max_concurrent_tail_requests;
  if (tailers.count(tenant) >= most) {
    socket.close(
      closeInternalError,
      `max concurrent tail requests limit exceeded, count > limit (${most + 1} > ${most})`,
    );
    return;
  }
  const droppedTotal = metrics.counter("sluice_tail_dropped_total", "Lines not sent to tails that were too slow.", [
    "tenant",
  ]);
  const matches = compileMatchers(filter.matchers);
  let dropped: Dropped[] = [];

  const send = (streams: readonly ResultStream[]): void => {
    if (streams.length === 0 || socket.readyState !== socket.OPEN) {
      return;
    }
    if (socket.bufferedAmount > pendingBytesMax) {
      const lost = streams.flatMap(({ labels, entries }) =>
        entries.map(({ timestampNs }) => ({
          timestamp: timestampNs.toString(),
          labels: Object.fromEntries(labels.map(({ name, value }) => [name, value])),
        })),
      );
      droppedTotal.add(lost.length, { tenant });
      dropped = [...dropped, ...lost].slice(0, droppedNamedMax);
      return;
    }
    const frame = {
      streams: streamsBody(streams, flags),
      ...(dropped.length > 0 ? { dropped_entries: dropped } : {}),
      ...(flags.length > 0 ? { encodingFlags: flags } : {}),
    };
    dropped = [];
    socket.send(JSON.stringify(frame));
  };

  // New lines are gathered from before the history is read until it was sent; what both have is sent once.
  let waiting: ResultStream[] | undefined = [];
  const stopListening = tailers.add(tenant, (pushed) => {
    const found = pushed
      .filter(({ labels }) => matches(labels))
      .map(({ labels, batch }) => filter.process(labels, batch))
      .filter((stream) => stream !== undefined);
    if (waiting === undefined) {
      send(found);
    } else {
      waiting.push(...found);
    }
  });
  const ping = setInterval(() => socket.ping(), pingMs);
  socket.once("close", () => {
    stopListening();
    clearInterval(ping);
  });
  socket.on("error", () => socket.terminate());

  const endNs = BigInt(clock.nowMs()) * nsPerMs + nsPerMs;
  const left = new AbortController();
  socket.once("close", () => left.abort());
  const past = { querier, tenant, query, startNs, endNs, stepMs: 1000, limit, direction: "backward" } as const;
  const { result } = await runRangeQuery(past, left.signal);
  const history = result.type === "streams" ? result.streams : [];
  const seen = new Set(history.flatMap(entryKeys));
  send(history.map(({ labels, entries }) => ({ labels, entries: entries.toReversed() })));
  for (const stream of waiting) {
    const keys = entryKeys(stream);
    const entries = stream.entries.filter((_, i) => !seen.has(keys[i]!));
    send(entries.length === 0 ? [] : [{ labels: stream.labels, entries }]);
  }
  waiting = undefined;
}

function entryKeys({ labels, entries }: ResultStream): readonly string[] {
  const stream = JSON.stringify(labels);
  return entries.map(({ timestampNs, line }) => `${stream} ${timestampNs} ${line}`);
}
