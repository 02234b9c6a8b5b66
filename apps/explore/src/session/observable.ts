/** A value that can be watched; the shape that React's useSyncExternalStore reads. */
export interface Observable<Value> {
  readonly get: () => Value;
  readonly subscribe: (listener: () => void) => () => void;
}

export interface Mutable<Value> extends Observable<Value> {
  readonly set: (value: Value) => void;
  /** Sets some fields and keeps the others. */
  readonly patch: (change: Partial<Value>) => void;
}

export function createObservable<Value extends object>(initial: Value): Mutable<Value> {
  let current = initial;
  const listeners = new Set<() => void>();
  const set = (value: Value): void => {
    current = value;
    for (const listener of listeners) {
      listener();
    }
  };
  return {
    get: () => current,
    set,
    patch: (change) => set({ ...current, ...change }),
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
