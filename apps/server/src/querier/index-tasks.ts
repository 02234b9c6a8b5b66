import { parseSelector } from "@sluice/logql/syntax";
import { nsPerMs, type Labels, type Matcher, type QueryResult, type ResultPoint } from "@sluice/model";
import type { TimeBounds } from "../api/params.ts";
import { checkMatcherCount } from "../api/query-limits.ts";
import type { Limits } from "../limits.ts";
import { IndexStats, type IndexStatsSummary } from "./index-stats.ts";
import type { QueryContext } from "./query-context.ts";
import { TimeBuckets } from "./time-buckets.ts";
import { compareVolumes, Volumes, type Volume } from "./volumes.ts";

interface IndexParams {
  readonly tenant: string;
  /** A selector as the user wrote it. */
  readonly query: string;
  readonly limits: Limits;
  /** Undefined when the tenant may not look at any of the time that is asked for. */
  readonly bounds: TimeBounds | undefined;
}

export interface VolumeParams extends IndexParams {
  /** At each time. */
  readonly limit: number;
  readonly aggregateBy: "series" | "labels";
  /** Labels that count instead of those of the selector. */
  readonly targetLabels: readonly string[];
  /** The distance of two times; undefined for one volume at the end. */
  readonly stepNs: bigint | undefined;
}

export type VolumeResult = Extract<QueryResult, { readonly type: "vector" | "matrix" }>;

const noTime: TimeBounds = { startNs: 0n, endNs: 0n };

/** What is answered from what is known of blocks, without reading a line; what was pushed just now counts, too. */
export const indexTasks = {
  async indexStats(
    { tenant, query, limits, bounds }: IndexParams,
    { querier, signal }: QueryContext,
  ): Promise<IndexStatsSummary> {
    const matchers = parseSelector(query);
    checkMatcherCount(matchers, limits);
    const stats = new IndexStats(bounds ?? noTime);
    if (bounds !== undefined) {
      await querier.visitBlocks({ tenant, matchers, ...bounds }, (block) => stats.add(block), signal);
    }
    return stats.summary;
  },

  /** @see Loki's pkg/querier/queryrange/volume.go */
  async volume(params: VolumeParams, { querier, signal }: QueryContext): Promise<VolumeResult> {
    const { tenant, limits, bounds, limit, aggregateBy, stepNs } = params;
    const { matchers, labels } = volumeLabels(params);
    checkMatcherCount(matchers, limits);
    const { startNs, endNs } = bounds ?? noTime;
    const buckets = new TimeBuckets(startNs, endNs, stepNs);
    const volumes = new Volumes({ aggregateBy, labels, buckets, seriesMax: limits.volume_max_series });
    if (bounds !== undefined) {
      await querier.visitBlocks({ tenant, matchers, ...bounds }, (block) => volumes.add(block), signal);
    }
    return resultOf(await volumes.top(limit), buckets, stepNs !== undefined);
  },
};

/**
 * By series, the labels of the selector are those that count; others that are named take their place, and leave out
 * streams that do not have all of them. `{}` is every stream, with all of its labels.
 *
 * @see Loki's pkg/util/series_volume.go
 */
function volumeLabels({ query, aggregateBy, targetLabels }: VolumeParams): {
  readonly matchers: readonly Matcher[];
  readonly labels: ReadonlySet<string> | undefined;
} {
  const matchers = query.replaceAll(" ", "") === "{}" ? [] : parseSelector(query);
  if (targetLabels.length > 0) {
    const missing = targetLabels.filter((target) => !matchers.some(({ name }) => name === target));
    const present = missing.map((name) => ({ name, operator: "=~", value: ".+" }) as const);
    return { matchers: [...matchers, ...present], labels: new Set(targetLabels) };
  }
  const isAll = aggregateBy === "labels" || matchers.length === 0;
  return { matchers, labels: isAll ? undefined : new Set(matchers.map(({ name }) => name)) };
}

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
    ? { type: "matrix", series: series.map(({ labels, points }) => ({ labels, points })) }
    : { type: "vector", samples: series.map(({ labels, points }) => ({ labels, ...points[0]! })) };
}
