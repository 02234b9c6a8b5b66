import { nsPerMs, printRfc3339Ns, timestampAt, type Clock, type EntryBatch, type Metrics } from "@sluice/model";
import { LabelCache, type PushedStream } from "@sluice/push";
import { printByteSize } from "@sluice/service";
import { defaultLimits, type Limits } from "../limits.ts";
import { ActiveStreams, streamIdleMs } from "./active-streams.ts";
import { detectLevels } from "./detect-levels.ts";
import { Discarded, type Amount } from "./discard-reasons.ts";
import { KnownStreams } from "./known-streams.ts";
import { compileLevelFields } from "./level/level-fields.ts";
import type { LineLevelOptions } from "./level/line-level.ts";
import type { Problems } from "./problems.ts";
import { PushRefused } from "./push-refused.ts";
import { TokenBucket, type Rate } from "./token-bucket.ts";
import { validatePush, type AcceptedStream, type Validated, type ValidStream } from "./validate.ts";

export interface DistributorOptions {
  readonly limitsOf: (tenant: string) => Limits;
  readonly clock: Clock;
  readonly metrics: Metrics;
}

/** What is to become of a push. */
export interface Admitted {
  /** To be stored, with levels and service names. */
  readonly streams: readonly AcceptedStream[];
  /** Entries and streams that are wrong. */
  readonly problems: Problems;
  /** Set when streams are refused that are not wrong: for now, or because ingestion is blocked. */
  readonly refusal: PushRefused | undefined;
}

/** Tenants whose rates are remembered; beyond, those that were silent for the longest time are forgotten. */
const tenantsMax = 10_000;
/** Streams that are followed, of all tenants: some hundred megabytes. */
const followedMax = 1_000_000;
const mebibyte = 1024 * 1024;
/** What is remembered of checked label texts, of all tenants: those of a hundred thousand streams. */
const rememberedBytesMax = 96 * mebibyte;
/** Entries that an answer names for one stream, as Loki does. */
const toldEntriesMax = 10;

/** What is remembered of a tenant. Its limits are one object until they change. */
interface TenantState {
  readonly limits: Limits;
  readonly known: KnownStreams;
  readonly levels: LineLevelOptions | undefined;
  readonly bucket: TokenBucket;
  readonly active: ActiveStreams;
  lastSeenMs: number;
}

/**
 * Decides what of each push is stored: checks it, holds every tenant and stream to its rate, counts streams, and adds
 * what Loki adds to entries. The single owner of what is remembered of tenants on the write path.
 */
export class Distributor {
  readonly #options: DistributorOptions;
  readonly #tenants = new Map<string, TenantState>();
  /** One for all tenants: limits that change, or a tenant that comes back, cost no reading. */
  readonly #labels = new LabelCache();
  readonly #counters;
  /** Of all tenants, since they were counted last. */
  #followed = 0;
  #rememberedBytes = 0;

