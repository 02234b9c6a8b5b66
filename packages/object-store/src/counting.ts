import { isServiceError, type Metrics } from "@sluice/model";
import type { ListedObject, ObjectStore } from "./object-store.ts";

/**
 * Counts what a store is asked for: requests are what object storage charges for. A listing counts once, whatever number
 * of pages it takes.
 */
export function countingObjectStore(store: ObjectStore, metrics: Metrics): ObjectStore {
  const requests = metrics.counter("sluice_object_store_requests_total", "Requests to the object store.", [
    "operation",
    "outcome",
  ]);
  const bytes = metrics.counter("sluice_object_store_bytes_total", "Bytes of objects written and read.", ["operation"]);
  const count = async <T>(operation: string, request: Promise<T>): Promise<T> => {
    try {
      const answer = await request;
      requests.add(1, { operation, outcome: "ok" });
      return answer;
    } catch (error) {
      requests.add(1, { operation, outcome: outcomeOf(error) });
      throw error;
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
