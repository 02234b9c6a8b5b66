import type { BuiltSegment } from "@sluice/chunk";
import { pathElement } from "@sluice/model";
import { createHash } from "node:crypto";
import { setImmediate } from "node:timers/promises";

/** What the manifest knows about a committed segment: enough to plan a query without asking the object store. */
export interface Segment {
  readonly key: string;
  readonly tenant: string;
  /** UTC days since the epoch; every entry lies within it. */
  readonly day: number;
  /** Times of the first and of the last entry, both included. */
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly entryCount: number;
  /** Bytes of the lines, before compression. */
  readonly rawBytes: number;
  /** Bytes of the object, and how many of them at its end are the footer. */
  readonly sizeBytes: number;
  readonly footerBytes: number;
  readonly blockCount: number;
  readonly streamCount: number;
}

const dayMs = 86_400_000;

/** Every segment's key begins with this. */
export const tenantsPrefix = "tenants/";

const keyPattern = /^tenants\/[^/]+\/segments\/\d{4}-\d{2}-\d{2}\/[0-9a-z.-]+-[0-9a-f]{32}\.seg$/u;

/** Whether the key is one that {@link segmentKey} may give. */
export function isSegmentKey(key: string): boolean {
  return keyPattern.test(key);
}

/** A turn for others comes after this many bytes: hashing them takes about 4 ms. */
const hashedPerTurn = 4 * 1024 * 1024;

/**
 * The key of a segment: where it comes from, and what is in it. A repeat of the same upload has the same key.
 *
 * @param origin tells this upload from every other one, however alike: what was once left behind as garbage is never
 *   made use of again, for it may be on its way out.
 */
export async function segmentKey(
  tenant: string,
  day: number,
  origin: string,
  parts: readonly Uint8Array[],
): Promise<string> {
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  return `tenants/${tenantElement(tenant)}/segments/${date}/${origin}-${await contentHash(parts)}.seg`;
}

/** What a segment's key ends in: the first half of the SHA-256 of its bytes, in hex. */
export async function contentHash(parts: readonly Uint8Array[]): Promise<string> {
  const hash = createHash("sha256");
  let sinceTurn = 0;
  for (const part of parts) {
    hash.update(part);
    sinceTurn += part.length;
    if (sinceTurn >= hashedPerTurn) {
      sinceTurn = 0;
      await setImmediate();
    }
  }
  return hash.digest("hex").slice(0, 32);
}

/** What the manifest is to know about a segment. */
export function describeFooter(
  { footer, sizeBytes, footerBytes }: Pick<BuiltSegment, "footer" | "sizeBytes" | "footerBytes">,
  key: string,
): Segment {
  const { tenant, day, streams, blocks } = footer;
  let minNs = blocks.minNsAt(0);
  let maxNs = blocks.maxNsAt(0);
  let entryCount = 0;
  let rawBytes = 0;
  for (let block = 0; block < blocks.length; block++) {
    const firstNs = blocks.minNsAt(block);
    const lastNs = blocks.maxNsAt(block);
    minNs = firstNs < minNs ? firstNs : minNs;
    maxNs = lastNs > maxNs ? lastNs : maxNs;
    entryCount += blocks.countAt(block);
    rawBytes += blocks.rawBytesAt(block);
  }
  return {
    key,
    tenant,
    day,
    minNs,
    maxNs,
    entryCount,
    rawBytes,
    sizeBytes,
    footerBytes,
    blockCount: blocks.length,
    streamCount: streams.count,
  };
}

const elementLengthMax = 200;

/**
 * The tenant as an element of a key. A long one is cut and gets a hash: Loki allows 150 characters of which each may
 * need three, and an element of a key ends at 255. `%-` never comes out of `pathElement`, so no other tenant can have it.
 */
export function tenantElement(tenant: string): string {
  const element = pathElement(tenant);
  if (element.length <= elementLengthMax) {
    return element;
  }
  const hash = createHash("sha256").update(element).digest("hex");
  return `${element.slice(0, elementLengthMax - hash.length)}%-${hash}`;
}
