import { sliceBatch, type BlockEntry } from "@sluice/chunk";
import { compileMatchers, type BlockRef, type EntryBatch, type Labels, type Matcher } from "@sluice/model";

export interface RetentionRule {
  /** Of which streams; all of them must hold. */
  readonly matchers: readonly Matcher[];
  readonly priority: number;
  /** 0 keeps lines forever. */
  readonly periodMs: number;
}

/** How long a tenant's lines are kept: Loki's `retention_period` and `retention_stream`. */
export interface RetentionPolicy {
  /** For streams that no rule matches; 0 keeps lines forever. */
  readonly periodMs: number;
  /** Of those that match a stream, the one with the highest priority holds; of several such, the shortest period. */
  readonly rules: readonly RetentionRule[];
}

export const keepForever: RetentionPolicy = { periodMs: 0, rules: [] };

/** Which of a tenant's lines are too old, at one moment. */
export interface Expiry {
  /** Lines of the stream before this are too old; undefined when none is. */
  cutoffOf(labels: Labels): bigint | undefined;
  /** Lines before this are too old, whatever the stream; undefined when some stream keeps its lines forever. */
  readonly allBeforeNs: bigint | undefined;
  /** No line from this on is too old, whatever the stream; undefined when none is at all. */
  readonly noneFromNs: bigint | undefined;
}

/**
 * Compiles a policy for one moment.
 *
 * @throws {ServiceError} `bad_data` when a matcher's regular expression is not RE2.
 * @see grafana/loki pkg/compactor/retention/expiration.go: a line is too old when it is older than the period.
 */
export function compileExpiry(policy: RetentionPolicy, nowMs: number): Expiry {
  const rules = policy.rules
    .map(({ matchers, priority, periodMs }) => ({ matches: compileMatchers(matchers), priority, periodMs }))
    .sort((a, b) => b.priority - a.priority || lastingOf(a.periodMs) - lastingOf(b.periodMs));
  const periodsMs = [policy, ...rules].map(({ periodMs }) => lastingOf(periodMs));
  const known = new Map<Labels, bigint | undefined>();
  return {
    cutoffOf(labels) {
      if (!known.has(labels)) {
        const { periodMs } = rules.find(({ matches }) => matches(labels)) ?? policy;
        known.set(labels, cutoff(nowMs, lastingOf(periodMs)));
      }
      return known.get(labels);
    },
    allBeforeNs: cutoff(nowMs, Math.max(...periodsMs)),
    noneFromNs: cutoff(nowMs, Math.min(...periodsMs)),
  };
}

/** Whether all of a stream's block is too old. */
export function isExpired(expiry: Expiry, labels: Labels, { maxNs }: Pick<BlockEntry, "maxNs">): boolean {
  const cutoffNs = expiry.cutoffOf(labels);
  return cutoffNs !== undefined && maxNs < cutoffNs;
}

/**
 * The blocks without the lines that are too old. Of a block that holds both, `count` and `rawBytes` tell the most that
 * it may have. For heads, too: what is acknowledged may be too old already.
 */
export function withoutExpired(blocks: readonly BlockRef[], expiry: Expiry): readonly BlockRef[] {
  return blocks.flatMap((block) => {
    const cutoffNs = expiry.cutoffOf(block.labels);
    if (cutoffNs === undefined || block.minNs >= cutoffNs) {
      return [block];
    }
    return block.maxNs < cutoffNs ? [] : [cutBlock(block, cutoffNs)];
  });
}

function cutBlock(block: BlockRef, cutoffNs: bigint): BlockRef {
  const { labels, maxNs, count, rawBytes } = block;
  return {
    labels,
    minNs: cutoffNs,
    maxNs,
    count,
    rawBytes,
    mayRepeat: true,
    load: async (signal) => entriesFrom(await block.load(signal), cutoffNs),
  };
}

function entriesFrom(batch: EntryBatch, timeNs: bigint): EntryBatch {
  const wantedNs = Number(timeNs - batch.baseNs);
  const row = batch.deltaNs.findIndex((deltaNs) => deltaNs >= wantedNs);
  return row === -1 ? { ...batch, count: 0 } : sliceBatch(batch, row, batch.count);
}

/** 0 is forever. */
function lastingOf(periodMs: number): number {
  return periodMs === 0 ? Number.POSITIVE_INFINITY : periodMs;
}

function cutoff(nowMs: number, periodMs: number): bigint | undefined {
  return periodMs === Number.POSITIVE_INFINITY ? undefined : BigInt(Math.floor(nowMs - periodMs)) * 1_000_000n;
}