  constructor(options: DistributorOptions) {
    this.#options = options;
    const { metrics } = options;
    const perReason = ["tenant", "reason"];
    this.#counters = {
      lines: metrics.counter("sluice_distributor_lines_received_total", "Lines received, stored or not.", ["tenant"]),
      bytes: metrics.counter(
        "sluice_distributor_bytes_received_total",
        "Bytes of lines and structured metadata received, uncompressed, stored or not.",
        ["tenant"],
      ),
      discardedLines: metrics.counter("sluice_discarded_lines_total", "Lines that were not stored.", perReason),
      discardedBytes: metrics.counter(
        "sluice_discarded_bytes_total",
        "Bytes of lines and structured metadata that were not stored.",
        perReason,
      ),
      mutatedLines: metrics.counter("sluice_mutated_lines_total", "Lines that were changed to be stored.", perReason),
      activeStreams: metrics.gauge(
        "sluice_distributor_active_streams",
        "Streams that got lines lately, of all tenants.",
      ),
    };
  }

  /**
   * Decides about one push, and counts it.
   *
   * @throws {PushRefused} 429 when the tenant's rate is exceeded: nothing is to be stored.
   */
  admit(tenant: string, pushed: readonly PushedStream[]): Admitted {
    const nowMs = this.#options.clock.nowMs();
    const state = this.#stateOf(tenant, nowMs);
    const { limits, levels, active } = state;
    const { accepted, problems } = this.#validate(tenant, state, pushed, nowMs);
    const total = amountOf(accepted);
    const discarded = new Discarded();
    const activeBefore = active.count;
    try {
      if (nowMs < limits.block_ingestion_until && total.lines > 0) {
        discarded.add("blocked_ingestion", total);
        return { streams: [], problems, refusal: blockedAnswer(tenant, limits) };
      }
      checkRate(tenant, state, total, discarded, nowMs);
      const room = followedMax - this.#followed + activeBefore;
      const { streams, refusal } = holdStreamsToLimits(tenant, state, accepted, discarded, room, nowMs);
      return {
        streams: levels === undefined ? streams : streams.map((stream) => withLevels(stream, levels)),
        problems,
        refusal,
      };
    } finally {
      this.#followed += active.count - activeBefore;
      this.#count(tenant, total, problems.discarded);
      this.#countDiscarded(tenant, discarded);
    }
  }

  /** To be called every minute or so: lets go of streams and tenants that are silent. */
  forgetIdle(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [tenant, { active, lastSeenMs }] of this.#tenants) {
      active.forgetIdle(nowMs);
      if (nowMs - lastSeenMs > streamIdleMs) {
        this.#tenants.delete(tenant);
      }
    }
    const states = [...this.#tenants.values()];
    this.#followed = states.reduce((sum, { active }) => sum + active.count, 0);
    this.#rememberedBytes = states.reduce((sum, { known }) => sum + known.rememberedBytes, 0);
    this.#counters.activeStreams.set(this.#followed);
  }

  #validate(
    tenant: string,
    { limits, known }: TenantState,
    pushed: readonly PushedStream[],
    nowMs: number,
  ): Pick<Validated, "accepted" | "problems"> {
    const bytesBefore = known.rememberedBytes;
    const { accepted, problems, truncatedLines } = validatePush(pushed, limits, (sent) => known.of(sent), nowMs);
    if (truncatedLines > 0) {
      this.#counters.mutatedLines.add(truncatedLines, { tenant, reason: "line_too_long" });
    }
    this.#rememberedBytes += known.rememberedBytes - bytesBefore;
    if (this.#rememberedBytes > rememberedBytesMax) {
      this.#forgetTexts();
    }
    return { accepted, problems };
  }

  #forgetTexts(): void {
    for (const { known } of this.#tenants.values()) {
      known.forget();
    }
    this.#rememberedBytes = 0;
  }

  #stateOf(tenant: string, nowMs: number): TenantState {
    const limits = this.#options.limitsOf(tenant);
    const before = this.#tenants.get(tenant);
    const state: TenantState =
      before?.limits === limits
        ? before
        : {
            limits,
            known: new KnownStreams(tenant, limits, this.#labels),
            levels: levelOptionsOf(limits),
            bucket: before?.bucket ?? new TokenBucket(),
            active: before?.active ?? new ActiveStreams(),
            lastSeenMs: nowMs,
          };
    state.lastSeenMs = nowMs;
    // The last one is the one that was heard of last.
    this.#tenants.delete(tenant);
    this.#tenants.set(tenant, state);
    if (this.#tenants.size > tenantsMax) {
      const [silent] = this.#tenants.keys();
      this.#tenants.delete(silent!);
    }
    return state;
  }

  #count(tenant: string, right: Amount, wrong: Discarded): void {
    this.#counters.lines.add(right.lines + wrong.total.lines, { tenant });
    this.#counters.bytes.add(right.bytes + wrong.total.bytes, { tenant });
    this.#countDiscarded(tenant, wrong);
  }

  #countDiscarded(tenant: string, discarded: Discarded): void {
    for (const [reason, { lines, bytes }] of discarded.amounts) {
      this.#counters.discardedLines.add(lines, { tenant, reason });
      this.#counters.discardedBytes.add(bytes, { tenant, reason });
    }
  }
}

function levelOptionsOf(limits: Limits): LineLevelOptions | undefined {
  if (!limits.discover_log_levels || !limits.allow_structured_metadata) {
    return undefined;
  }
  const names = limits.log_level_fields.length === 0 ? defaultLimits.log_level_fields : limits.log_level_fields;
  return { fields: compileLevelFields(names), jsonDepthMax: limits.log_level_from_json_max_depth };
}

/** What a push is answered while ingestion is blocked; undefined when its sender is not to know. */
function blockedAnswer(tenant: string, limits: Limits): PushRefused | undefined {
  const { block_ingestion_until: untilMs, block_ingestion_status_code: status } = limits;
  const until = printRfc3339Ns(BigInt(untilMs) * nsPerMs);
  return status === 200
    ? undefined
    : new PushRefused(status, `ingestion blocked for user '${tenant}' until '${until}' with status code '${status}'`);
}

