import type { Clock } from "@sluice/model";
import type { ByteRange } from "@sluice/object-store";
import { gapBytesMax, WantedParts, type Stretch } from "./read-ahead-parts.ts";
import { ReadAheadWindow } from "./read-ahead-window.ts";
import type { StoreMetrics } from "./store-metrics.ts";

export interface ReadAheadOptions {
  /** Memory for what was fetched and is not read yet, over all queries. */
  readonly bytesMax: number;
  /** The most that one request fetches. */
  readonly windowBytesMax: number;
}

/** For object stores that charge by the request and take their time to answer. */
export const defaultReadAhead: ReadAheadOptions = {
  bytesMax: 128 * 1024 * 1024,
  windowBytesMax: 16 * 1024 * 1024,
};

/** Reads a part of one object. */
export type ReadPart = (range: ByteRange) => Promise<Uint8Array>;

/** What nobody has read for this long, nobody will: queries end early. */
const idleMsMax = 30_000;
/** A query that ends after a few lines has not fetched much more than it read. */
const firstWindowBytes = 1024 * 1024;
const growth = 4;
/** For a query that has read windows for nothing, since others pushed them out. */
const carefulGrowth = 17 / 16;

const cache = "read_ahead";

type Fetch = (key: string, range: ByteRange) => Promise<Uint8Array>;
type ReadAheadMetrics = Pick<StoreMetrics, "cacheHits" | "cacheMisses" | "cacheBytes">;

/**
 * Fetches parts of objects that will be read soon together with one that is read now: few requests, in memory that is
 * bounded. What finds no room is fetched by itself, so that nothing waits for room.
 */
export class ReadAhead {
  readonly #options: ReadAheadOptions;
  readonly #fetch: Fetch;
  readonly #metrics: ReadAheadMetrics;
  readonly #clock: Clock;
  /** Those that are there, and those on their way; oldest use first. */
  readonly #windows = new Set<ReadAheadWindow>();
  #bytes = 0;

  constructor(options: ReadAheadOptions, fetch: Fetch, metrics: ReadAheadMetrics, clock: Clock) {
    this.#options = options;
    this.#fetch = fetch;
    this.#metrics = metrics;
    this.#clock = clock;
  }

  /** Bytes that are there or on their way. */
  get bytes(): number {
    return this.#bytes;
  }

  /** For what one query reads: how much it has read tells how far ahead it is worth to look. */
  scan(): Scan {
    this.#dropIdle();
    return new Scan(this, this.#options.windowBytesMax);
  }

  /** One part alone, past all windows. */
  fetch(key: string, range: ByteRange): Promise<Uint8Array> {
    this.#metrics.cacheMisses.add(1, { cache });
    return this.#fetch(key, range);
  }

  /**
   * Begins to fetch a window, if there is room for it.
   *
   * @param mayEvict whether what was not used for longest may make room.
   */
  open(
    key: string,
    { range, count }: Stretch,
    mayEvict: boolean,
    onGone: (window: ReadAheadWindow) => void,
  ): ReadAheadWindow | undefined {
    if (mayEvict) {
      this.#makeRoom(range.length);
    }
    if (this.#bytes + range.length > this.#options.bytesMax) {
      return undefined;
    }
    const window = new ReadAheadWindow(range, this.fetch(key, range), count, onGone);
    window.usedAtMs = this.#clock.nowMs();
    this.#windows.add(window);
    this.#count(range.length);
    window.whenThere().catch(() => this.drop(window));
    return window;
  }

  /** Notes that a window is of use still. */
  touch(window: ReadAheadWindow): void {
    this.#metrics.cacheHits.add(1, { cache });
    window.usedAtMs = this.#clock.nowMs();
    if (this.#windows.delete(window)) {
      this.#windows.add(window);
    }
  }

  drop(window: ReadAheadWindow): void {
    if (this.#windows.delete(window)) {
      this.#count(-window.range.length);
      window.onGone(window);
    }
  }

  #dropIdle(): void {
    for (const window of this.#windows) {
      if (window.usedAtMs > this.#clock.nowMs() - idleMsMax) {
        return;
      }
      if (window.isThere) {
        this.drop(window);
      }
    }
  }

  #makeRoom(bytes: number): void {
    for (const window of this.#windows) {
      if (this.#bytes + bytes <= this.#options.bytesMax) {
        return;
      }
      if (window.isThere) {
        this.drop(window);
      }
    }
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#metrics.cacheBytes.add(bytes, { cache });
  }
}

/** The reads of one query: small windows at first, larger ones when it goes on, smaller again when there is no room. */
export class Scan {
  readonly #readAhead: ReadAhead;
  readonly #windowBytesMax: number;
  #windowBytes: number;
  #isCareful = false;

  /** Made by {@link ReadAhead.scan}. */
  constructor(readAhead: ReadAhead, windowBytesMax: number) {
    this.#readAhead = readAhead;
    this.#windowBytesMax = windowBytesMax;
    this.#windowBytes = Math.min(firstWindowBytes, windowBytesMax);
  }

  /**
   * A reader for the parts of one object that the query wants.
   *
   * @param partsOf the parts, ascending and apart from each other; asked for when the first of them is read.
   */
  reader(key: string, partsOf: () => readonly ByteRange[]): ReadPart {
    let parts: WantedParts | undefined;
    return (range) => this.#read(key, (parts ??= new WantedParts(partsOf())), range);
  }

  async #read(key: string, parts: WantedParts, range: ByteRange): Promise<Uint8Array> {
    const index = parts.indexOf(range);
    const known = parts.windowAt(index);
    if (known !== undefined) {
      this.#readAhead.touch(known);
    }
    const window = known ?? (parts.isOpen(index) ? this.#open(key, parts, index, true) : undefined);
    if (window === undefined) {
      parts.setRead(index);
      return this.#readAhead.fetch(key, range);
    }
    const bytes = await window.part(range);
    parts.setRead(index);
    if (window.partsLeft === 0) {
      this.#readAhead.drop(window);
      this.#grow(carefulGrowth);
    }
    this.#lookAhead(key, parts);
    return bytes;
  }

  #open(key: string, parts: WantedParts, index: number, mayEvict: boolean): ReadAheadWindow | undefined {
    const stretch = parts.around(index, this.#windowBytes);
    if (stretch.count === 1) {
      return undefined;
    }
    const window = this.#readAhead.open(key, stretch, mayEvict, ({ partsLeft }) => {
      parts.setWindow(stretch, undefined);
      if (partsLeft > 0) {
        // Others needed the room before all of it was read: less at a time is more.
        this.#isCareful = true;
        this.#windowBytes = Math.max(this.#windowBytes / 2, gapBytesMax);
      }
    });
    if (window !== undefined) {
      parts.setWindow(stretch, window);
      this.#grow(this.#isCareful ? 1 : growth);
    }
    return window;
  }

  #grow(factor: number): void {
    this.#windowBytes = Math.min(this.#windowBytes * factor, this.#windowBytesMax);
  }

  /** A query that has come this far will want the rest of the object, too, and should not have to wait for it. */
  #lookAhead(key: string, parts: WantedParts): void {
    const next = this.#windowBytes < this.#windowBytesMax ? undefined : parts.firstOpen();
    if (next !== undefined) {
      this.#open(key, parts, next, false);
    }
  }
}
