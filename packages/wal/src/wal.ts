import {
  type Clock,
  type FileSystem,
  isServiceError,
  type Logger,
  makeDirectoryDurably,
  messageOf,
  type Metrics,
  ServiceError,
} from "@sluice/model";
import { CommitQueue } from "./commit-queue.ts";
import { type DirectoryLock, lockDirectory, type LockOwner, thisProcess } from "./lock.ts";
import type { Position, PositionedRecord } from "./position.ts";
import { checksumOf } from "./record.ts";
import { quarantine, recover, type Recovered } from "./recovery.ts";
import { type Segment, segmentHeaderBytes } from "./segment.ts";
import { createSegment, type EncodedRecord, type SegmentWriter } from "./segment-writer.ts";
import { createWalMetrics, type WalMetrics } from "./wal-metrics.ts";
import { readRecords } from "./wal-reader.ts";

/** A durable log of opaque records. */
export interface Wal {
  /**
   * Resolves once the record, the parts one after the other, survives a power cut. Appends resolve in the order of the
   * calls. The parts must not change before that.
   *
   * @throws {ServiceError} `too_large` over `recordBytesMax`; `rate_limited` while `pendingBytesMax` bytes wait for the
   * disk; `unavailable` when the disk is full (the record will never be read, and later appends work once there is
   * space), or when the log is closed or has failed.
   */
  append(record: readonly Uint8Array[]): Promise<Position>;
  /**
   * Streams the records with position >= `from` that are durable when the first one is asked for, in order, in bounded
   * memory. Records that damage made unreadable are left out, and said in the log and the metrics.
   */
  read(from: Position): AsyncIterable<PositionedRecord>;
  /**
   * Records <= `upTo` are not needed any more. Whole segments go; of the one that is written to, records up to
   * `trimmedBytesMax` may stay.
   */
  trim(upTo: Position): Promise<void>;
  /** Position of the last durable record, trimmed or not; 0 before the first. */
  readonly lastPosition: Position;
  /** Bytes of the segment files. */
  readonly sizeBytes: number;
  /** Waits for the appends under way, then releases the directory. */
  close(): Promise<void>;
}

export interface WalOptions {
  /** Absolute path; made when missing. Belongs to one process at a time. */
  readonly directory: string;
  readonly fs: FileSystem;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Measures how long the disk takes. */
  readonly clock: Clock;
  /** A segment that holds this many bytes takes no further group of records. */
  readonly segmentBytesMax?: number;
  readonly recordBytesMax?: number;
  /** Bytes of trimmed records that may stay in the segment that is written to. */
  readonly trimmedBytesMax?: number;
  /** Records that may wait for the disk, bytes. */
  readonly pendingBytesMax?: number;
  /** The least position that the next record may get: what the caller knows to be covered elsewhere, plus 1. */
  readonly firstPosition?: Position;
  /** Called once when the disk failed so that nothing is known about what it holds: the process must end. */
  readonly onFatal: (error: Error) => void;
  /** Who holds the directory; a simulation that restarts within one process names every start anew. */
  readonly lockOwner?: LockOwner;
}

/**
 * Opens the log in a directory: takes the directory's lock and recovers from whatever the last process left.
 *
 * @throws {ServiceError} `unavailable` when the directory is in use or cannot be used, `corrupt` when a newer version
 * wrote it.
 */
export async function openWal(options: WalOptions): Promise<Wal> {
  const { directory, fs, logger, firstPosition = 1, lockOwner = thisProcess() } = options;
  const metrics = createWalMetrics(options.metrics);
  let lock: DirectoryLock | undefined;
  try {
    await makeDirectoryDurably(fs, directory);
    lock = await lockDirectory(fs, directory, lockOwner, logger);
    const recovered = await recover({ fs, logger, metrics }, directory);
    return new SegmentedWal(options, metrics, lock, recovered, firstPosition);
  } catch (error) {
    await lock?.release();
    if ((error as NodeJS.ErrnoException).code === undefined || isServiceError(error)) {
      throw error;
    }
    throw new ServiceError("unavailable", `cannot open the WAL in ${directory}: ${messageOf(error)}`, { cause: error });
  }
}

