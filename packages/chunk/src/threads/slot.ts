import { withMetadata, type EntryBatch, type MetadataColumn } from "@sluice/model";
import type { EncodedBlock } from "../encode-block.ts";

/** What a thread is asked: to encode the batch that lies in the shared memory. */
export interface EncodeRequest extends SlotShape {
  readonly slot: SharedArrayBuffer;
}

export type EncodeAnswer = EncodedBlock;

/** How a batch lies in a slot: times, then lengths, then lines. */
export interface SlotShape {
  readonly count: number;
  readonly baseNs: bigint;
  readonly bodyBytes: number;
  readonly metadata: MetadataColumn | undefined;
}

const rowBytes = Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT;

/** Bytes of shared memory that a joined batch takes. */
export function slotBytes({ count, bytes }: EntryBatch): number {
  return count * rowBytes + bytes.length;
}

/** Copies a joined batch into shared memory that is large enough. */
export function writeSlot(slot: SharedArrayBuffer, batch: EntryBatch): SlotShape {
  const { count, baseNs, bytes, deltaNs, lineEnds, metadata } = batch;
  const { times, ends, body } = columnsOf(slot, count, bytes.length);
  times.set(deltaNs.subarray(0, count));
  ends.set(lineEnds.subarray(0, count));
  body.set(bytes);
  return { count, baseNs, bodyBytes: bytes.length, metadata };
}

/** The batch that {@link writeSlot} wrote, as views of the slot: good until it is written again. */
export function readSlot(slot: SharedArrayBuffer, { count, baseNs, bodyBytes, metadata }: SlotShape): EntryBatch {
  const { times: deltaNs, ends: lineEnds, body: bytes } = columnsOf(slot, count, bodyBytes);
  const lineStarts = new Uint32Array(count);
  for (let i = 1; i < count; i++) {
    lineStarts[i] = lineEnds[i - 1]! + 1;
  }
  return withMetadata({ count, baseNs, deltaNs, bytes, lineStarts, lineEnds }, metadata);
}

function columnsOf(
  slot: SharedArrayBuffer,
  count: number,
  bodyBytes: number,
): { readonly times: Float64Array; readonly ends: Uint32Array; readonly body: Uint8Array } {
  const times = new Float64Array(slot, 0, count);
  const ends = new Uint32Array(slot, times.byteLength, count);
  return { times, ends, body: new Uint8Array(slot, times.byteLength + ends.byteLength, bodyBytes) };
}
