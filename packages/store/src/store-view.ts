import { compileSkipTest } from "@sluice/chunk";
import type { BlockRef, Labels, SelectRequest, SeriesRequest } from "@sluice/model";
import type { CompiledDelete, DeleteRequest } from "./deletes/delete-request.ts";
import { withoutDeletedStored } from "./deletes/hide-stored.ts";
import { Hiding, withoutDeleted } from "./deletes/hiding.ts";
import { deleteName } from "./deletes/request-log.ts";
import { seriesLeft } from "./deletes/series-left.ts";
import {
  compileExpiry,
  isExpired,
  withoutExpired,
  type Expiry,
  type RetentionPolicy,
} from "./retention/retention-policy.ts";
import type { SegmentReader } from "./segment-reader.ts";
import type { Segment } from "./segment.ts";
import { selectBlocks, selectSeries } from "./select-blocks.ts";
import type { StoreMetrics } from "./store-metrics.ts";

/**
 * What a store knows of a tenant and a range of time at one moment, as plain data that another thread can be given: a
 * reader there answers what the store would.
 */
export interface StoreSnapshot {
  readonly tenant: string;
  /** Those with entries in the range, in order of arrival. */
  readonly segments: readonly Segment[];
  /** The requests that hide lines. */
  readonly deletes: readonly DeleteRequest[];
  readonly retention: RetentionPolicy;
  /** The moment, milliseconds since the epoch. */
  readonly nowMs: number;
}

/** The same, ready for use. */
export interface StoreView {
  readonly segments: readonly Segment[];
  /** Undefined when nothing is hidden. */
  readonly hiding: Hiding | undefined;
  readonly expiry: Expiry;
}

/** @see Store.select */
export async function selectFrom(
  reader: SegmentReader,
  { segments, hiding, expiry }: StoreView,
  request: SelectRequest,
  metrics: StoreMetrics,
  signal: AbortSignal | undefined,
): Promise<readonly BlockRef[]> {
  const blocks = await selectBlocks(reader, segments, request, metrics, signal);
  // Whoever reads the blocks anyway learns from them what is deleted.
  const shown =
    request.isCounting === true
      ? await withoutDeletedStored(reader, blocks, hiding, signal)
      : withoutDeleted(blocks, hiding);
  return withoutExpired(shown, expiry);
}

/** @see Store.series */
export async function seriesFrom(
  reader: SegmentReader,
  { segments, hiding, expiry }: StoreView,
  request: SeriesRequest,
  metrics: StoreMetrics,
): Promise<readonly Labels[]> {
  const { tenant, startNs, endNs } = request;
  const found = await selectSeries(reader, segments, request, (labels, block) => !isExpired(expiry, labels, block));
  return seriesLeft(found, request, hiding, {
    select: (matchers) => selectBlocks(reader, segments, { tenant, matchers, startNs, endNs }, metrics, undefined),
    show: async (blocks) => withoutExpired(await withoutDeletedStored(reader, blocks, hiding, undefined), expiry),
  });
}

const tenantsMax = 1000;

/** Makes views of snapshots; what delete requests mean is compiled once, as long as they hold. */
export class StoreViews {
  readonly #compile: (query: string) => CompiledDelete;
  /** By tenant, with the requests that they are of. */
  readonly #hiding = new Map<string, { readonly names: string; readonly hiding: Hiding }>();

  constructor(compile: (query: string) => CompiledDelete) {
    this.#compile = compile;
  }

  /** @throws {ServiceError} `bad_data` for a delete request or a matcher of the retention that cannot be understood. */
  viewOf({ tenant, segments, deletes, retention, nowMs }: StoreSnapshot): StoreView {
    return { segments, hiding: this.#hidingOf(tenant, deletes), expiry: compileExpiry(retention, nowMs) };
  }

  #hidingOf(tenant: string, deletes: readonly DeleteRequest[]): Hiding | undefined {
    const names = deletes.map(deleteName).join(" ");
    const known = this.#hiding.get(tenant);
    if (known?.names === names) {
      return known.hiding;
    }
    this.#hiding.delete(tenant);
    if (deletes.length === 0) {
      return undefined;
    }
    if (this.#hiding.size >= tenantsMax) {
      this.#hiding.clear();
    }
    const hiding = new Hiding(
      deletes.map((request) => {
        const compiled = this.#compile(request.query);
        return { ...compiled, request, mayHold: compileSkipTest(compiled) };
      }),
    );
    this.#hiding.set(tenant, { names, hiding });
    return hiding;
  }
}
