import type { BlockRef, EntryBatch, Labels } from "@sluice/model";

/** A block under other labels, or one that something is done before it is read; what is known of it is the inner one's. */
export class WrappedBlock implements BlockRef {
  readonly labels: Labels;
  readonly #inner: BlockRef;
  readonly #beforeReading: () => void;

  /** @param beforeReading may refuse by throwing. */
  constructor(inner: BlockRef, labels: Labels, beforeReading: () => void = () => {}) {
    this.#inner = inner;
    this.labels = labels;
    this.#beforeReading = beforeReading;
  }

  get minNs(): bigint {
    return this.#inner.minNs;
  }

  get maxNs(): bigint {
    return this.#inner.maxNs;
  }

  get count(): number {
    return this.#inner.count;
  }

  get rawBytes(): number {
    return this.#inner.rawBytes;
  }

  get mayRepeat(): boolean {
    return this.#inner.mayRepeat === true;
  }

  async load(signal?: AbortSignal): Promise<EntryBatch> {
    this.#beforeReading();
    return this.#inner.load(signal);
  }

  async scan<Result>(use: (batch: EntryBatch) => Result, signal?: AbortSignal): Promise<Result> {
    this.#beforeReading();
    const inner = this.#inner;
    return inner.scan === undefined ? use(await inner.load(signal)) : inner.scan(use, signal);
  }
}
