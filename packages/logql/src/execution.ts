import type { Kernels } from "@sluice/kernels";
import { ServiceError, type BlockRef, type EntryBatch, type Querier, type QueryStats } from "@sluice/model";

/** The kernels that queries use. */
export type SearchKernels = Pick<Kernels, "linesWith" | "linesWithAny" | "matchLines" | "jsonFields" | "logfmtFields">;

/** What all parts of one running query share. */
export interface Execution {
  readonly querier: Querier;
  readonly tenant: string;
  readonly kernels: SearchKernels;
  readonly stats: QueryStats;
  readonly signal: AbortSignal;
  readonly pacer: Pacer;
}

/** How long a query may keep the event loop. */
const sliceMs = 10;

/** Lets other work run in between, and notices that nobody waits for the answer any more. */
export class Pacer {
  readonly #signal: AbortSignal;
  #sliceStartMs = performance.now();

  constructor(signal: AbortSignal) {
    this.#signal = signal;
  }

  /** To be awaited after every block. @throws {ServiceError} `cancelled` when the signal aborted. */
  async pause(): Promise<void> {
    if (performance.now() - this.#sliceStartMs >= sliceMs) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
      this.#sliceStartMs = performance.now();
    }
    if (this.#signal.aborted) {
      throw new ServiceError("cancelled", "the query was cancelled", { cause: this.#signal.reason });
    }
  }
}

export function newStats(): QueryStats {
  return { blocksTotal: 0, blocksLoaded: 0, bytesProcessed: 0, linesProcessed: 0, entriesReturned: 0 };
}

/** What `use` makes of a block's entries, which it may not keep; counts them. */
export async function scanBlock<Result>(
  block: BlockRef,
  { stats, signal }: Execution,
  use: (batch: EntryBatch) => Result,
): Promise<Result> {
  const counted = (batch: EntryBatch): Result => {
    stats.blocksLoaded += 1;
    stats.linesProcessed += batch.count;
    stats.bytesProcessed += block.rawBytes;
    return use(batch);
  };
  return block.scan === undefined ? counted(await block.load(signal)) : block.scan(counted, signal);
}
