import { isServiceError, type Clock, type Metrics } from "@sluice/model";
import type { ListedObject, ObjectStore } from "./object-store.ts";

const secondsBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/**
 * Counts what a store is asked for, and how long it takes. A listing counts once, whatever number of pages it takes; its
 * time is its reader's, too, and is not counted.
 */
export function countingObjectStore(store: ObjectStore, metrics: Metrics, clock: Clock): ObjectStore {
  const requests = metrics.counter("sluice_object_store_requests_total", "Requests to the object store.", [
    "operation",
    "outcome",
  ]);
  const bytes = metrics.counter("sluice_object_store_bytes_total", "Bytes of objects written and read.", ["operation"]);
  const seconds = metrics.histogram(
    "sluice_object_store_request_seconds",
    "Time of a request to the object store, all its tries together.",
    secondsBuckets,
    ["operation"],
  );
  const inFlight = metrics.gauge("sluice_object_store_requests_in_flight", "Requests under way.", ["operation"]);
  const count = async <T>(operation: string, request: Promise<T>): Promise<T> => {
    const startMs = clock.nowMs();
    inFlight.add(1, { operation });
    try {
      const answer = await request;
      requests.add(1, { operation, outcome: "ok" });
      return answer;
    } catch (error) {
      requests.add(1, { operation, outcome: outcomeOf(error) });
      throw error;
    } finally {
      inFlight.add(-1, { operation });
      seconds.observe((clock.nowMs() - startMs) / 1000, { operation });
    }
  };
  return {
    async put(key, body, options) {
      await count("put", store.put(key, body, options));
      bytes.add(
        body.reduce((sum, part) => sum + part.length, 0),
        { operation: "put" },
      );
    },
    async get(key, range) {
      const found = await count("get", store.get(key, range));
      bytes.add(found.length, { operation: "get" });
      return found;
    },
    stat: (key) => count("stat", store.stat(key)),
    remove: (key) => count("remove", store.remove(key)),
    async *list(prefix, startAfter): AsyncGenerator<ListedObject, void, undefined> {
      let outcome = "ok";
      try {
        yield* store.list(prefix, startAfter);
      } catch (error) {
        outcome = outcomeOf(error);
        throw error;
      } finally {
        requests.add(1, { operation: "list", outcome });
      }
    },
  };
}

function outcomeOf(error: unknown): string {
  return isServiceError(error) ? error.code : "error";
}
