import { isServiceError, ServiceError } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import { mapInOrder } from "../map-in-order.ts";
import { tenantElement } from "../segment.ts";
import type { DeleteRequest } from "./delete-request.ts";
import { decodeEnd, decodeRequest, encodeEnd, encodeRequest, type DeleteEnd } from "./request-format.ts";

/** Every object of a delete request has a key that begins with this. */
export const deletesPrefix = "deletes/";

const keyPattern = /^(deletes\/[^/]+\/[0-9a-f]{16})\.(request|end)$/u;
const readsAtOnce = 16;

/** The objects of all delete requests, without any memory of them. */
export class RequestLog {
  readonly #objectStore: ObjectStore;

  constructor(objectStore: ObjectStore) {
    this.#objectStore = objectStore;
  }

  /** Durable when it resolves. */
  async put(request: DeleteRequest): Promise<void> {
    await putOnce(this.#objectStore, deleteKeys(request).request, encodeRequest(request));
  }

  /** Ends a request, unless it has ended already: of all who want to, one does. @returns how it has ended. */
  async end(request: DeleteRequest, end: DeleteEnd): Promise<DeleteEnd> {
    const key = deleteKeys(request).end;
    await putOnce(this.#objectStore, key, encodeEnd(end));
    return decodeEnd(await this.#objectStore.get(key), key);
  }

  /**
   * Removes all of a request. The end stays until the request is gone: without it the request would hide lines again.
   *
   * @param name as {@link deleteName} gives it.
   */
  async remove(name: string): Promise<void> {
    await this.#objectStore.remove(`${name}.request`);
    await this.#objectStore.remove(`${name}.end`);
  }

  /** What there is of each request, by the name that {@link deleteName} gives it. */
  async list(): Promise<ReadonlyMap<string, { readonly hasRequest: boolean; readonly hasEnd: boolean }>> {
    const found = new Map<string, { hasRequest: boolean; hasEnd: boolean }>();
    for await (const { key } of this.#objectStore.list(deletesPrefix)) {
      const named = parseDeleteKey(key);
      if (named !== undefined) {
        const entry = found.get(named.name) ?? { hasRequest: false, hasEnd: false };
        found.set(named.name, entry);
        entry[named.kind === "request" ? "hasRequest" : "hasEnd"] = true;
      }
    }
    return found;
  }

  /**
   * Reads requests by the names that {@link list} gives; those that are gone meanwhile are left out.
   *
   * @throws {ServiceError} `corrupt` naming the object.
   */
  async readRequests(names: readonly string[]): Promise<readonly DeleteRequest[]> {
    const read = await mapInOrder(names, readsAtOnce, async (name) => {
      const key = `${name}.request`;
      const bytes = await this.#getIfThere(key);
      return bytes === undefined ? undefined : readRequest(bytes, key);
    });
    return read.filter((request) => request !== undefined);
  }

  /** @throws {ServiceError} `corrupt` naming the object. */
  async readEnds(names: readonly string[]): Promise<ReadonlyMap<string, DeleteEnd>> {
    const ends = new Map<string, DeleteEnd>();
    await mapInOrder(names, readsAtOnce, async (name) => {
      const key = `${name}.end`;
      const bytes = await this.#getIfThere(key);
      if (bytes !== undefined) {
        ends.set(name, decodeEnd(bytes, key));
      }
    });
    return ends;
  }

  async #getIfThere(key: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#objectStore.get(key);
    } catch (error) {
      if (isServiceError(error, "not_found")) {
        return undefined;
      }
      throw error;
    }
  }
}

/** What {@link RequestLog.list} calls a request. */
export function deleteName({ tenant, id }: Pick<DeleteRequest, "tenant" | "id">): string {
  return `${deletesPrefix}${tenantElement(tenant)}/${id}`;
}

/** What a key names, or undefined when it is none of ours. */
export function parseDeleteKey(key: string): { readonly name: string; readonly kind: "request" | "end" } | undefined {
  const [, name, kind] = keyPattern.exec(key) ?? [];
  return name === undefined ? undefined : { name, kind: kind === "end" ? "end" : "request" };
}

function deleteKeys(request: Pick<DeleteRequest, "tenant" | "id">): { request: string; end: string } {
  const name = deleteName(request);
  return { request: `${name}.request`, end: `${name}.end` };
}

/**
 * An object that was put under another tenant's key must not hide that tenant's lines.
 *
 * @throws {ServiceError} `corrupt` naming the key.
 */
export function readRequest(bytes: Uint8Array, key: string): DeleteRequest {
  const request = decodeRequest(bytes, key);
  if (deleteKeys(request).request !== key) {
    throw new ServiceError("corrupt", `delete request ${key} is another one than its key says`);
  }
  return request;
}

/** Of a request's id only one process knows before this, so an object that is there already is this one. */
async function putOnce(objectStore: ObjectStore, key: string, bytes: Uint8Array): Promise<void> {
  try {
    await objectStore.put(key, [bytes], { ifAbsent: true });
  } catch (error) {
    if (!isServiceError(error, "already_exists")) {
      throw error;
    }
  }
}
