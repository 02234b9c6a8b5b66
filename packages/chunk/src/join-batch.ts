import type { EntryBatch } from "@sluice/model";

const newline = 0x0a;

/** Bytes that the lines of a batch take when they are joined. */
export function joinedBytes({ count, lineStarts, lineEnds }: EntryBatch): number {
  let bytes = count;
  for (let i = 0; i < count; i++) {
    bytes += lineEnds[i]! - lineStarts[i]!;
  }
  return bytes;
}

/** The same entries as a joined batch; the batch itself when it is joined already. */
export function joinBatch(batch: EntryBatch): EntryBatch {
  return isJoined(batch) ? batch : joinInto(batch, new Uint8Array(joinedBytes(batch)));
}

/**
 * The same entries as a joined batch whose lines are in the caller's memory.
 *
 * @param target as long as {@link joinedBytes} says.
 */
export function joinInto(batch: EntryBatch, target: Uint8Array): EntryBatch {
  const { count } = batch;
  const lineStarts = new Uint32Array(count);
  const lineEnds = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    target.set(batch.bytes.subarray(batch.lineStarts[i], batch.lineEnds[i]), at);
    lineStarts[i] = at;
    at += batch.lineEnds[i]! - batch.lineStarts[i]!;
    lineEnds[i] = at;
    target[at] = newline;
    at += 1;
  }
  return { ...batch, bytes: target, lineStarts, lineEnds };
}

function isJoined({ count, bytes, lineStarts, lineEnds }: EntryBatch): boolean {
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (lineStarts[i] !== at || bytes[lineEnds[i]!] !== newline) {
      return false;
    }
    at = lineEnds[i]! + 1;
  }
  return at === bytes.length;
}
