import { basename } from "node:path";
import { peekRecord } from "../manifest/format.ts";
import { parseManifestKey, manifestPrefix } from "../manifest/keys.ts";
import { inspectManifest } from "./inspect-manifest.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { inspectSegment } from "./inspect-segment.ts";
import { attempt } from "./verify-segment.ts";

/**
 * Prints what a segment or an object of the manifest holds, and checks all of it.
 *
 * @returns what is wrong with it, each in a sentence; none when it is as it was written.
 */
export async function inspectFile(
  bytes: Uint8Array,
  path: string,
  options: InspectOptions,
): Promise<readonly string[]> {
  const name = basename(path);
  const peeked = attempt([], () => peekRecord(bytes));
  const named = parseManifestKey(manifestPrefix + name);
  return peeked === undefined && named === undefined
    ? inspectSegment(bytes, name, options)
    : inspectManifest(bytes, name, named ?? peeked!, options);
}
