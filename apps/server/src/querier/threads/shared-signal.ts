/** A signal that another thread can abort, even while this one is in a loop and reads no messages. */
export interface SharedSignal {
  /** Is `aborted` from the moment at which the flag is set; its event comes with {@link abort}. */
  readonly signal: AbortSignal;
  abort(): void;
}

/** @param flag one number in shared memory; not 0 when the other thread has aborted. */
export function sharedSignal(flag: Int32Array): SharedSignal {
  const controller = new AbortController();
  const { signal } = controller;
  Object.defineProperty(signal, "aborted", { get: () => Atomics.load(flag, 0) !== 0 });
  return {
    signal,
    abort() {
      raise(flag);
      controller.abort();
    },
  };
}

export function newFlag(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
}

export function raise(flag: Int32Array): void {
  Atomics.store(flag, 0, 1);
}