const segmentBytesMaxDefault = 64 << 20;
const recordBytesMaxDefault = 64 << 20;
const pendingBytesMaxDefault = 64 << 20;
const trimmedBytesMaxDefault = 1 << 20;

class SegmentedWal implements Wal {
  readonly #options: WalOptions;
  readonly #metrics: WalMetrics;
  readonly #lock: DirectoryLock;
  readonly #queue: CommitQueue;
  /** In order of position; the last one is the writer's, if there is a writer. */
  #segments: Segment[];
  #writer: SegmentWriter | undefined;
  /** The last position that has a record in the segments. */
  #writtenThrough: Position;
  #lastPosition: Position;
  #trimmedThrough: Position = 0;
  #closed: Promise<void> | undefined;

  constructor(
    options: WalOptions,
    metrics: WalMetrics,
    lock: DirectoryLock,
    recovered: Recovered,
    firstPosition: Position,
  ) {
    this.#options = options;
    this.#metrics = metrics;
    this.#lock = lock;
    this.#segments = recovered.segments;
    this.#writer = recovered.writer;
    this.#writtenThrough = recovered.lastPosition;
    this.#lastPosition = Math.max(recovered.lastPosition, firstPosition - 1);
    this.#queue = new CommitQueue({
      pendingBytesMax: options.pendingBytesMax ?? pendingBytesMaxDefault,
      commit: (records) => this.#commit(records),
      onPending: (records, bytes) => {
        metrics.waitingRecords.set(records);
        metrics.waitingBytes.set(bytes);
      },
    });
    this.#reportSize();
  }

  get lastPosition(): Position {
    return this.#lastPosition;
  }

  get sizeBytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeBytes, 0);
  }

  async append(record: readonly Uint8Array[]): Promise<Position> {
    const { recordBytesMax = recordBytesMaxDefault } = this.#options;
    const length = record.reduce((sum, part) => sum + part.length, 0);
    if (length > recordBytesMax) {
      throw new ServiceError("too_large", `WAL record of ${length} bytes, limit: ${recordBytesMax} (recordBytesMax)`);
    }
    return this.#queue.add({ parts: record, length, checksum: checksumOf(record) });
  }

  async *read(from: Position): AsyncGenerator<PositionedRecord, void, undefined> {
    const records = readRecords({
      fs: this.#options.fs,
      segments: [...this.#segments],
      from,
      through: this.#writtenThrough,
      trimmedThrough: () => this.#trimmedThrough,
      onMissing: (segment, first, end) => this.#reportMissing(segment, first, end),
    });
    const { readPosition, readRecords: recordCount, readBytes } = this.#metrics;
    for await (const read of records) {
      recordCount.add(1);
      readBytes.add(read.record.length);
      readPosition.set(read.position);
      yield read;
    }
  }

  async trim(upTo: Position): Promise<void> {
    const { fs, directory } = this.#options;
    this.#trimmedThrough = Math.max(this.#trimmedThrough, Math.min(upTo, this.#lastPosition));
    if (this.#lastIsWorthLeaving(upTo)) {
      await this.#queue.betweenGroups(() => this.#leaveLast(upTo));
    }
    const kept = this.#segments.findIndex((_, i) => (this.#segments[i + 1]?.firstPosition ?? Infinity) - 1 > upTo);
    const trimmed = this.#segments.slice(0, kept);
    for (const segment of trimmed) {
      await fs.remove(segment.path);
      this.#segments = this.#segments.filter((other) => other !== segment);
    }
    if (trimmed.length > 0) {
      await fs.syncDirectory(directory);
      this.#reportSize();
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await this.#queue.close(new ServiceError("unavailable", `the WAL in ${this.#options.directory} is closed`));
    await this.#writer?.close();
    await this.#lock.release();
  }

  /** The queue calls it for one group at a time. */
  async #commit(records: readonly EncodedRecord[]): Promise<Position> {
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    const first = this.#lastPosition + 1;
    try {
      const writer = await this.#writerFor(first);
      await writer.appendGroup(records);
    } catch (error) {
      throw this.#failed(error);
    }
    this.#lastPosition += records.length;
    this.#writtenThrough = this.#lastPosition;
    this.#metrics.syncs.add(1);
    this.#metrics.records.add(records.length);
    this.#metrics.recordBytes.add(records.reduce((sum, { length }) => sum + length, 0));
    this.#metrics.commitSeconds.observe((clock.nowMs() - startMs) / 1000);
    this.#reportSize();
    return first;
  }

  #reportSize(): void {
    this.#metrics.segments.set(this.#segments.length);
    this.#metrics.sizeBytes.set(this.sizeBytes);
    this.#metrics.lastPosition.set(this.#lastPosition);
  }

  /** Whether the last segment holds nothing but trimmed records, and more than may stay. */
  #lastIsWorthLeaving(upTo: Position): boolean {
    const { trimmedBytesMax = trimmedBytesMaxDefault } = this.#options;
    const last = this.#segments.at(-1);
    return upTo >= this.#writtenThrough && last !== undefined && last.sizeBytes > segmentHeaderBytes + trimmedBytesMax;
  }

  /**
   * Begins a new segment, so that the last one can go. It is durable before the old one is removed: a directory always
   * tells which positions were given out. When there is no space for it, the next trim tries again.
   */
  async #leaveLast(upTo: Position): Promise<void> {
    if (!this.#lastIsWorthLeaving(upTo)) {
      return;
    }
    try {
      await this.#nextWriter(this.#lastPosition + 1);
    } catch (error) {
      if (!isServiceError(error, "unavailable")) {
        throw this.#failed(error);
      }
      this.#options.logger.warn(error.message);
    }
  }

  /** The writer whose next record gets position `first`: the present one, or that of a new segment. */
  async #writerFor(first: Position): Promise<SegmentWriter> {
    const { segmentBytesMax = segmentBytesMaxDefault } = this.#options;
    const present = this.#writer;
    const hasRoom = present !== undefined && (present.isEmpty || present.segment.sizeBytes < segmentBytesMax);
    return hasRoom && present.nextPosition === first ? present : this.#nextWriter(first);
  }

  async #nextWriter(first: Position): Promise<SegmentWriter> {
    const { fs, directory } = this.#options;
    const present = this.#writer;
    const next = await createSegment(fs, directory, { first, previous: this.#writtenThrough });
    this.#writer = next;
    this.#segments.push(next.segment);
    await present?.close();
    return next;
  }

  /** A full disk refuses one group; after any other failure the disk is not to be trusted, nor is the process. */
  #failed(error: unknown): ServiceError {
    const { directory, logger, onFatal } = this.#options;
    if (isServiceError(error, "unavailable")) {
      this.#metrics.outOfSpace.add(1);
      logger.warn(error.message);
      return error;
    }
    const failure = new ServiceError("unavailable", `the WAL in ${directory} failed: ${messageOf(error)}`, {
      cause: error,
    });
    logger.error(failure.message);
    this.#queue.stop(failure);
    onFatal(failure);
    return failure;
  }

  async #reportMissing(segment: Segment, first: Position, end: Position): Promise<void> {
    const { fs, directory, logger } = this.#options;
    this.#metrics.lostRecords.add(end - first);
    logger.error("WAL records are unreadable", { segment: segment.path, firstPosition: first, count: end - first });
    await quarantine({ fs, logger, metrics: this.#metrics }, directory, segment);
  }
}
