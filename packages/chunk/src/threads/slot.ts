import { withMetadata, type EntryBatch, type MetadataColumn } from "@sluice/model";
import type { EncodedBlock } from "../encode-block.ts";

/** What a thread is asked: to encode the batch that lies in the shared memory. */
export interface EncodeRequest extends SlotShape {
  readonly slot: SharedArrayBuffer;
}

/**
 * What it answers. The block's bytes and its filter lie in the slot in which the batch was, one behind the other; only
 * when they find no room there, they come along.
 */
export interface EncodeAnswer extends Omit<EncodedBlock, "bytes" | "filter"> {
  readonly bytesLength: number;
  /** Undefined when there is no filter. */
  readonly filterLength: number | undefined;
  readonly parts: readonly [bytes: Uint8Array, filter: Uint8Array | undefined] | undefined;
}

/** How a batch lies in a slot: times, then lengths, then lines. */
export interface SlotShape {
  readonly count: number;
  readonly baseNs: bigint;
  readonly bodyBytes: number;
  readonly metadata: MetadataColumn | undefined;
}

const rowBytes = Float64Array.BYTES_PER_ELEMENT + Uint32Array.BYTES_PER_ELEMENT;

/** Bytes of memory that a joined batch takes there. */
export function slotBytes({ count, bytes }: EntryBatch): number {
  return count * rowBytes + bytes.length;
}

/** Copies a joined batch into memory that is large enough. */
export function writeSlot(slot: ArrayBufferLike, batch: EntryBatch): SlotShape {
  const { count, baseNs, bytes, deltaNs, lineEnds, metadata } = batch;
  const { times, ends, body } = columnsOf(slot, count, bytes.length);
  times.set(deltaNs.subarray(0, count));
  ends.set(lineEnds.subarray(0, count));
  body.set(bytes);
  return { count, baseNs, bodyBytes: bytes.length, metadata };
}

/** The batch that {@link writeSlot} wrote, as views of the slot: good until it is written again. */
export function readSlot(slot: ArrayBufferLike, { count, baseNs, bodyBytes, metadata }: SlotShape): EntryBatch {
  const { times: deltaNs, ends: lineEnds, body: bytes } = columnsOf(slot, count, bodyBytes);
  const lineStarts = new Uint32Array(count);
  for (let i = 1; i < count; i++) {
    lineStarts[i] = lineEnds[i - 1]! + 1;
  }
  return withMetadata({ count, baseNs, deltaNs, bytes, lineStarts, lineEnds }, metadata);
}

function columnsOf(
  slot: ArrayBufferLike,
  count: number,
  bodyBytes: number,
): { readonly times: Float64Array; readonly ends: Uint32Array; readonly body: Uint8Array } {
  const times = new Float64Array(slot, 0, count);
  const ends = new Uint32Array(slot, times.byteLength, count);
  return { times, ends, body: new Uint8Array(slot, times.byteLength + ends.byteLength, bodyBytes) };
}

/** Puts a block where its batch was. */
export function writeAnswer(slot: SharedArrayBuffer, { bytes, filter, ...block }: EncodedBlock): EncodeAnswer {
  const fits = bytes.length + (filter?.length ?? 0) <= slot.byteLength;
  if (fits) {
    const target = new Uint8Array(slot);
    target.set(bytes);
    target.set(filter ?? [], bytes.length);
  }
  const parts = fits ? undefined : ([bytes, filter] as const);
  return { ...block, bytesLength: bytes.length, filterLength: filter?.length, parts };
}

/** The block that {@link writeAnswer} wrote, with memory of its own. */
export function readAnswer(slot: SharedArrayBuffer, answer: EncodeAnswer): EncodedBlock {
  const { bytesLength, filterLength, parts, ...block } = answer;
  if (parts !== undefined) {
    return { ...block, bytes: parts[0], filter: parts[1] };
  }
  const filter = filterLength === undefined ? undefined : copyOf(slot, bytesLength, filterLength);
  return { ...block, bytes: copyOf(slot, 0, bytesLength), filter };
}

function copyOf(slot: SharedArrayBuffer, offset: number, length: number): Uint8Array {
  const copy = new Uint8Array(length);
  copy.set(new Uint8Array(slot, offset, length));
  return copy;
}
