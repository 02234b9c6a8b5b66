import type { Head } from "@sluice/chunk";
import { withoutDeleted, withoutExpired, type Expiry, type Store } from "@sluice/store";
import { federatedVisit } from "./federated-querier.ts";
import type { VisitBlocks } from "./visit-blocks.ts";

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
