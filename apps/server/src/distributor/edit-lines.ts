import { lineAt, type EntryBatch } from "@sluice/model";

/**
 * Cuts lines that are longer than `lineBytesMax`, so that with `suffix` at their end they have that length. A limit that
 * leaves no room for more than the suffix cuts nothing.
 *
 * @returns how many were cut, too.
 */
export function truncateLines(
  batch: EntryBatch,
  lineBytesMax: number,
  suffix: Uint8Array,
): { readonly batch: EntryBatch; readonly cut: number } {
  const { count, bytes, lineStarts, lineEnds } = batch;
  const keptBytes = lineBytesMax - suffix.length;
  let cut = 0;
  let from = bytes.length;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const start = lineStarts[i]!;
    const end = lineEnds[i]!;
    if (start < end) {
      from = Math.min(from, start);
      to = Math.max(to, end);
      cut += end - start > lineBytesMax ? 1 : 0;
    }
  }
  if (cut === 0 || keptBytes <= 0) {
    return { batch, cut: 0 };
  }
  // What is cut gets a place of its own behind all the others. The bytes may be those of a push of many streams, of which
  // only this one's are copied.
  const longer = new Uint8Array(to - from + cut * lineBytesMax);
  longer.set(bytes.subarray(from, to));
  const starts = new Uint32Array(count);
  const ends = new Uint32Array(count);
  let offset = to - from;
  for (let i = 0; i < count; i++) {
    const start = lineStarts[i]!;
    const end = lineEnds[i]!;
    if (end - start > lineBytesMax) {
      longer.set(bytes.subarray(start, start + keptBytes), offset);
      longer.set(suffix, offset + keptBytes);
      starts[i] = offset;
      offset += lineBytesMax;
      ends[i] = offset;
    } else if (start < end) {
      starts[i] = start - from;
      ends[i] = end - from;
    }
  }
  return { batch: { ...batch, bytes: longer, lineStarts: starts, lineEnds: ends }, cut };
}

/**
 * Makes the times of neighbours different: an entry that has the time of the one before it, and another line, gets the
 * nanosecond after, so that their order is kept. A repeat of the line before it is left as it is.
 *
 * @see Loki's pkg/distributor/distributor.go, `increment_duplicate_timestamp`
 */
export function separateTimes(batch: EntryBatch): EntryBatch {
  const deltaNs = batch.deltaNs.slice();
  let unchangedNs = deltaNs[0] ?? 0;
  for (let i = 1; i < batch.count; i++) {
    const isRepeatedTime = deltaNs[i] === unchangedNs || deltaNs[i] === deltaNs[i - 1];
    if (isRepeatedTime && Buffer.compare(lineAt(batch, i), lineAt(batch, i - 1)) !== 0) {
      deltaNs[i] = deltaNs[i - 1]! + 1;
    } else {
      unchangedNs = deltaNs[i]!;
    }
  }
  return { ...batch, deltaNs };
}
