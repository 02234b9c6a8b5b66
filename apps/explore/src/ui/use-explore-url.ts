import { parseExploreState, printExploreState, type ExploreState } from "@sluice/api";
import { useCallback, useMemo, useSyncExternalStore } from "react";

/** Changes the address; `replace` makes no step for the Back button. */
export type Navigate = (change: Partial<ExploreState>, options?: { readonly replace?: boolean }) => void;

/** What the page shows is what its address says: there is no other state of the query. */
export function useExploreUrl(): readonly [ExploreState, Navigate] {
  const search = useSyncExternalStore(subscribe, () => location.search);
  const state = useMemo(() => parseExploreState(search), [search]);
  const navigate = useCallback<Navigate>((change, { replace = false } = {}) => {
    const next = printExploreState({ ...parseExploreState(location.search), ...change });
    if (next === location.search) {
      return;
    }
    history[replace ? "replaceState" : "pushState"](null, "", `${location.pathname}${next}`);
    for (const listener of listeners) {
      listener();
    }
  }, []);
  return [state, navigate];
}

// The address is one per document, and so are its listeners.
const listeners = new Set<() => void>();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  addEventListener("popstate", listener);
  return () => {
    listeners.delete(listener);
    removeEventListener("popstate", listener);
  };
}
