import { deltaNsMax, MetadataBuilder, noLabels, withMetadata, type EntryBatch, type Labels } from "@sluice/model";

/**
 * Collects the entries of one stream as columns over `bytes`. Where an entry is too far from the first one of its
 * batch, a new batch begins, so that deltas stay exact.
 */
export class EntryColumns {
  readonly #bytes: Uint8Array;
  readonly #deltaNs: Float64Array;
  readonly #lineStarts: Uint32Array;
  readonly #lineEnds: Uint32Array;
  readonly #batches: EntryBatch[] = [];
  /** Made with the first metadata of the batch; entries before it have none. */
  #metadata: MetadataBuilder | undefined;
  #batchStart = 0;
  #count = 0;
  #baseSeconds = 0;
  #baseNanos = 0;

  /** @param countMax how many entries will be added at most. */
  constructor(bytes: Uint8Array, countMax: number) {
    this.#bytes = bytes;
    this.#deltaNs = new Float64Array(countMax);
    this.#lineStarts = new Uint32Array(countMax);
    this.#lineEnds = new Uint32Array(countMax);
  }

  /** @param nanos in [0, 1e9), after `seconds`. */
  add(seconds: number, nanos: number, lineStart: number, lineEnd: number, metadata: Labels): void {
    let index = this.#count;
    if (index === this.#batchStart) {
      this.#baseSeconds = seconds;
      this.#baseNanos = nanos;
    }
    // Exact wherever it counts: products that would round are far beyond deltaNsMax.
    let delta = (seconds - this.#baseSeconds) * 1e9 + (nanos - this.#baseNanos);
    if (delta > deltaNsMax || delta < -deltaNsMax) {
      this.#closeBatch();
      this.#baseSeconds = seconds;
      this.#baseNanos = nanos;
      delta = 0;
      index = this.#count;
    }
    this.#deltaNs[index] = delta;
    this.#lineStarts[index] = lineStart;
    this.#lineEnds[index] = lineEnd;
    this.#addMetadata(metadata);
    this.#count = index + 1;
  }

  /** How many batches there will be, at least. */
  get batchCount(): number {
    return this.#batches.length + 1;
  }

  /** The batches; one without entries when none was added. */
  finish(): readonly EntryBatch[] {
    this.#closeBatch();
    return this.#batches;
  }

  #addMetadata(metadata: Labels): void {
    if (metadata.length > 0 && this.#metadata === undefined) {
      this.#metadata = new MetadataBuilder();
      for (let i = this.#batchStart; i < this.#count; i++) {
        this.#metadata.add(noLabels);
      }
    }
    this.#metadata?.add(metadata);
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
    this.#batches.push(withMetadata(batch, this.#metadata?.column()));
    this.#metadata = undefined;
    this.#batchStart = end;
  }
}
