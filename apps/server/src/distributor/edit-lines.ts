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
  const isTooLong = (i: number): boolean => lineEnds[i]! - lineStarts[i]! > lineBytesMax;
  let cut = 0;
  for (let i = 0; i < count; i++) {
    cut += isTooLong(i) ? 1 : 0;
  }
  if (cut === 0 || keptBytes <= 0) {
    return { batch, cut: 0 };
  }
  // What is cut gets a place of its own behind all the others.
  const longer = new Uint8Array(bytes.length + cut * lineBytesMax);
  longer.set(bytes);
  const starts = lineStarts.slice();
  const ends = lineEnds.slice();
  let offset = bytes.length;
  for (let i = 0; i < count; i++) {
    if (isTooLong(i)) {
      longer.set(bytes.subarray(lineStarts[i], lineStarts[i]! + keptBytes), offset);
      longer.set(suffix, offset + keptBytes);
      starts[i] = offset;
      offset += lineBytesMax;
      ends[i] = offset;
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
