import { hash } from "node:crypto";
import type { Readable } from "node:stream";
import { paths } from "@sluice/api";
import { nsPerMs, ServiceError, type Clock, type Labels, type Logger, type Metrics } from "@sluice/model";
import {
  decodeLegacyPush,
  decodeOtlp,
  decodePush,
  encodeOtlpStatus,
  type OtlpMapping,
  type PushedStream,
  type PushHttpRequest,
  type PushLimits,
  type SnappyCodec,
} from "@sluice/push";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { Distributor } from "../distributor/distributor.ts";
import type { PushBudget, Reservation } from "../distributor/push-budget.ts";
import type { AcceptedStream } from "../distributor/validate.ts";
import { bodyTooLarge, failureOf, withRetryAfter } from "./error-handler.ts";
import { tenantOf } from "./tenant.ts";

export interface PushRoutesOptions {
  readonly distributor: Distributor;
  /**
   * Resolves once the streams are durable and queryable.
   *
   * @param digest what tells the request from every other, empty when it may come again and have more to store.
   */
  readonly push: (tenant: string, streams: readonly AcceptedStream[], digest: string) => Promise<void>;
  readonly budget: PushBudget;
  /** Bytes of a request as it comes over the wire. */
  readonly bodyBytesMax: number;
  readonly pushLimits: PushLimits;
  readonly snappy: SnappyCodec;
  /** Where a tenant wants the attributes of OpenTelemetry's records. */
  readonly otlpMappingOf: (tenant: string) => OtlpMapping;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Decodes a push of a tenant. */
type Decode = (request: PushHttpRequest, tenant: string) => Decoded;

interface Decoded {
  readonly streams: readonly PushedStream[];
  /** Whether the same request again means the same entries: not where they get the time of its arrival. */
  readonly hasTimes: boolean;
}

/** `POST /loki/api/v1/push`, its legacy alias and OTLP: 204 means that the lines survive a power cut. */
export const pushRoutes: FastifyPluginAsync<PushRoutesOptions> = async (app, options) => {
  const { distributor, budget, bodyBytesMax, pushLimits, snappy, clock, logger, metrics } = options;
  const received = metrics.counter("sluice_distributor_request_bytes_total", "Bytes of push requests received.", [
    "tenant",
  ]);
  const seconds = metrics.histogram(
    "sluice_push_stage_seconds",
    "Time that the stages of a push take: to receive its body, to decode it, to check it, to make it durable.",
    [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
    ["stage"],
  );
  const reservations = new WeakMap<FastifyRequest, Reservation>();

  // A body is read only when there is room for it.
  app.addHook("preParsing", async (request, reply) => {
    const sizeBytes = Number(request.headers["content-length"] ?? 0);
    if (sizeBytes > bodyBytesMax) {
      throw bodyTooLarge(String(sizeBytes), bodyBytesMax);
    }
    reservations.set(request, budget.reserve(tenantOf(request), sizeBytes));
    // Unless its handler has it by then: also when the client leaves, where no hook of fastify is sure to be called.
    reply.raw.once("close", () => reservations.get(request)?.release());
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", async (request: FastifyRequest, payload: Readable) => {
    const startMs = performance.now();
    const body = await readBody(payload, bodyBytesMax, reservations.get(request));
    seconds.observe((performance.now() - startMs) / 1000, { stage: "receive" });
    return body;
  });

  function timed<T>(stage: string, run: () => T): T {
    const startMs = performance.now();
    try {
      return run();
    } finally {
      seconds.observe((performance.now() - startMs) / 1000, { stage });
    }
  }

  async function accept(
    tenant: string,
    streams: readonly PushedStream[],
    digest: string,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    if (streams.length === 0) {
      throw new ServiceError("unprocessable", "error at least one valid stream is required for ingestion");
    }
    const { streams: accepted, problems, refusal } = timed("check", () => distributor.admit(tenant, streams));
    if (accepted.length > 0) {
      const startMs = performance.now();
      // What was refused in part comes again with more to store, or with less in it.
      await options.push(tenant, accepted, problems.count === 0 && refusal === undefined ? digest : "");
      seconds.observe((performance.now() - startMs) / 1000, { stage: "store" });
    }
    // What may come again is told before what is wrong: a sender that gives up on 400 would lose it.
    if (refusal?.status === 429) {
      throw refusal;
    }
    if (problems.count > 0) {
      throw new ServiceError("bad_data", problems.print());
    }
    if (refusal !== undefined) {
      throw refusal;
    }
    return reply.status(204).send();
  }

  const route =
    (decode: Decode) =>
    async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
      const reservation = reservations.get(request);
      // A client that leaves does not take the bytes along: they are there until they are durable.
      reservations.delete(request);
      try {
        const tenant = tenantOf(request);
        const body = request.body instanceof Uint8Array ? request.body : new Uint8Array(0);
        // What is decoded takes its place.
        request.body = undefined;
        received.add(body.length, { tenant });
        const { "content-type": contentType, "content-encoding": contentEncoding } = request.headers;
        const { streams, hasTimes } = timed("decode", () => decode({ body, contentType, contentEncoding }, tenant));
        reservation?.resize(bytesOf(streams));
        return await accept(tenant, streams, hasTimes ? digestOf(body) : "", reply);
      } finally {
        reservation?.release();
      }
    };

  const bodyLimit = bodyBytesMax;
  const nextArrivalNs = arrivalTimes(clock);
  const decodeOtlpOf: Decode = (request, tenant) => {
    let hasTimes = true;
    const nowNs = (): bigint => {
      hasTimes = false;
      return nextArrivalNs();
    };
    const streams = decodeOtlp(request, { limits: pushLimits, mapping: options.otlpMappingOf(tenant), nowNs });
    return { streams, hasTimes };
  };
  app.post(
    paths.push,
    { bodyLimit },
    route((request) => ({ streams: decodePush(request, pushLimits, snappy), hasTimes: true })),
  );
  app.post(
    paths.legacyPush,
    { bodyLimit },
    route((request) => ({ streams: decodeLegacyPush(request, pushLimits, snappy), hasTimes: true })),
  );
  const errorHandler = (error: unknown, request: FastifyRequest, reply: FastifyReply): void =>
    void answerOtlpError(error, request, reply, logger);
  app.post(paths.otlpPush, { bodyLimit, errorHandler }, route(decodeOtlpOf));
};

/** The time, a nanosecond later for each that is asked for in one millisecond: equal lines of one time would be one. */
function arrivalTimes(clock: Clock): () => bigint {
  let lastMs = 0;
  let count = 0;
  return () => {
    const nowMs = clock.nowMs();
    count = nowMs === lastMs ? count + 1 : 0;
    lastMs = nowMs;
    return BigInt(nowMs) * nsPerMs + BigInt(count);
  };
}

/** OTLP's clients want a google.rpc.Status, and never come again after a 500. */
function answerOtlpError(error: unknown, request: FastifyRequest, reply: FastifyReply, logger: Logger): FastifyReply {
  const { status, message, retryAfterMs } = failureOf(error, request, logger);
  return withRetryAfter(reply, retryAfterMs)
    .status(status === 500 ? 503 : status)
    .header("Content-Type", "application/octet-stream")
    .header("X-Content-Type-Options", "nosniff")
    .send(encodeOtlpStatus(message));
}

/** @throws {ServiceError} `too_large` as soon as more than `bytesMax` came, or when there is no room for more. */
async function readBody(
  payload: Readable,
  bytesMax: number,
  reservation: Reservation | undefined,
): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let sizeBytes = 0;
  // The connection stays, to be answered on.
  const incoming: AsyncIterable<Buffer> = payload.iterator({ destroyOnReturn: false });
  try {
    for await (const part of incoming) {
      sizeBytes += part.length;
      if (sizeBytes > bytesMax) {
        throw bodyTooLarge("unknown", bytesMax);
      }
      reservation?.grow(sizeBytes);
      parts.push(part);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "ECONNRESET"
      ? new ServiceError("cancelled", "the client left before the end of its push", { cause: error })
      : error;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts, sizeBytes);
}

/** What a pair of metadata takes beside its text, about. */
const pairBytes = 32;

/** Bytes of memory that decoded streams hold, lines, columns and metadata; many batches point into one buffer. */
function bytesOf(streams: readonly PushedStream[]): number {
  const buffers = new Set<ArrayBufferLike>();
  const metadataSets = new Set<readonly Labels[]>();
  for (const { batch } of streams) {
    for (const { buffer } of [batch.bytes, batch.deltaNs, batch.lineStarts, batch.lineEnds]) {
      buffers.add(buffer);
    }
    if (batch.metadata !== undefined) {
      buffers.add(batch.metadata.index.buffer);
      metadataSets.add(batch.metadata.sets);
    }
  }
  let sizeBytes = 0;
  for (const { byteLength } of buffers) {
    sizeBytes += byteLength;
  }
  for (const sets of metadataSets) {
    for (const set of sets) {
      for (const { name, value } of set) {
        sizeBytes += pairBytes + name.length + value.length;
      }
    }
  }
  return sizeBytes;
}

const digestBytes = 16;

/** What tells a request's content from every other: half of its SHA-256. */
function digestOf(body: Uint8Array): string {
  return hash("sha256", body, "buffer").toString("base64url", 0, digestBytes);
}
