import type { StoreMetrics } from "./store-metrics.ts";

export interface ByteCacheOptions {
  /** Names the cache in metrics. */
  readonly name: string;
  readonly bytesMax: number;
  readonly metrics: StoreMetrics;
}

interface Kept<Value> {
  readonly value: Value;
  readonly bytes: number;
}

/**
 * Keeps what was loaded, up to a number of bytes, the least recently used going first. Who asks for what is just being
 * loaded waits for that load; a load that fails is not kept.
 */
export class ByteCache<Value> {
  readonly #options: ByteCacheOptions;
  readonly #sizeOf: (value: Value) => number;
  /** Oldest use first. */
  readonly #kept = new Map<string, Kept<Value>>();
  readonly #loading = new Map<string, Promise<Value>>();
  #bytes = 0;

  constructor(options: ByteCacheOptions, sizeOf: (value: Value) => number) {
    this.#options = options;
    this.#sizeOf = sizeOf;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** For each key what is kept, or undefined: nothing is loaded, and only what is found is counted. */
  getKept(keys: readonly string[]): (Value | undefined)[] {
    const { metrics, name } = this.#options;
    let hits = 0;
    const values = keys.map((key) => {
      const kept = this.#kept.get(key);
      if (kept === undefined) {
        return undefined;
      }
      hits += 1;
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept.value;
    });
    metrics.cacheHits.add(hits, { cache: name });
    return values;
  }

  /** What is kept, or undefined; nothing is loaded. */
  get(key: string): Value | undefined {
    return this.getKept([key])[0];
  }

  /** Whether so many bytes more can be kept without letting go of any. */
  hasRoomFor(bytes: number): boolean {
    return this.#bytes + bytes <= this.#options.bytesMax;
  }

  async getOrLoad(key: string, load: () => Promise<Value>): Promise<Value> {
    const { metrics, name } = this.#options;
    const kept = this.#kept.get(key);
    if (kept !== undefined) {
      metrics.cacheHits.add(1, { cache: name });
      this.#kept.delete(key);
      this.#kept.set(key, kept);
      return kept.value;
    }
    const underway = this.#loading.get(key);
    if (underway !== undefined) {
      metrics.cacheHits.add(1, { cache: name });
      return underway;
    }
    metrics.cacheMisses.add(1, { cache: name });
    const loading = this.#load(key, load);
    this.#loading.set(key, loading);
    return loading;
  }

  async #load(key: string, load: () => Promise<Value>): Promise<Value> {
    try {
      const value = await load();
      this.#keep(key, value);
      return value;
    } finally {
      this.#loading.delete(key);
    }
  }

  #keep(key: string, value: Value): void {
    const { bytesMax, metrics, name } = this.#options;
    const bytes = this.#sizeOf(value);
    if (bytes > bytesMax) {
      return;
    }
    const before = this.#bytes;
    this.#kept.set(key, { value, bytes });
    this.#bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.#kept) {
      if (this.#bytes <= bytesMax) {
        break;
      }
      this.#kept.delete(oldest);
      this.#bytes -= freed;
    }
    metrics.cacheBytes.add(this.#bytes - before, { cache: name });
  }
}
