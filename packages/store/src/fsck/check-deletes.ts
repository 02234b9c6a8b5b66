import { isServiceError, messageOf } from "@sluice/model";
import { deletesPrefix, parseDeleteKey, readRequest } from "../deletes/request-log.ts";
import { decodeEnd } from "../deletes/request-format.ts";
import type { ReadableObjects } from "./read-only-directory.ts";

export interface CheckedDeletes {
  readonly requestCount: number;
  /** Keys in the folder of delete requests that are none of ours. */
  readonly foreign: readonly string[];
  /** Each in a sentence that names the object. */
  readonly problems: readonly string[];
}

/** Reads every object of delete requests: one that is damaged would keep a server from starting. */
export async function checkDeletes(objects: ReadableObjects): Promise<CheckedDeletes> {
  const problems: string[] = [];
  const foreign: string[] = [];
  let requestCount = 0;
  for await (const { key } of objects.list(deletesPrefix)) {
    const named = parseDeleteKey(key);
    if (named === undefined) {
      foreign.push(key);
      continue;
    }
    requestCount += named.kind === "request" ? 1 : 0;
    try {
      const bytes = await objects.get(key);
      if (named.kind === "request") {
        readRequest(bytes, key);
      } else {
        decodeEnd(bytes, key);
      }
    } catch (error) {
      if (isServiceError(error, "corrupt")) {
        problems.push(messageOf(error));
      } else if (!isServiceError(error, "not_found")) {
        // Not found: a server that is running has removed it meanwhile.
        throw error;
      }
    }
  }
  return { requestCount, foreign, problems };
}
