import type { Head } from "@sluice/chunk";
import { compareLabels, printLabels, type Labels, type Querier } from "@sluice/model";
import type { Store } from "@sluice/store";
import { withoutOverlaps } from "./overlaps.ts";

/**
 * Reads memory and segments as one: what a query sees is every acknowledged line exactly once.
 *
 * @param headsOf the heads of a tenant, oldest lines first.
 */
export function createQuerier(store: Store, headsOf: (tenant: string) => readonly Head[]): Querier {
  return {
    async select(request, signal) {
      // Both snapshots are taken in this tick: a flush that ends meanwhile must not hide lines or show them twice.
      const stored = store.select(request, signal);
      const { matchers, startNs, endNs } = request;
      const inMemory = headsOf(request.tenant).flatMap((head) => head.select(matchers, startNs, endNs));
      return withoutOverlaps([...(await stored), ...inMemory]);
    },
    async series(request) {
      const stored = store.series(request);
      const { selectors, startNs, endNs } = request;
      const inMemory = headsOf(request.tenant).flatMap((head) => head.series(selectors, startNs, endNs));
      const byText = new Map<string, Labels>();
      for (const labels of [...(await stored), ...inMemory]) {
        byText.set(printLabels(labels), labels);
      }
      return [...byText.values()].sort(compareLabels);
    },
  };
}
