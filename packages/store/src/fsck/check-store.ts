import { isServiceError } from "@sluice/model";
import { verifySegment } from "../inspect/verify-segment.ts";
import { describeFooter, isSegmentKey, tenantsPrefix, type Segment } from "../segment.ts";
import { checkDeletes } from "./check-deletes.ts";
import { checkManifest } from "./check-manifest.ts";
import type { ReadableObjects } from "./read-only-directory.ts";

export interface StoreReport {
  readonly manifestObjectCount: number;
  readonly deleteRequestCount: number;
  readonly segmentCount: number;
  readonly blockCount: number;
  readonly lineCount: number;
  readonly sizeBytes: number;
  /** What is missing or damaged, each in a sentence that names the object. */
  readonly problems: readonly string[];
  /** Keys of segments that nothing names: what a crash left behind, or garbage collection has yet to remove. */
  readonly orphans: readonly string[];
  /** Keys that are none of ours, in the folders that are. */
  readonly foreign: readonly string[];
}

export interface CheckOptions {
  readonly onProgress?: (segmentsDone: number, segmentsAll: number) => void;
}

/**
 * Reads everything that the manifest names and checks every byte of it against its checksums. Changes nothing. One
 * segment at a time is in memory. Beside a server that is running, segments that it removes meanwhile show as missing.
 */
export async function checkStore(objects: ReadableObjects, { onProgress }: CheckOptions = {}): Promise<StoreReport> {
  const manifest = await checkManifest(objects);
  const deletes = await checkDeletes(objects);
  const problems = [...manifest.problems, ...deletes.problems];
  const segments = manifest.state.snapshot().added;
  const named = new Set(segments.map(({ key }) => key));
  let lineCount = 0;
  let blockCount = 0;
  let sizeBytes = 0;
  for (const [done, segment] of segments.entries()) {
    onProgress?.(done, segments.length);
    problems.push(...(await checkSegment(objects, segment)));
    lineCount += segment.entryCount;
    blockCount += segment.blockCount;
    sizeBytes += segment.sizeBytes;
  }
  onProgress?.(segments.length, segments.length);
  const orphans: string[] = [];
  const foreign = [...manifest.foreign, ...deletes.foreign];
  for await (const { key } of objects.list(tenantsPrefix)) {
    if (!named.has(key)) {
      (isSegmentKey(key) ? orphans : foreign).push(key);
    }
  }
  const { objectCount: manifestObjectCount } = manifest;
  const { requestCount: deleteRequestCount } = deletes;
  const segmentCount = segments.length;
  return {
    manifestObjectCount,
    deleteRequestCount,
    segmentCount,
    blockCount,
    lineCount,
    sizeBytes,
    problems,
    orphans,
    foreign,
  };
}

async function checkSegment(objects: ReadableObjects, segment: Segment): Promise<readonly string[]> {
  const { key, sizeBytes, footerBytes } = segment;
  let bytes: Uint8Array;
  try {
    bytes = await objects.get(key);
  } catch (error) {
    if (isServiceError(error, "not_found")) {
      return [`segment ${key} is missing`];
    }
    throw error;
  }
  if (bytes.length !== sizeBytes) {
    return [`segment ${key} has ${bytes.length} bytes, not ${sizeBytes} as the manifest says`];
  }
  const { footer, problems } = await verifySegment(bytes, key);
  if (footer === undefined) {
    return problems;
  }
  const found = describeFooter({ footer, sizeBytes: bytes.length, footerBytes }, key);
  const differing = (Object.keys(found) as (keyof Segment)[]).filter((field) => found[field] !== segment[field]);
  return differing.length === 0
    ? problems
    : [...problems, `segment ${key} differs from what the manifest says in ${differing.join(", ")}`];
}
