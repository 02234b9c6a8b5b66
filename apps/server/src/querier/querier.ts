import type { Head } from "@sluice/chunk";
import type { Querier } from "@sluice/model";
import type { Expiry, Store } from "@sluice/store";
import { joinSeries, seriesInMemory, shownBlocks } from "./reads.ts";

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
export function createQuerier({ store, headsOf, expiryOf }: QuerierOptions): Querier {
  return {
    async select(request, signal) {
      // All snapshots are taken in this tick: a flush that ends meanwhile must not hide lines or show them twice.
      const stored = store.select(request, signal);
      const { tenant, matchers, startNs, endNs } = request;
      const inMemory = headsOf(tenant).flatMap((head) => head.select(matchers, startNs, endNs));
      const shown = { hiding: store.deletes.hidingOf(tenant), expiry: expiryOf(tenant) };
      return shownBlocks(await stored, inMemory, shown);
    },
    async series(request) {
      const stored = store.series(request);
      const { tenant, selectors, startNs, endNs } = request;
      const heads = headsOf(tenant);
      const hiding = store.deletes.hidingOf(tenant);
      const found = heads.flatMap((head) => head.series(selectors, startNs, endNs));
      const inMemory = await seriesInMemory(
        found,
        (matchers) => heads.flatMap((head) => head.select(matchers, startNs, endNs)),
        request,
        hiding,
      );
      return joinSeries(await stored, inMemory);
    },
  };
}
