import type { EntryBatch } from "@sluice/model";

const newline = 0x0a;

/** The same entries as a joined batch, with memory of its own; the batch itself when it is joined already. */
export function joinBatch(batch: EntryBatch): EntryBatch {
  if (isJoined(batch)) {
    return batch;
  }
  const { count } = batch;
  const lineStarts = new Uint32Array(count);
  const lineEnds = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    lineStarts[i] = at;
    at += batch.lineEnds[i]! - batch.lineStarts[i]!;
    lineEnds[i] = at;
    at += 1;
  }
  const bytes = new Uint8Array(at);
  for (let i = 0; i < count; i++) {
    bytes.set(batch.bytes.subarray(batch.lineStarts[i], batch.lineEnds[i]), lineStarts[i]);
    bytes[lineEnds[i]!] = newline;
  }
  return { ...batch, bytes, lineStarts, lineEnds };
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
