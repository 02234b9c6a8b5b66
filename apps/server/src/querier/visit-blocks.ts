import type { Head } from "@sluice/chunk";
import {
  withoutDeleted,
  withoutExpired,
  type BlockFacts,
  type Expiry,
  type Store,
  type VisitRequest,
} from "@sluice/store";
import { federatedVisit } from "./federated-querier.ts";

/** Shows the blocks that a query may have to look at, in memory and in segments, without reading any. */
export type VisitBlocks = (
  request: VisitRequest,
  visit: (block: BlockFacts) => void,
  signal?: AbortSignal,
) => Promise<void>;

export interface BlockVisitorOptions {
  readonly store: Pick<Store, "visitBlocks" | "deletes">;
  /** The heads of a tenant, oldest lines first. */
  readonly headsOf: (tenant: string) => readonly Head[];
  /** Which of a tenant's lines are too old to be shown now. */
  readonly expiryOf: (tenant: string) => Expiry;
}

/** Each line is in one block, but for what was sent twice; of several tenants (`a|b`), too. */
export function blockVisitor({ store, headsOf, expiryOf }: BlockVisitorOptions): VisitBlocks {
  return federatedVisit(async (request, visit, signal) => {
    // Both snapshots are taken in this tick: a flush that ends meanwhile must not hide lines or count them twice.
    const visiting = store.visitBlocks(request, visit, signal);
    const { tenant, matchers, startNs, endNs } = request;
    const inMemory = headsOf(tenant).flatMap((head) => head.select(matchers, startNs, endNs));
    for (const block of withoutDeleted(withoutExpired(inMemory, expiryOf(tenant)), store.deletes.hidingOf(tenant))) {
      visit(block);
    }
    await visiting;
  });
}
