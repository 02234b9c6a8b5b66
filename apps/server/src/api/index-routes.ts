import { paths } from "@sluice/api";
import { nsPerMs, ServiceError } from "@sluice/model";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import type { IndexStatsSummary } from "../querier/index-stats.ts";
import type { VolumeParams } from "../querier/index-tasks.ts";
import type { QueryRunner } from "../querier/query-runner.ts";
import { clientOf } from "./client-signal.ts";
import {
  parseBounds,
  parseDirection,
  parseInteger,
  parseLimit,
  parseStepMs,
  type Params,
  type TimeBounds,
} from "./params.ts";
import { allowedBounds } from "./query-limits.ts";
import { howToRun, readRequestOf, type ReadOptions, type ReadRequest } from "./read-request.ts";
import { sendJson } from "./send-json.ts";
import { writeQueryResponse } from "./write-result.ts";

export interface IndexRoutesOptions extends ReadOptions {
  readonly runner: QueryRunner;
}

const volumesDefault = 100;

/**
 * Statistics that are answered without reading a line.
 *
 * @see Loki's pkg/querier/queryrange/codec.go, pkg/loghttp/query.go
 */
export const indexRoutes: FastifyPluginAsync<IndexRoutesOptions> = async (app, options) => {
  const { runner } = options;

  async function statsOf(read: ReadRequest, reply: FastifyReply): Promise<IndexStatsSummary> {
    const { tenant, limits, params, nowMs } = read;
    const bounds = allowedBounds(parseBounds(params, nowMs), limits, nowMs);
    using client = clientOf(reply);
    const stats = { tenant, query: params.get("query"), limits, bounds };
    return await runner.run("indexStats", stats, howToRun(read, client.signal));
  }

  async function answerVolume(
    request: FastifyRequest,
    reply: FastifyReply,
    stepOf: (params: Params, bounds: TimeBounds) => bigint | undefined,
  ): Promise<FastifyReply> {
    const startMs = performance.now();
    const read = readRequestOf(request, options);
    const { tenant, limits, params, nowMs } = read;
    if (!limits.volume_enabled) {
      throw new ServiceError("not_found", "not found");
    }
    const asked = inMilliseconds(parseBounds(params, nowMs));
    const bounds = allowedBounds(asked, limits, nowMs);
    const stepNs = stepOf(params, asked);
    const volume = { tenant, query: params.get("query"), limits, bounds, stepNs, ...volumeParams(params) };
    using client = clientOf(reply);
    const result = await runner.run("volume", volume, howToRun(read, client.signal));
    const entriesReturned = result.type === "matrix" ? result.series.length : result.samples.length;
    const stats = { blocksTotal: 0, blocksLoaded: 0, bytesProcessed: 0, linesProcessed: 0, entriesReturned };
    const execSeconds = (performance.now() - startMs) / 1000;
    return sendJson(reply, writeQueryResponse(result, stats, { execSeconds }, []));
  }

  const method = ["GET", "POST"];
  app.route({
    method,
    url: paths.indexStats,
    handler: async (request, reply) => {
      const read = readRequestOf(request, options);
      checkRangeParams(read);
      return sendJson(reply, JSON.stringify(await statsOf(read, reply)));
    },
  });
  app.route({
    method,
    url: paths.indexShards,
    handler: async (request, reply) => {
      const read = readRequestOf(request, options);
      checkRangeParams(read);
      checkShardSize(read.params.get("targetBytesPerShard"));
      return sendJson(reply, wholeAsShard(JSON.stringify(await statsOf(read, reply))));
    },
  });
  app.route({
    method,
    url: paths.indexVolume,
    handler: (request, reply) => answerVolume(request, reply, () => undefined),
  });
  app.route({
    method,
    url: paths.indexVolumeRange,
    handler: (request, reply) =>
      answerVolume(request, reply, (params, bounds) => BigInt(parseStepMs(params, bounds)) * nsPerMs),
  });
};

/** Loki reads these of every request for a range, though they say nothing about statistics. */
function checkRangeParams({ params, nowMs }: ReadRequest): void {
  parseLimit(params);
  parseDirection(params);
  parseStepMs(params, parseBounds(params, nowMs));
}

/** @throws {ServiceError} `bad_data` in Loki's words. */
function volumeParams(params: Params): Pick<VolumeParams, "limit" | "aggregateBy" | "targetLabels"> {
  const limit = parseInteger(params.get("limit"), volumesDefault) || volumesDefault;
  if (limit < 0) {
    throw new ServiceError("bad_data", "limit must be a positive value");
  }
  const aggregateBy = params.get("aggregateBy") || "series";
  if (aggregateBy !== "series" && aggregateBy !== "labels") {
    throw new ServiceError("bad_data", "invalid aggregation option");
  }
  const targets = params.get("targetLabels");
  return { limit, aggregateBy, targetLabels: targets === "" ? [] : [...new Set(targets.split(","))] };
}

function inMilliseconds({ startNs, endNs }: TimeBounds): TimeBounds {
  const floor = (ns: bigint): bigint => ns - (((ns % nsPerMs) + nsPerMs) % nsPerMs);
  const flooredEnd = floor(endNs);
  return { startNs: floor(startNs), endNs: flooredEnd === endNs ? endNs : flooredEnd + nsPerMs };
}

/** @throws {ServiceError} `bad_data` when it is no size, or not more than nothing. */
function checkShardSize(text: string): void {
  const amount = /^(\d+)\s*(?:[kmgtpe]?i?b?)$/iu.exec(text)?.[1];
  if (amount === undefined || Number(amount) === 0) {
    throw new ServiceError("bad_data", "targetBytesPerShard must be a positive value");
  }
}

/**
 * All streams as one shard: a query is split up here, where its data is, so that there is nothing for a client to split.
 * The bounds are those of 64-bit hashes, which JavaScript's numbers cannot hold.
 */
function wholeAsShard(stats: string): string {
  return `{"shards":[{"bounds":{"min":0,"max":18446744073709551615},"stats":${stats}}],"statistics":{}}`;
}
