import type { Head } from "@sluice/chunk";
import type { BlockRef } from "@sluice/model";
import type { Expiry, Store, StoreView, VisitRequest } from "@sluice/store";
import type { IndexQuerier } from "./index-querier.ts";
import { joinSeries, readPlan, seriesInMemory, shownBlocks, visitInMemory } from "./reads.ts";

export interface QuerierOptions {
  readonly store: Store;
  /** The heads of a tenant, oldest lines first. */
  readonly headsOf: (tenant: string) => readonly Head[];
  /** Which of a tenant's lines are too old to be shown now. */
  readonly expiryOf: (tenant: string) => Expiry;
}

/**
 * Reads memory and segments as one: what a query sees is every acknowledged line exactly once, but no deleted one. On the
 * thread that owns both; `threads/thread-querier.ts` does the same on another one.
 */
export function createQuerier({ store, headsOf, expiryOf }: QuerierOptions): IndexQuerier {
  const inMemory = ({ tenant, matchers, startNs, endNs }: VisitRequest): readonly BlockRef[] =>
    headsOf(tenant).flatMap((head) => head.select(matchers, startNs, endNs));
  const shownOf = (tenant: string): Pick<StoreView, "hiding" | "expiry"> => ({
    hiding: store.deletes.hidingOf(tenant),
    expiry: expiryOf(tenant),
  });
  // All snapshots are taken in the tick of the call: a flush that ends meanwhile must not hide lines or show them twice.
  return {
    async select(request, signal) {
      const stored = store.select(request, signal);
      const heads = inMemory(request);
      const shown = shownOf(request.tenant);
      return shownBlocks(await stored, heads, shown);
    },
    async series(request) {
      const stored = store.series(request);
      const { tenant, selectors, startNs, endNs } = request;
      const heads = headsOf(tenant);
      const hiding = store.deletes.hidingOf(tenant);
      const found = heads.flatMap((head) => head.series(selectors, startNs, endNs));
      const left = await seriesInMemory(
        found,
        (matchers) => heads.flatMap((head) => head.select(matchers, startNs, endNs)),
        request,
        hiding,
      );
      return joinSeries(await stored, left);
    },
    async visitBlocks(request, visit, signal) {
      const visiting = store.visitBlocks(request, visit, signal);
      visitInMemory(inMemory(request), shownOf(request.tenant), visit);
      await visiting;
    },
    async explain(request, signal) {
      const stored = store.explain(request, signal);
      const heads = inMemory(request);
      const shown = shownOf(request.tenant);
      return readPlan(await stored, heads, shown);
    },
  };
}
