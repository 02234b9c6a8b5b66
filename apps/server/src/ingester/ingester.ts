import {
  assert,
  isServiceError,
  lineBytesOf,
  messageOf,
  ServiceError,
  type Clock,
  type Logger,
  type Metrics,
} from "@sluice/model";
import type { Store } from "@sluice/store";
import type { Position, Wal } from "@sluice/wal";
import type { IngesterConfig } from "../config.ts";
import type { AcceptedStream } from "../distributor/validate.ts";
import { LineBuffers } from "./line-buffers.ts";
import { RecentPushes } from "./recent-pushes.ts";
import type { Tailers } from "./tailers.ts";
import { TenantHeads } from "./tenant-heads.ts";
import { decodePushRecord, encodePushRecord } from "./wal-record.ts";

export interface IngesterOptions {
  readonly config: IngesterConfig;
  readonly wal: Wal;
  readonly store: Store;
  readonly tailers: Tailers;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** While the log is replayed, memory is to be left for what comes after; compaction makes large segments of small ones. */
const replayFlushBytesMax = 8 * 1024 * 1024;

/**
 * Makes pushes durable and queryable, and moves them to segments.
 *
 * The order is always: write-ahead log (fsynced), memory, answer; and: segment, manifest, then trim the log. A crash at
 * any point costs a replay, never a line: the manifest says up to which record the segments cover the log.
 */
export class Ingester {
  readonly heads = new TenantHeads();
  readonly #options: IngesterOptions;
  readonly #lineBuffers = new LineBuffers();
  readonly #recentPushes: RecentPushes;
  /** The last record whose lines are in the heads; records are applied in order, without gaps. */
  #appliedPosition: Position;
  /** The last record whose lines are in the heads that a flush writes. */
  #flushPosition: Position = 0;
  #flushUnderWay: Promise<void> | undefined;
  readonly #counters;

  constructor(options: IngesterOptions) {
    this.#options = options;
    this.#appliedPosition = options.store.walCovered;
    const { metrics, clock, config } = options;
    const { repeat_period: periodMs, repeats_max: countMax } = config;
    this.#recentPushes = new RecentPushes({ clock, periodMs, countMax });
    this.#counters = {
      lines: metrics.counter("sluice_ingester_lines_total", "Lines acknowledged.", ["tenant"]),
      bytes: metrics.counter("sluice_ingester_line_bytes_total", "Bytes of the lines acknowledged.", ["tenant"]),
      repeats: metrics.counter(
        "sluice_ingester_repeated_pushes_total",
        "Pushes that came again and were stored once.",
        ["tenant"],
      ),
      headBytes: metrics.gauge("sluice_ingester_head_bytes", "Bytes of lines in memory that no segment holds yet."),
      flushes: metrics.counter("sluice_ingester_flushes_total", "Flushes by outcome.", ["outcome"]),
    };
  }

