import { setImmediate } from "node:timers/promises";
import { buildSegment, dayOf, type BlockEncoder, type BuiltSegment, type StreamBatch } from "@sluice/chunk";
import { assert, isServiceError, timestampAt } from "@sluice/model";
import type { ObjectStore } from "@sluice/object-store";
import { describeFooter, segmentKey, type Segment } from "./segment.ts";
import type { StoreMetrics } from "./store-metrics.ts";

/** What one tenant has to flush: batches that each become a block, so each within a UTC day. */
export interface TenantStreams {
  readonly tenant: string;
  readonly streams: Iterable<StreamBatch>;
}

/**
 * Puts a segment per tenant and UTC day, one after the other, so that one at a time is in memory. They are nowhere to be
 * seen until the manifest names them; those of a flush that fails here are found again, by their content, when it is
 * tried again.
 *
 * @param origin of the upload, the same for its repeats; see {@link segmentKey}.
 * @param encoder encodes the same batch to the same bytes every time.
 * @throws {ServiceError} `unavailable` when the object store fails.
 */
export async function writeSegments(
  objectStore: ObjectStore,
  tenants: readonly TenantStreams[],
  origin: string,
  metrics: StoreMetrics,
  encoder: BlockEncoder,
): Promise<Segment[]> {
  const segments: Segment[] = [];
  for (const { tenant, streams } of tenants) {
    for (const [day, ofDay] of await byDay(streams)) {
      const built = await buildSegment({ tenant, day, streams: ofDay }, encoder);
      const segment = await putSegment(objectStore, built, origin);
      metrics.segmentsWritten.add(1);
      metrics.segmentBytesWritten.add(segment.sizeBytes);
      metrics.rawBytesWritten.add(segment.rawBytes);
      segments.push(segment);
    }
  }
  return segments;
}

/** Puts a segment that was built, and says what the manifest is to know of it. */
export async function putSegment(objectStore: ObjectStore, built: BuiltSegment, origin: string): Promise<Segment> {
  const { tenant, day } = built.footer;
  const segment = describeFooter(built, await segmentKey(tenant, day, origin, built.parts));
  await putOnce(objectStore, segment.key, built.parts);
  return segment;
}

/** After so long everything else gets its turn: a stream whose lines came out of order is sorted when it is asked for. */
const sliceMs = 10;

async function byDay(streams: Iterable<StreamBatch>): Promise<[day: number, streams: StreamBatch[]][]> {
  let sliceEndMs = performance.now() + sliceMs;
  const days = new Map<number, StreamBatch[]>();
  for (const stream of streams) {
    const { batch } = stream;
    if (batch.count === 0) {
      continue;
    }
    const day = dayOf(timestampAt(batch, 0));
    assert(dayOf(timestampAt(batch, batch.count - 1)) === day, "a batch to flush lies within a UTC day");
    const ofDay = days.get(day);
    if (ofDay === undefined) {
      days.set(day, [stream]);
    } else {
      ofDay.push(stream);
    }
    if (performance.now() > sliceEndMs) {
      await setImmediate();
      sliceEndMs = performance.now() + sliceMs;
    }
  }
  return [...days].sort(([a], [b]) => a - b);
}

/** An object that is there already has this content, for the key says so. */
async function putOnce(objectStore: ObjectStore, key: string, parts: readonly Uint8Array[]): Promise<void> {
  try {
    await objectStore.put(key, parts, { ifAbsent: true });
  } catch (error) {
    if (!isServiceError(error, "already_exists")) {
      throw error;
    }
  }
}
