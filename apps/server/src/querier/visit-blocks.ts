import type { BlockFacts, VisitRequest } from "@sluice/store";

/** Shows the blocks that a query may have to look at, in memory and in segments, without reading any. */
export type VisitBlocks = (
  request: VisitRequest,
  visit: (block: BlockFacts) => void,
  signal?: AbortSignal,
) => Promise<void>;