  /**
   * Stores the streams; when it resolves, they survive a power cut and every query and tail sees them.
   *
   * @param digest of the request's content, so that its repetition after a lost answer is stored and shown once; empty
   *   when everything is to be taken as new.
   * @throws {ServiceError} `unavailable` when memory is full because the store takes no segments, or the disk is full.
   */
  async push(tenant: string, streams: readonly AcceptedStream[], digest = ""): Promise<void> {
    const { config } = this.#options;
    if (this.heads.totalBytes > config.head_bytes_max) {
      throw new ServiceError(
        "unavailable",
        `lines wait in memory for the store: ${this.heads.totalBytes} bytes exceed ingester.head_bytes_max (${config.head_bytes_max})`,
      );
    }
    const store = (): Promise<void> => this.#store(tenant, streams, digest);
    if (digest === "") {
      await store();
    } else if (!(await this.#recentPushes.once(tenant, digest, store))) {
      this.#counters.repeats.add(1, { tenant });
    }
  }

  /** Puts what the log holds and the segments do not back into memory, flushing on the way so that memory stays flat. */
  async replay(onProgress: (done: Position, last: Position) => void): Promise<void> {
    const { wal, config } = this.#options;
    const flushBytes = Math.min(config.flush_bytes, replayFlushBytesMax);
    let flushing = Promise.resolve();
    for await (const { position, record } of wal.read(this.#appliedPosition + 1)) {
      const { tenant, digest, streams } = decodePushRecord(record);
      this.#apply(position, tenant, streams);
      if (digest !== "") {
        this.#recentPushes.add(tenant, digest);
      }
      onProgress(position, wal.lastPosition);
      if (this.heads.openBytes >= flushBytes) {
        await flushing;
        flushing = this.#flushDuringReplay();
        // It is waited for above or below.
        flushing.catch(() => {});
      }
    }
    await flushing;
    // A log that lost its end (torn records are cut) may lie behind the manifest: positions go on from the manifest.
    this.#appliedPosition = Math.max(this.#appliedPosition, wal.lastPosition);
  }

  /** Flushes when the lines in memory are many or old enough. To be called every second or so. */
  async flushWhenDue(): Promise<void> {
    const { config, clock } = this.#options;
    this.#counters.headBytes.set(this.heads.totalBytes);
    const isDue =
      this.heads.flushIsPending ||
      this.heads.openBytes >= config.flush_bytes ||
      this.heads.openAgeMs(clock.nowMs()) >= config.flush_interval;
    if (isDue) {
      await this.flush();
    }
  }

  /**
   * Writes every line that was acknowledged before the call to segments.
   *
   * @throws {ServiceError} `unavailable` when the object store fails.
   */
  async flushAll(): Promise<void> {
    const wanted = this.#appliedPosition;
    // Of records that damage took from the log there is nothing to write: they are never covered.
    while (this.#options.store.walCovered < wanted && !this.heads.isEmpty) {
      await this.flush();
    }
  }

  /** Begins a flush right when memory is full, unless the last one failed: that is for {@link flushWhenDue} to repeat. */
  #flushWhenFull(): void {
    const isFull = this.heads.openBytes >= this.#options.config.flush_bytes;
    if (isFull && this.#flushUnderWay === undefined && !this.heads.flushIsPending) {
      // A failure is counted, and told by who repeats it.
      this.flush().catch(() => {});
    }
  }

  /** Writes all lines that are in memory now to segments. Flushes never overlap; a second caller waits for the first. */
  async flush(): Promise<void> {
    if (this.#flushUnderWay !== undefined) {
      return this.#flushUnderWay;
    }
    this.#flushUnderWay = this.#writeHeads();
    try {
      await this.#flushUnderWay;
      this.#counters.flushes.add(1, { outcome: "success" });
    } catch (error) {
      this.#counters.flushes.add(1, { outcome: "failure" });
      throw error;
    } finally {
      this.#flushUnderWay = undefined;
    }
  }

  async #store(tenant: string, streams: readonly AcceptedStream[], digest: string): Promise<void> {
    const { wal, tailers } = this.#options;
    // Once, for the log and for the heads.
    const joined = this.#lineBuffers.join(streams);
    const position = await wal.append(encodePushRecord({ tenant, digest, streams: joined.streams }));
    this.#apply(position, tenant, joined.streams);
    this.#lineBuffers.release(joined);
    tailers.tell(tenant, streams);
    this.#flushWhenFull();
    for (const { batch } of streams) {
      this.#counters.lines.add(batch.count, { tenant });
      this.#counters.bytes.add(lineBytesOf(batch), { tenant });
    }
  }

  /**
   * A store that takes nothing (a full disk, an outage) does not keep the server from starting: what the log holds has
   * been in memory before, and the next flush tries again.
   */
  async #flushDuringReplay(): Promise<void> {
    try {
      await this.flush();
    } catch (error) {
      if (!isServiceError(error, "unavailable")) {
        throw error;
      }
      this.#options.logger.warn("cannot flush while replaying the write-ahead log", { error: messageOf(error) });
    }
  }

  #apply(position: Position, tenant: string, streams: readonly AcceptedStream[]): void {
    assert(position > this.#appliedPosition, "records of the write-ahead log are applied in order");
    this.heads.append(tenant, streams, this.#options.clock.nowMs());
    this.#appliedPosition = position;
  }

  async #writeHeads(): Promise<void> {
    const { store, wal, logger, clock } = this.#options;
    if (!this.heads.flushIsPending) {
      this.#flushPosition = this.#appliedPosition;
    }
    const heads = this.heads.beginFlush();
    if (heads.size === 0) {
      return;
    }
    const startMs = clock.nowMs();
    const tenants = [...heads].map(([tenant, head]) => ({ tenant, streams: head.streams() }));
    const lineCount = [...heads.values()].reduce((sum, head) => sum + head.entryCount, 0);
    // The heads leave in the tick in which the manifest becomes visible: a query sees each line exactly once.
    await store.flush(tenants, this.#flushPosition, () => this.heads.endFlush());
    await wal.trim(this.#flushPosition);
    logger.info("flushed", { lines: lineCount, walCovered: this.#flushPosition, ms: clock.nowMs() - startMs });
  }
}
