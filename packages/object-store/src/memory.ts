import {
  alreadyExists,
  type ByteRange,
  checkKey,
  checkPrefix,
  type ListedObject,
  notFound,
  type ObjectStore,
  resolveRange,
} from "./object-store.ts";

/** An object store in memory: for tests, and for trying a server out without a disk. */
export function memoryObjectStore(): ObjectStore {
  const objects = new Map<string, Uint8Array>();
  return {
    async put(key, body, options) {
      checkKey(key);
      if (options?.ifAbsent === true && objects.has(key)) {
        throw alreadyExists(key);
      }
      objects.set(key, joined(body));
    },
    async get(key: string, range?: ByteRange) {
      checkKey(key);
      const found = objects.get(key);
      if (found === undefined) {
        throw notFound(key);
      }
      if (range === undefined) {
        return found.slice();
      }
      const { start, end } = resolveRange(key, range, found.length);
      return found.slice(start, end);
    },
    async stat(key) {
      checkKey(key);
      const found = objects.get(key);
      return found && { sizeBytes: found.length };
    },
    async *list(prefix, startAfter = ""): AsyncGenerator<ListedObject, void, undefined> {
      checkPrefix(prefix);
      for (const key of [...objects.keys()].sort()) {
        const found = objects.get(key);
        if (key.startsWith(prefix) && key > startAfter && found !== undefined) {
          yield { key, sizeBytes: found.length };
        }
      }
    },
    async remove(key) {
      checkKey(key);
      objects.delete(key);
    },
  };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
