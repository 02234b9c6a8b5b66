import { pathElement } from "@sluice/model";
import { createHash } from "node:crypto";

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

/**
 * The key of a segment, made of what is in it: whoever writes the same flush again writes the same key, so that a repeat
 * is found by its name.
 */
export function segmentKey(tenant: string, day: number, walCovered: number, parts: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const part of parts) {
    hash.update(part);
  }
  const date = new Date(day * dayMs).toISOString().slice(0, 10);
  const name = `${String(walCovered).padStart(16, "0")}-${hash.digest("hex").slice(0, 32)}`;
  return `tenants/${tenantElement(tenant)}/segments/${date}/${name}.seg`;
}

const elementLengthMax = 200;

/**
 * The tenant as an element of a key. A long one is cut and gets a hash: Loki allows 150 characters of which each may
 * need three, and an element of a key ends at 255. `%-` never comes out of `pathElement`, so no other tenant can have it.
 */
function tenantElement(tenant: string): string {
  const element = pathElement(tenant);
  if (element.length <= elementLengthMax) {
    return element;
  }
  const hash = createHash("sha256").update(element).digest("hex");
  return `${element.slice(0, elementLengthMax - hash.length)}%-${hash}`;
}
