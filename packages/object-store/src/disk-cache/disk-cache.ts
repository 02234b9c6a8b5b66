import { createHash } from "node:crypto";
import { messageOf, ServiceError, type Clock, type FileSystem, type Logger, type Metrics } from "@sluice/model";
import type { ByteRange, ObjectStore } from "../object-store.ts";
import { cacheFileBytes, encodeCacheFile, readCacheFile } from "./cache-file.ts";
import { CacheIndex, type CachedRange } from "./cache-index.ts";
import { createDiskCacheMetrics, type DiskCacheMetrics } from "./disk-cache-metrics.ts";

export interface DiskCacheOptions {
  /** Absolute path; made when missing. One process uses it at a time. */
  readonly directory: string;
  /** Bytes of all files together. */
  readonly bytesMax: number;
  /** Files, whatever their size, for each takes a few hundred bytes of memory; default 100,000. */
  readonly filesMax?: number | undefined;
  /** Says of a key that its object never changes. Only such objects are kept. */
  readonly isImmutable: (key: string) => boolean;
  /** Bytes that are free on the directory's disk. */
  readonly freeBytes?: (() => Promise<number>) | undefined;
  /** Stays free on the disk for others, to whom it matters more; default 1 GiB. */
  readonly freeBytesMin?: number | undefined;
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** An object store of which parts are kept on a local disk. */
export interface CachedObjectStore extends ObjectStore {
  /** Bytes of the files that are kept. */
  readonly cachedBytes: number;
  /** Removes files until enough of the disk is free; for when others fill it. */
  trim(): Promise<void>;
  /** Resolves when nothing is being written. */
  settled(): Promise<void>;
}

const defaultFreeBytesMin = 2 ** 30;
const defaultFilesMax = 100_000;
/** What was read and is not written yet; what is more is not kept. */
const pendingBytesMax = 64 * 1024 * 1024;
/** After the disk has failed or was full, nothing is written for this long. */
const pauseMs = 30_000;

/**
 * Keeps on a local disk what is read of objects that never change, and those that are put: what was used longest ago
 * goes first. The disk is never trusted: what is damaged is read from `inner` instead, what cannot be written is not kept.
 * A read does not wait for anything to be written; a put does, so that who puts much does not fill memory with it.
 *
 * @throws {ServiceError} `unavailable` when the directory cannot be made or listed.
 */
export async function openDiskCache(inner: ObjectStore, options: DiskCacheOptions): Promise<CachedObjectStore> {
  const { directory, fs } = options;
  try {
    await fs.makeDirectory(directory);
    return new DiskCache(inner, options, await cachedRanges(fs, directory));
  } catch (error) {
    throw new ServiceError("unavailable", `cannot use ${directory} as a disk cache: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** A read of `inner` that others may share, until its bytes can be read from the disk. */
interface Loading {
  readonly offset: number;
  readonly length: number;
  readonly bytes: Promise<Uint8Array>;
}

class DiskCache implements CachedObjectStore {
  readonly #inner: ObjectStore;
  readonly #options: DiskCacheOptions;
  readonly #metrics: DiskCacheMetrics;
  readonly #index = new CacheIndex();
  readonly #loading = new Map<string, Set<Loading>>();
  #pendingBytes = 0;
  #nextSequence = 1;
  #pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** Writes and removals are done one after the other. */
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(inner: ObjectStore, options: DiskCacheOptions, ranges: readonly NumberedRange[]) {
    this.#inner = inner;
    this.#options = options;
    this.#metrics = createDiskCacheMetrics(options.metrics);
    for (const range of ranges) {
      this.#index.add(range);
      this.#nextSequence = range.sequence + 1;
    }
    this.#report();
    void this.trim();
  }

  get cachedBytes(): number {
    return this.#index.bytes;
  }

  async put(...[key, body, putOptions]: Parameters<ObjectStore["put"]>): Promise<void> {
    await this.#inner.put(key, body, putOptions);
    if (this.#options.isImmutable(key)) {
      const hash = hashOf(key);
      await this.#forget(hash);
      // What was just written is what is asked for most, and is merged soon.
      await this.#keep(hash, 0, body);
    }
  }

  async get(key: string, range?: ByteRange): Promise<Uint8Array> {
    if (range === undefined || !this.#options.isImmutable(key)) {
      return this.#inner.get(key, range);
    }
    const hash = hashOf(key);
    const found = await this.#read(hash, range);
    if (found !== undefined) {
      this.#metrics.hits.add(1);
      this.#metrics.bytesRead.add(found.length, { from: "disk" });
      return found;
    }
    const underWay = this.#underWay(hash, range);
    const shared = underWay && (await sharedBytes(underWay, range));
    if (shared !== undefined) {
      this.#metrics.hits.add(1);
      return shared;
    }
    this.#metrics.misses.add(1);
    const bytes = await this.#load(hash, key, range);
    this.#metrics.bytesRead.add(bytes.length, { from: "store" });
    return bytes;
  }

  stat(key: string): ReturnType<ObjectStore["stat"]> {
    return this.#inner.stat(key);
  }

  list(prefix: string, startAfter?: string): ReturnType<ObjectStore["list"]> {
    return this.#inner.list(prefix, startAfter);
  }

  async remove(key: string): Promise<void> {
    await this.#inner.remove(key);
    if (this.#options.isImmutable(key)) {
      await this.#forget(hashOf(key));
    }
  }

  async trim(): Promise<void> {
    await this.#inTurn(() => this.#makeRoom(0));
  }

  settled(): Promise<void> {
    return this.#inTurn(async () => {});
  }

  #forget(hash: string): Promise<void> {
    return this.#inTurn(() => this.#removeAll(this.#index.within(hash, 0, Number.POSITIVE_INFINITY)));
  }

  /** From the disk, or undefined. */
  async #read(hash: string, { offset, length }: ByteRange): Promise<Uint8Array | undefined> {
    const found = this.#index.find(hash, offset, offset + length);
    if (found === undefined) {
      return undefined;
    }
    const { fs, logger } = this.#options;
    const start = offset - found.offset;
    let why = "it is damaged";
    try {
      const path = this.#pathOf(found);
      const bytes = await readCacheFile(fs, path, found.name, found.length, start, start + length);
      if (bytes !== undefined) {
        return bytes;
      }
    } catch (error) {
      why = messageOf(error);
    }
    // One that went to make room in this very moment is no failure.
    if (this.#index.remove(found)) {
      this.#metrics.errors.add(1, { operation: "read" });
      logger.warn("cannot read a file of the disk cache, asking the object store", { file: found.name, why });
      void this.#inTurn(() => this.#removeFile(found));
      this.#report();
    }
    return undefined;
  }

  /** A read that asks for this, too. */
  #underWay(hash: string, { offset, length }: ByteRange): Loading | undefined {
    return this.#loading
      .get(hash)
      ?.values()
      .find((loading) => loading.offset <= offset && offset + length <= loading.offset + loading.length);
  }

  /** From the object store, and then on to the disk. */
  async #load(hash: string, key: string, range: ByteRange): Promise<Uint8Array> {
    const loading = { ...range, bytes: this.#inner.get(key, range) };
    const ofObject = this.#loading.get(hash) ?? new Set();
    this.#loading.set(hash, ofObject.add(loading));
    const forget = (): void => {
      ofObject.delete(loading);
      if (ofObject.size === 0) {
        this.#loading.delete(hash);
      }
    };
    try {
      const bytes = await loading.bytes;
      void this.#keep(hash, range.offset, [bytes]).finally(forget);
      return bytes;
    } catch (error) {
      forget();
      throw error;
    }
  }

  /** Writes it to the disk, if that is possible; never rejects. */
  async #keep(hash: string, offset: number, body: readonly Uint8Array[]): Promise<void> {
    const length = body.reduce((sum, part) => sum + part.length, 0);
    const sizeBytes = cacheFileBytes(length);
    const { bytesMax, clock } = this.#options;
    const isTooMuch = sizeBytes > bytesMax || (this.#pendingBytes > 0 && this.#pendingBytes + length > pendingBytesMax);
    if (length === 0 || isTooMuch || clock.nowMs() < this.#pausedUntilMs) {
      this.#metrics.notKept.add(1);
      return;
    }
    const sequence = this.#nextSequence;
    this.#nextSequence += 1;
    const name = `${hash}-${offset}-${length}-${sequence}`;
    const { parts } = encodeCacheFile(name, body);
    this.#pendingBytes += length;
    await this.#inTurn(() => this.#write({ name, hash, offset, length, sizeBytes }, parts));
    this.#pendingBytes -= length;
  }

  async #write(range: CachedRange, parts: readonly Uint8Array[]): Promise<void> {
    const { fs, clock, logger } = this.#options;
    if (clock.nowMs() < this.#pausedUntilMs || !(await this.#makeRoom(range.sizeBytes))) {
      this.#metrics.notKept.add(1);
      return;
    }
    const path = this.#pathOf(range);
    try {
      await fs.makeDirectory(path.slice(0, path.lastIndexOf("/")));
      const file = await fs.open(path, "create");
      try {
        await file.append(parts);
      } finally {
        await file.close();
      }
    } catch (error) {
      this.#pausedUntilMs = clock.nowMs() + pauseMs;
      this.#metrics.errors.add(1, { operation: "write" });
      logger.warn("cannot write to the disk cache, keeping nothing for a while", { error: messageOf(error), pauseMs });
      await this.#removeFile(range);
      return;
    }
    const { hash, offset, length } = range;
    await this.#removeAll(this.#index.within(hash, offset, offset + length));
    this.#index.add(range);
    this.#report();
  }

  /** Whether `sizeBytes` more may be written, after removing what was used longest ago. */
  async #makeRoom(sizeBytes: number): Promise<boolean> {
    const { bytesMax, filesMax = defaultFilesMax, freeBytes, freeBytesMin = defaultFreeBytesMin } = this.#options;
    const free = (await freeBytes?.().catch(() => undefined)) ?? Number.POSITIVE_INFINITY;
    let missing = freeBytesMin + sizeBytes - free;
    for (;;) {
      const oldest = this.#index.oldest;
      if (missing <= 0 && this.#index.bytes + sizeBytes <= bytesMax && this.#index.count < filesMax) {
        return true;
      }
      if (oldest === undefined) {
        return false;
      }
      await this.#removeAll([oldest]);
      this.#metrics.evictions.add(1);
      missing -= oldest.sizeBytes;
    }
  }

  async #removeAll(ranges: readonly CachedRange[]): Promise<void> {
    for (const range of ranges) {
      if (this.#index.remove(range)) {
        await this.#removeFile(range);
      }
    }
    this.#report();
  }

  async #removeFile(range: CachedRange): Promise<void> {
    try {
      await this.#options.fs.remove(this.#pathOf(range));
    } catch {
      // The file counts no more; the next start finds it again.
      this.#metrics.errors.add(1, { operation: "remove" });
    }
  }

  /** Runs `work`, which never rejects, after what was asked for before. */
  #inTurn(work: () => Promise<unknown>): Promise<void> {
    this.#lastWrite = this.#lastWrite.then(async () => {
      await work();
    });
    return this.#lastWrite;
  }

  #pathOf({ name }: CachedRange): string {
    return `${this.#options.directory}/${folderOf(name)}/${name}`;
  }

  #report(): void {
    this.#metrics.bytes.set(this.#index.bytes);
    this.#metrics.files.set(this.#index.count);
  }
}

/** Undefined when there are fewer: then the object ends there, and what that means is for the object store to say. */
async function sharedBytes(loading: Loading, { offset, length }: ByteRange): Promise<Uint8Array | undefined> {
  const start = offset - loading.offset;
  const bytes = await loading.bytes;
  return start + length <= bytes.length ? bytes.slice(start, start + length) : undefined;
}

interface NumberedRange extends CachedRange {
  readonly sequence: number;
}

const namePattern = /^([0-9a-f]{32})-(\d{1,16})-([1-9]\d{0,15})-(\d{1,16})$/u;
const folderPattern = /^[0-9a-f]{2}$/u;

/** What an earlier process kept, by its names alone, the oldest first. */
async function cachedRanges(fs: FileSystem, directory: string): Promise<readonly NumberedRange[]> {
  const ranges: NumberedRange[] = [];
  for (const folder of await fs.list(directory)) {
    if (!folderPattern.test(folder)) {
      continue;
    }
    for (const name of await fs.list(`${directory}/${folder}`)) {
      const [, hash, offset, length, sequence] = namePattern.exec(name) ?? [];
      if (hash !== undefined && folderOf(name) === folder) {
        const sizeBytes = cacheFileBytes(Number(length));
        ranges.push({
          name,
          hash,
          offset: Number(offset),
          length: Number(length),
          sizeBytes,
          sequence: Number(sequence),
        });
      }
    }
  }
  return ranges.sort((a, b) => a.sequence - b.sequence);
}

/** So that no directory has more than some thousand files. */
function folderOf(name: string): string {
  return name.slice(0, 2);
}

function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 32);
}
