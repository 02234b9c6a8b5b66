const keysMax = 64;
/** A piece of this length may be a view of the text that it was cut from, and keep it in memory. */
const viewLength = 13;

/**
 * Keys in the order in which the last line had them. Lines of a stream are alike: to look whether the same key comes
 * again is quicker than to cut it out, and its hash is known.
 */
export class SeenKeys {
  readonly #keys: string[] = [];
  #next = 0;

  /** Begins with the next line. */
  rewind(): void {
    this.#next = 0;
  }

  /** The key that is expected next, if the text goes on with it; otherwise undefined. */
  at(text: string, start: number): string | undefined {
    const key = this.#keys[this.#next];
    return key !== undefined && text.startsWith(key, start) ? key : undefined;
  }

  /** Steps over an expected key that did come. */
  skip(): void {
    this.#next += 1;
  }

  /** Takes note of another key than was expected. */
  learn(key: string): void {
    if (this.#next < keysMax && key.length <= keysMax) {
      this.#keys[this.#next] = key.length < viewLength ? key : ` ${key}`.slice(1);
      this.#next += 1;
    }
  }
}
