import { mergeBatches, readSlot } from "@sluice/chunk";
import { ServiceError, type BlockRef, type EntryBatch, type Labels } from "@sluice/model";
import type { HeadColumns, HeadPart, Question, SentSnapshot } from "./messages.ts";

/** Asks the main thread; resolves to the parts of its answer. */
export type Ask = (question: Question) => Promise<readonly unknown[]>;

/** What is asked for at a time: small blocks come together. */
const bytesAtOnce = 256 * 1024;
const blocksAtOnce = 256;

/** The blocks in memory of one snapshot. Their entries are copied over when they are wanted. */
export function remoteHeads(
  ask: Ask,
  { id, labels, heads }: Pick<SentSnapshot, "id" | "heads"> & { readonly labels: readonly Labels[] },
): readonly BlockRef[] {
  const copies = new HeadCopies(ask, id, heads);
  const { minNs, maxNs, counts, rawBytes, mayRepeat } = heads;
  return labels.map((ofBlock, i) => ({
    labels: ofBlock,
    minNs: minNs[i]!,
    maxNs: maxNs[i]!,
    count: counts[i]!,
    rawBytes: rawBytes[i]!,
    mayRepeat: mayRepeat[i] === 1,
    async load(signal) {
      checkWanted(signal);
      return batchOf(await copies.take(i));
    },
    async scan(use, signal) {
      checkWanted(signal);
      const parts = await copies.take(i);
      try {
        return use(batchOf(parts));
      } finally {
        for (const { slot } of parts) {
          // Frees the memory now: the garbage collector does not see how much it is.
          slot.transfer(0);
        }
      }
    },
  }));
}

function checkWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) {
    throw new ServiceError("cancelled", "the query was cancelled");
  }
}

function batchOf(parts: readonly HeadPart[]): EntryBatch {
  const batches = parts.map(({ slot, shape }) => readSlot(slot, shape));
  return batches.length === 1 && parts[0]!.isWhole ? batches[0]! : mergeBatches(batches);
}

/** Copies of blocks that are on their way or here, and not taken yet. */
class HeadCopies {
  readonly #ask: Ask;
  readonly #snapshot: number;
  readonly #columns: HeadColumns;
  readonly #coming = new Map<number, Promise<readonly HeadPart[]>>();

  constructor(ask: Ask, snapshot: number, columns: HeadColumns) {
    this.#ask = ask;
    this.#snapshot = snapshot;
    this.#columns = columns;
  }

  async take(block: number): Promise<readonly HeadPart[]> {
    const coming = this.#coming.get(block) ?? this.#fetch(block);
    this.#coming.delete(block);
    return coming;
  }

  /** Asks for a block and for those behind it that are not here, as far as they are small. */
  #fetch(block: number): Promise<readonly HeadPart[]> {
    const { rawBytes } = this.#columns;
    const wanted: number[] = [];
    let bytes = 0;
    for (let next = block; next < rawBytes.length && wanted.length < blocksAtOnce; next++) {
      bytes += rawBytes[next]!;
      if (next > block && (bytes > bytesAtOnce || this.#coming.has(next))) {
        break;
      }
      wanted.push(next);
    }
    const answer = this.#ask({ type: "heads", snapshot: this.#snapshot, blocks: wanted });
    for (const one of wanted) {
      const parts = answer.then((all) => (all as readonly HeadPart[]).filter((part) => part.block === one));
      // Who never wants it does not hear that it could not be had.
      parts.catch(() => {});
      this.#coming.set(one, parts);
    }
    return this.#coming.get(block)!;
  }
}