/** @throws {PushRefused} 429 when the tenant sends faster than it may. */
function checkRate(
  tenant: string,
  { limits, bucket }: TenantState,
  total: Amount,
  discarded: Discarded,
  nowMs: number,
): void {
  const { ingestion_rate_mb: rateMb, ingestion_burst_size_mb: burstMb } = limits;
  const rate: Rate = { perSecond: rateMb * mebibyte, burst: Math.floor(burstMb * mebibyte) };
  if (total.lines === 0 || bucket.take(total.bytes, rate, nowMs)) {
    return;
  }
  discarded.add("rate_limited", total);
  throw new PushRefused(
    429,
    `ingestion rate limit exceeded for user ${tenant} (limit: ${Math.floor(rate.perSecond)} bytes/sec) while attempting to ingest '${total.lines}' lines totaling '${total.bytes}' bytes, reduce log volume or contact your Loki administrator to see if the limit can be increased (limits_config.ingestion_rate_mb: ${rateMb}, ingestion_burst_size_mb: ${burstMb}; for one tenant in runtime_config.file)`,
    bucket.waitMs(total.bytes, rate, nowMs),
  );
}

/** Each stream is stored or refused as a whole, so that a push that comes again does not count twice. */
function holdStreamsToLimits(
  tenant: string,
  { limits, active }: TenantState,
  streams: readonly ValidStream[],
  discarded: Discarded,
  followedRoom: number,
  nowMs: number,
): { readonly streams: readonly ValidStream[]; readonly refusal: PushRefused | undefined } {
  const countMax = lowestLimit(limits.max_global_streams_per_user, limits.max_streams_per_user);
  const rate: Rate = { perSecond: limits.per_stream_rate_limit, burst: limits.per_stream_rate_limit_burst };
  let refusal: PushRefused | undefined;
  const held = streams.filter((stream) => {
    const bucket = active.bucketOf(stream.text, countMax, followedRoom, nowMs);
    if (bucket === undefined) {
      discarded.add("stream_limit", stream);
      refusal = new PushRefused(429, tooManyStreams(tenant, stream.text, countMax), streamRetryMs);
      return false;
    }
    if (!bucket.take(stream.bytes, rate, nowMs)) {
      discarded.add("per_stream_rate_limit", stream);
      refusal = new PushRefused(429, streamTooFast(tenant, stream, rate), bucket.waitMs(stream.bytes, rate, nowMs));
      return false;
    }
    return true;
  });
  return { streams: held, refusal };
}

/** Streams that fall silent are forgotten once a minute. */
const streamRetryMs = 60_000;

function lowestLimit(...limits: readonly number[]): number {
  return Math.min(...limits.map((limit) => (limit === 0 ? Number.POSITIVE_INFINITY : limit)));
}

function tooManyStreams(tenant: string, stream: string, countMax: number): string {
  return `maximum active stream limit exceeded when trying to create stream ${stream}, reduce the number of active streams (reduce labels or reduce label values), or contact your Loki administrator to see if the limit can be increased, user: '${tenant}' (limits_config.max_global_streams_per_user: ${countMax}; for one tenant in runtime_config.file)`;
}

function streamTooFast(tenant: string, { text, batch, lines, bytes }: ValidStream, rate: Rate): string {
  const told = Array.from({ length: Math.min(lines, toldEntriesMax) }, (_, i) => {
    const entryBytes = printByteSize(batch.lineEnds[i]! - batch.lineStarts[i]!);
    return `entry with timestamp ${printGoTime(batch, i)} ignored, reason: 'Per stream rate limit exceeded (limit: ${printByteSize(rate.perSecond)}/sec) while attempting to ingest for stream '${text}' totaling ${entryBytes}, consider splitting a stream via additional labels or contact your Loki administrator to see if the limit can be increased',\n`;
  });
  return `${told.join("")}user '${tenant}', total ignored: ${lines} out of ${lines} for stream: ${text} (${bytes} bytes; limits_config.per_stream_rate_limit: ${printByteSize(rate.perSecond)}, per_stream_rate_limit_burst: ${printByteSize(rate.burst)}; for one tenant in runtime_config.file)`;
}

/** As Go prints a time in UTC: `2026-01-05 10:00:00.5 +0000 UTC`. */
function printGoTime(batch: EntryBatch, index: number): string {
  return printRfc3339Ns(timestampAt(batch, index)).replace("T", " ").replace("Z", " +0000 UTC");
}

function withLevels({ labels, batch }: AcceptedStream, levels: LineLevelOptions): AcceptedStream {
  return { labels, batch: detectLevels(labels, batch, levels) };
}

function amountOf(streams: readonly Amount[]): Amount {
  return streams.reduce((sum, { lines, bytes }) => ({ lines: sum.lines + lines, bytes: sum.bytes + bytes }), {
    lines: 0,
    bytes: 0,
  });
}
