import { paths } from "@sluice/api";
import { parseSelector } from "@sluice/logql/syntax";
import { nsPerMs, ServiceError, type Labels, type QueryResult, type ResultPoint } from "@sluice/model";
import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { IndexStats } from "../querier/index-stats.ts";
import { TimeBuckets } from "../querier/time-buckets.ts";
import type { VisitBlocks } from "../querier/visit-blocks.ts";
import { compareVolumes, Volumes, type Volume } from "../querier/volumes.ts";
import { parseBounds, parseDirection, parseLimit, parseStepMs, type TimeBounds } from "./params.ts";
import { allowedBounds, checkMatcherCount } from "./query-limits.ts";
import { readRequestOf, type ReadOptions, type ReadRequest } from "./read-request.ts";
import { parseVolumeQuery } from "./volume-params.ts";
import { withDeadline } from "./with-deadline.ts";
import { writeQueryResponse } from "./write-result.ts";

export interface IndexRoutesOptions extends ReadOptions {
  readonly visitBlocks: VisitBlocks;
}

/**
 * Statistics that are answered from what is known about blocks, without reading a line; what was pushed just now counts,
 * too.
 *
 * @see Loki's pkg/querier/queryrange/volume.go, pkg/loghttp/query.go
 */
export const indexRoutes: FastifyPluginAsync<IndexRoutesOptions> = async (app, options) => {
  const { visitBlocks } = options;

  async function statsOf(read: ReadRequest, reply: FastifyReply): Promise<IndexStats> {
    const { tenant, limits, params, nowMs } = read;
    const matchers = parseSelector(params.get("query"));
    checkMatcherCount(matchers, limits);
    const bounds = allowedBounds(parseBounds(params, nowMs), limits, nowMs);
    if (bounds === undefined) {
      return new IndexStats({ startNs: 0n, endNs: 0n });
    }
    const stats = new IndexStats(bounds);
    await withDeadline(reply, limits.query_timeout, (signal) =>
      visitBlocks({ tenant, matchers, ...bounds }, (block) => stats.add(block), signal),
    );
    return stats;
  }

  async function answerVolume(
    request: FastifyRequest,
    reply: FastifyReply,
    stepOf: (read: ReadRequest, bounds: TimeBounds) => bigint | undefined,
  ): Promise<FastifyReply> {
    const startMs = performance.now();
    const read = readRequestOf(request, options);
    const { tenant, limits, params, nowMs } = read;
    if (!limits.volume_enabled) {
      throw new ServiceError("not_found", "not found");
    }
    const { matchers, limit, ...grouping } = parseVolumeQuery(params);
    checkMatcherCount(matchers, limits);
    const asked = inMilliseconds(parseBounds(params, nowMs));
    const bounds = allowedBounds(asked, limits, nowMs);
    const stepNs = stepOf(read, asked);
    const buckets = new TimeBuckets(bounds?.startNs ?? 0n, bounds?.endNs ?? 0n, stepNs);
    const volumes = new Volumes({ ...grouping, buckets, seriesMax: limits.volume_max_series });
    if (bounds !== undefined) {
      await withDeadline(reply, limits.query_timeout, (signal) =>
        visitBlocks({ tenant, matchers, ...bounds }, (block) => volumes.add(block), signal),
      );
    }
    const result = resultOf(await volumes.top(limit), buckets, stepNs !== undefined);
    const entriesReturned = result.type === "matrix" ? result.series.length : result.samples.length;
    const stats = { blocksTotal: 0, blocksLoaded: 0, bytesProcessed: 0, linesProcessed: 0, entriesReturned };
    const timing = { execSeconds: (performance.now() - startMs) / 1000 };
    return reply
      .header("Content-Type", "application/json; charset=UTF-8")
      .send(writeQueryResponse(result, stats, timing, []));
  }

  const method = ["GET", "POST"];
  app.route({
    method,
    url: paths.indexStats,
    handler: async (request, reply) => {
      const read = readRequestOf(request, options);
      checkRangeParams(read);
      return (await statsOf(read, reply)).summary;
    },
  });
  app.route({
    method,
    url: paths.indexShards,
    handler: async (request, reply) => {
      const read = readRequestOf(request, options);
      checkRangeParams(read);
      checkShardSize(read.params.get("targetBytesPerShard"));
      const stats = (await statsOf(read, reply)).summary;
      return reply.header("Content-Type", "application/json; charset=UTF-8").send(wholeAsShard(JSON.stringify(stats)));
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
      answerVolume(request, reply, (read, bounds) => BigInt(parseStepMs(read.params, bounds)) * nsPerMs),
  });
};

/** Loki reads these of every request for a range, though they say nothing about statistics. */
function checkRangeParams({ params, nowMs }: ReadRequest): void {
  parseLimit(params);
  parseDirection(params);
  parseStepMs(params, parseBounds(params, nowMs));
}

function inMilliseconds({ startNs, endNs }: TimeBounds): TimeBounds {
  const floor = (ns: bigint): bigint => ns - (((ns % nsPerMs) + nsPerMs) % nsPerMs);
  const flooredEnd = floor(endNs);
  return { startNs: floor(startNs), endNs: flooredEnd === endNs ? endNs : flooredEnd + nsPerMs };
}

type VolumeResult = Extract<QueryResult, { readonly type: "vector" | "matrix" }>;

/** A vector unless some volume has several points: also for a range, as in Loki. */
function resultOf(volumes: readonly (readonly Volume[])[], buckets: TimeBuckets, isRange: boolean): VolumeResult {
  const found = new Map<string, { readonly labels: Labels; readonly first: Volume; readonly points: ResultPoint[] }>();
  for (const [bucket, inBucket] of volumes.entries()) {
    const isLast = bucket === buckets.count - 1;
    const timestampMs = Number(buckets.endOf(bucket) / nsPerMs) - (isLast ? 0 : 1);
    for (const volume of inBucket) {
      // In a range, a time without a line has no point.
      if (volume.bytes > 0 || !isRange) {
        const point = { timestampMs, value: volume.bytes };
        const series = found.get(volume.name);
        if (series === undefined) {
          found.set(volume.name, { labels: volume.labels, first: volume, points: [point] });
        } else {
          series.points.push(point);
        }
      }
    }
  }
  const series = [...found.values()].sort((a, b) => compareVolumes(a.first, b.first));
  return series.some(({ points }) => points.length > 1)
    ? { type: "matrix", series }
    : { type: "vector", samples: series.map(({ labels, points }) => ({ labels, ...points[0]! })) };
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
