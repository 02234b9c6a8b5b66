import { ServiceError } from "@sluice/model";

/**
 * @param what was cancelled: "query".
 * @throws {ServiceError} `cancelled` when the signal has aborted.
 */
export function checkNotCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted === true) {
    throw new ServiceError("cancelled", `the ${what} was cancelled`, { cause: signal.reason });
  }
}
