import { deltaNsMax, withMetadata, type EntryBatch, type Labels } from "@sluice/model";

/**
 * Collects the entries of one stream as columns over `bytes`. Where an entry is too far from the first one of its
 * batch, a new batch begins, so that deltas stay exact.
 */
export class EntryColumns {
  readonly #bytes: Uint8Array;
  readonly #deltaNs: Float64Array;
  readonly #lineStarts: Uint32Array;
  readonly #lineEnds: Uint32Array;
  readonly #sets: readonly Labels[];
  readonly #batches: EntryBatch[] = [];
  /** Made with the first metadata of the stream; the entries before it have the empty set, place 0. */
  #metadataIndex: Uint32Array | undefined;
  #batchHasMetadata = false;
  #batchStart = 0;
  #count = 0;
  #baseSeconds = 0;
  #baseNanos = 0;

  /**
   * @param countMax how many entries will be added at most.
   * @param sets the metadata sets that entries refer to, the first one empty; may grow until {@link finish}.
   */
  constructor(bytes: Uint8Array, countMax: number, sets: readonly Labels[]) {
    this.#bytes = bytes;
    this.#deltaNs = new Float64Array(countMax);
    this.#lineStarts = new Uint32Array(countMax);
    this.#lineEnds = new Uint32Array(countMax);
    this.#sets = sets;
  }

  /**
   * @param nanos in [0, 1e9), after `seconds`.
   * @param metadata the place of the entry's metadata in `sets`, 0 for none.
   */
  add(seconds: number, nanos: number, lineStart: number, lineEnd: number, metadata: number): void {
    const index = this.#count;
    if (index === this.#batchStart) {
      this.#beginBatch(seconds, nanos);
    }
    // Exact wherever it counts: products that would round are far beyond deltaNsMax.
    let delta = (seconds - this.#baseSeconds) * 1e9 + (nanos - this.#baseNanos);
    if (delta > deltaNsMax || delta < -deltaNsMax) {
      this.#closeBatch();
      this.#beginBatch(seconds, nanos);
      delta = 0;
    }
    this.#deltaNs[index] = delta;
    this.#lineStarts[index] = lineStart;
    this.#lineEnds[index] = lineEnd;
    if (metadata !== 0) {
      this.#metadataIndex ??= new Uint32Array(this.#deltaNs.length);
      this.#metadataIndex[index] = metadata;
      this.#batchHasMetadata = true;
    }
    this.#count = index + 1;
  }

  /** How many batches there are so far, the open one included. */
  get batchCount(): number {
    return this.#batches.length + 1;
  }

  /** The batches; one without entries when none was added. */
  finish(): readonly EntryBatch[] {
    this.#closeBatch();
    return this.#batches;
  }

  #beginBatch(seconds: number, nanos: number): void {
    this.#baseSeconds = seconds;
    this.#baseNanos = nanos;
    this.#batchStart = this.#count;
    this.#batchHasMetadata = false;
  }

  #closeBatch(): void {
    const start = this.#batchStart;
    const end = this.#count;
    const batch = {
      count: end - start,
      baseNs: BigInt(this.#baseSeconds) * 1_000_000_000n + BigInt(this.#baseNanos),
      deltaNs: this.#deltaNs.subarray(start, end),
      bytes: this.#bytes,
      lineStarts: this.#lineStarts.subarray(start, end),
      lineEnds: this.#lineEnds.subarray(start, end),
    };
    const metadata =
      this.#metadataIndex === undefined || !this.#batchHasMetadata
        ? undefined
        : { sets: this.#sets, index: this.#metadataIndex.subarray(start, end) };
    this.#batches.push(withMetadata(batch, metadata));
  }
}
