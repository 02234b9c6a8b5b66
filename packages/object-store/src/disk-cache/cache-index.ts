/** A stretch of an object that is kept in a file. */
export interface CachedRange {
  readonly name: string;
  /** Of the object's key. */
  readonly hash: string;
  readonly offset: number;
  readonly length: number;
  readonly sizeBytes: number;
}

/** What is kept, by object; the least recently used goes first. In memory only: the files' names say it all. */
export class CacheIndex {
  /** Oldest use first. */
  readonly #byName = new Map<string, CachedRange>();
  readonly #byHash = new Map<string, CachedRange[]>();
  #bytes = 0;

  /** Bytes of all files. */
  get bytes(): number {
    return this.#bytes;
  }

  get count(): number {
    return this.#byName.size;
  }

  /** The one used longest ago. */
  get oldest(): CachedRange | undefined {
    return this.#byName.values().next().value;
  }

  /** One that holds all of `[start, end)`; counts as a use. */
  find(hash: string, start: number, end: number): CachedRange | undefined {
    const found = this.#byHash.get(hash)?.find(({ offset, length }) => offset <= start && end <= offset + length);
    if (found !== undefined) {
      this.#byName.delete(found.name);
      this.#byName.set(found.name, found);
    }
    return found;
  }

  /** Those of one object that lie within `[start, end)`. */
  within(hash: string, start: number, end: number): readonly CachedRange[] {
    return (this.#byHash.get(hash) ?? []).filter(({ offset, length }) => offset >= start && offset + length <= end);
  }

  add(range: CachedRange): void {
    this.#byName.set(range.name, range);
    const ofObject = this.#byHash.get(range.hash);
    if (ofObject === undefined) {
      this.#byHash.set(range.hash, [range]);
    } else {
      ofObject.push(range);
    }
    this.#bytes += range.sizeBytes;
  }

  /** False when it was not there any more. */
  remove(range: CachedRange): boolean {
    if (!this.#byName.delete(range.name)) {
      return false;
    }
    this.#bytes -= range.sizeBytes;
    const left = this.#byHash.get(range.hash)!.filter((other) => other !== range);
    if (left.length === 0) {
      this.#byHash.delete(range.hash);
    } else {
      this.#byHash.set(range.hash, left);
    }
    return true;
  }
}
