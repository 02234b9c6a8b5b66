import { isServiceError } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";

/** Puts an object that nobody puts with other content: one that is there already is as good. */
export async function putOnce(objectStore: ObjectStore, key: string, parts: readonly Uint8Array[]): Promise<void> {
  try {
    await objectStore.put(key, parts, { ifAbsent: true });
  } catch (error) {
    if (!isServiceError(error, "already_exists")) {
      throw error;
    }
  }
}
