import type { Querier, SelectRequest } from "@sluice/model";
import type { BlockFacts, SelectExplanation, VisitRequest } from "@sluice/store";

/** A querier that also tells what is known of blocks without reading them. */
export interface IndexQuerier extends Querier {
  /**
   * Shows the blocks that a query may have to look at, in memory and in segments. Each line is in one of them, but for
   * what was sent twice. A block of which only a part is deleted counts as a whole.
   */
  visitBlocks(request: VisitRequest, visit: (block: BlockFacts) => void, signal?: AbortSignal): Promise<void>;
  /** Tells what {@link select} would give to read, and why nothing else. */
  explain(request: SelectRequest, signal?: AbortSignal): Promise<ReadPlan>;
}

/** What a select would read of segments, and what it would find in memory. */
export interface ReadPlan extends SelectExplanation {
  readonly inMemory: MemoryPlan;
}

export interface MemoryPlan {
  readonly blocks: number;
  readonly lines: number;
  /** Bytes of the lines. */
  readonly rawBytes: number;
}
