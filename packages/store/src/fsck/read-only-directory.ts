import { open, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { ServiceError } from "@sluice/model";
import type { ListedObject, ObjectStore } from "@sluice/object-store";

/** What checking and copying need of an object store. */
export type ReadableObjects = Pick<ObjectStore, "get" | "list">;

/**
 * A directory of objects that nothing is ever written to: opening it as an object store would tidy up behind a server
 * that may be running.
 */
export function readOnlyDirectory(directory: string): ReadableObjects {
  return {
    async get(key, range) {
      try {
        const path = join(directory, key);
        if (range === undefined) {
          return await readFile(path);
        }
        await using file = await open(path);
        const { buffer, bytesRead } = await file.read(new Uint8Array(range.length), 0, range.length, range.offset);
        return buffer.subarray(0, bytesRead);
      } catch (error) {
        throw (error as NodeJS.ErrnoException).code === "ENOENT"
          ? new ServiceError("not_found", `object ${key} not found`, { cause: error })
          : error;
      }
    },
    async *list(prefix, startAfter = "") {
      for await (const object of filesBelow(directory, prefix)) {
        if (object.key > startAfter) {
          yield object;
        }
      }
    },
  };
}

/** @param prefix a folder, ending in `/`. */
async function* filesBelow(directory: string, prefix: string): AsyncGenerator<ListedObject, void, undefined> {
  let entries;
  try {
    entries = await readdir(join(directory, prefix), { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return;
    }
    throw error;
  }
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const key = `${prefix}${entry.name}`;
    if (entry.isDirectory()) {
      yield* filesBelow(directory, `${key}/`);
    } else {
      // One that was removed meanwhile may show or not.
      const found = await stat(join(directory, key)).catch(() => undefined);
      if (found !== undefined) {
        yield { key, sizeBytes: found.size };
      }
    }
  }
}
