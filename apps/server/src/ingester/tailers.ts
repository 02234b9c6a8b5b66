import { messageOf, type Logger } from "@sluice/model";
import type { AcceptedStream } from "../distributor/validate.ts";

/**
 * Gets every accepted push of its tenant, in the order of the write-ahead log, right after it became queryable. What
 * it throws is logged and never reaches whoever pushed: their lines are stored.
 */
export type TailListener = (streams: readonly AcceptedStream[]) => void;

/** Who follows the ingest path live, per tenant. */
export class Tailers {
  readonly #listeners = new Map<string, Set<TailListener>>();
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  count(tenant: string): number {
    return this.#listeners.get(tenant)?.size ?? 0;
  }

  /** @returns a function that ends it. */
  add(tenant: string, listener: TailListener): () => void {
    const listeners = this.#listeners.get(tenant) ?? new Set();
    this.#listeners.set(tenant, listeners);
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(tenant) === listeners) {
        this.#listeners.delete(tenant);
      }
    };
  }

  tell(tenant: string, streams: readonly AcceptedStream[]): void {
    for (const listener of this.#listeners.get(tenant) ?? []) {
      try {
        listener(streams);
      } catch (error) {
        this.#logger.error("a tail failed on a push", { tenant, error: messageOf(error) });
      }
    }
  }
}
