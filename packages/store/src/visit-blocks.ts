import { setImmediate } from "node:timers/promises";
import type { BlockRef, SelectRequest } from "@sluice/model";
import { checkNotCancelled } from "./cancelled.ts";
import { isCovered } from "./deletes/hiding.ts";
import { isExpired } from "./retention/retention-policy.ts";
import type { SegmentReader } from "./segment-reader.ts";
import { compileStreamMatch } from "./select-blocks.ts";
import type { StoreView } from "./store-view.ts";

/** What is known of a block without reading it. */
export type BlockFacts = Pick<BlockRef, "labels" | "minNs" | "maxNs" | "count" | "rawBytes">;

export type VisitRequest = Pick<SelectRequest, "tenant" | "matchers" | "startNs" | "endNs">;

/** Others get a turn after this many blocks, which take a millisecond or two. */
const blocksPerTurn = 4096;

/** @see Store.visitBlocks */
export async function visitBlocksOf(
  reader: SegmentReader,
  { segments, hiding, expiry }: StoreView,
  { matchers, startNs, endNs }: VisitRequest,
  visit: (block: BlockFacts) => void,
  signal: AbortSignal | undefined,
): Promise<void> {
  checkNotCancelled(signal, "query");
  const match = compileStreamMatch(matchers);
  let sinceTurn = 0;
  for (const { streams, blocks: table } of await reader.footers(segments, signal)) {
    const start = table.offsetOf(startNs);
    const end = table.offsetOf(endNs);
    for (const stream of match(streams)) {
      const labels = streams.labelsAt(stream);
      table.eachInRange(stream, start, end, (at) => {
        const minNs = table.minNsAt(at);
        const maxNs = table.maxNsAt(at);
        const block = { labels, minNs, maxNs, count: table.countAt(at), rawBytes: table.rawBytesAt(at) };
        const isHidden = hiding?.touching(labels, block).some((active) => isCovered(active, block)) === true;
        if (!isHidden && !isExpired(expiry, labels, block)) {
          visit(block);
        }
        sinceTurn += 1;
      });
      sinceTurn += 1;
      if (sinceTurn >= blocksPerTurn) {
        sinceTurn = 0;
        await setImmediate();
        checkNotCancelled(signal, "query");
      }
    }
  }
}
