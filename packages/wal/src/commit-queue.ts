import { ServiceError } from "@sluice/model";
import { recordHeaderBytes } from "./record.ts";
import type { EncodedRecord } from "./segment-writer.ts";

interface Waiting extends EncodedRecord {
  readonly resolve: (position: number) => void;
  readonly reject: (error: unknown) => void;
}

export interface CommitQueueOptions {
  /** Bytes of records that may wait or be on their way; one record is always taken. */
  readonly pendingBytesMax: number;
  /** Makes the records durable as one group and resolves to the position of the first. Never called twice at once. */
  readonly commit: (records: readonly EncodedRecord[]) => Promise<number>;
  /** Told whenever it changes how much waits or is on its way. */
  readonly onPending: (records: number, bytes: number) => void;
}

/** A group takes no further record when it holds this many bytes, which bounds how long its first one waits. */
const groupBytesMax = 8 << 20;

/** Group commit: while one group is being made durable, the next one gathers. */
export class CommitQueue {
  readonly #options: CommitQueueOptions;
  #waiting: Waiting[] = [];
  #work: (() => Promise<void>)[] = [];
  #pendingRecords = 0;
  #pendingBytes = 0;
  #running: Promise<void> | undefined;
  #stopped: ServiceError | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /**
   * Resolves to the record's position once it is durable, in the order of the calls.
   *
   * @throws {ServiceError} `rate_limited` over `pendingBytesMax`; what `commit` or {@link stop} says.
   */
  async add(record: EncodedRecord): Promise<number> {
    if (this.#stopped !== undefined) {
      throw this.#stopped;
    }
    const { pendingBytesMax } = this.#options;
    if (this.#pendingBytes > 0 && this.#pendingBytes + sizeOf(record) > pendingBytesMax) {
      throw new ServiceError(
        "rate_limited",
        `the WAL has ${this.#pendingBytes} bytes waiting for the disk, limit: ${pendingBytesMax} (pendingBytesMax)`,
      );
    }
    this.#changePending(1, sizeOf(record));
    const position = new Promise<number>((resolve, reject) => this.#waiting.push({ ...record, resolve, reject }));
    this.#running ??= this.#run();
    return position;
  }

  /** Does `work` while no group is being committed; nothing once the queue was stopped or closed. */
  async betweenGroups(work: () => Promise<void>): Promise<void> {
    if (this.#stopped !== undefined) {
      return;
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#work.push(async () => {
      if (this.#stopped === undefined) {
        await work().catch(reject);
      }
      resolve();
    });
    this.#running ??= this.#run();
    await promise;
  }

  /** Rejects what waits and all that comes. */
  stop(error: ServiceError): void {
    this.#stopped ??= error;
    for (const record of this.#waiting.splice(0)) {
      this.#changePending(-1, -sizeOf(record));
      record.reject(error);
    }
  }

  /** Takes no more, and resolves when everything that waited is settled. */
  async close(error: ServiceError): Promise<void> {
    this.#stopped ??= error;
    await this.#running;
  }

  async #run(): Promise<void> {
    // Appends of the same turn of the event loop share the first group.
    await Promise.resolve();
    while (this.#waiting.length > 0 || this.#work.length > 0) {
      await this.#work.shift()?.();
      if (this.#waiting.length > 0) {
        await this.#commit(this.#takeGroup());
      }
    }
    this.#running = undefined;
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const first = await this.#options.commit(group);
      for (const [i, record] of group.entries()) {
        record.resolve(first + i);
      }
    } catch (error) {
      for (const record of group) {
        record.reject(error);
      }
    }
    this.#changePending(-group.length, -group.reduce((sum, record) => sum + sizeOf(record), 0));
  }

  #changePending(records: number, bytes: number): void {
    this.#pendingRecords += records;
    this.#pendingBytes += bytes;
    this.#options.onPending(this.#pendingRecords, this.#pendingBytes);
  }

  #takeGroup(): Waiting[] {
    let count = 0;
    let bytes = 0;
    while (count < this.#waiting.length && (count === 0 || bytes < groupBytesMax)) {
      bytes += sizeOf(this.#waiting[count]!);
      count += 1;
    }
    return this.#waiting.splice(0, count);
  }
}

function sizeOf(record: EncodedRecord): number {
  return record.length + recordHeaderBytes;
}
