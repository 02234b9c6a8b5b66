import {
  assert,
  deltaNsMax,
  lineAt,
  MetadataBuilder,
  withMetadata,
  type EntryBatch,
  type Labels,
  type MetadataColumn,
} from "@sluice/model";
import { ascendingOrder } from "./ascending-order.ts";

/**
 * The batch in order of time (entries of equal time as they came), each entry once: same time, line and metadata are
 * one entry, as in Loki. The batch itself when it is like that already.
 *
 * @param batch joined.
 */
export function sortBatch(batch: EntryBatch): EntryBatch {
  if (isStrictlyAscending(batch.deltaNs, batch.count)) {
    return batch;
  }
  return pickEntries(batch, withoutRepeats(batch, ascendingOrder(batch.deltaNs, batch.count)));
}

/**
 * Merges batches of one stream into one: ascending by time, of equal times the earlier batch's first, each entry once.
 *
 * @param batches joined; all within {@link deltaNsMax} of each other.
 */
export function mergeBatches(batches: readonly EntryBatch[]): EntryBatch {
  const filled = batches.filter((batch) => batch.count > 0);
  return filled.length === 1 ? sortBatch(filled[0]!) : sortBatch(concatBatches(filled));
}

/** How many times the wanted size a run may grow to so that no instant is cut in two. */
const stretchMax = 4;

/**
 * Cuts a batch into runs of about `rawBytesMax` bytes of lines; a longer line is a run of its own. A cut is made where
 * the time changes, if there is such a place near: two blocks of one stream that share an instant must be merged by
 * every reader.
 */
export function* splitBatch(batch: EntryBatch, rawBytesMax: number): Generator<EntryBatch> {
  const { count, lineStarts, lineEnds, deltaNs } = batch;
  let from = 0;
  while (from < count) {
    const startOffset = lineStarts[from]!;
    let to = from + 1;
    while (to < count && lineEnds[to]! - startOffset <= rawBytesMax) {
      to += 1;
    }
    while (to < count && deltaNs[to] === deltaNs[to - 1] && lineEnds[to]! - startOffset <= rawBytesMax * stretchMax) {
      to += 1;
    }
    yield from === 0 && to === count ? batch : sliceBatch(batch, from, to);
    from = to;
  }
}

function isStrictlyAscending(deltaNs: Float64Array, count: number): boolean {
  for (let i = 1; i < count; i++) {
    if (deltaNs[i]! <= deltaNs[i - 1]!) {
      return false;
    }
  }
  return true;
}

/** Leaves out of every run of equal times the entries that came before; keeps the order. */
function withoutRepeats(batch: EntryBatch, order: Uint32Array): Uint32Array {
  const { deltaNs } = batch;
  const kept = new Uint32Array(order.length);
  let count = 0;
  for (let start = 0; start < order.length;) {
    const keptBefore = count;
    let end = start + 1;
    kept[count++] = order[start]!;
    while (end < order.length && deltaNs[order[end]!] === deltaNs[order[start]!]) {
      end += 1;
    }
    const seen = end - start > comparedMax ? new Set([entryKey(batch, order[start]!)]) : undefined;
    for (let i = start + 1; i < end; i++) {
      const index = order[i]!;
      const isRepeat =
        seen === undefined
          ? kept.subarray(keptBefore, count).some((other) => isSameEntry(batch, other, index))
          : seen.has(entryKey(batch, index)) || !seen.add(entryKey(batch, index));
      if (!isRepeat) {
        kept[count++] = index;
      }
    }
    start = end;
  }
  return kept.subarray(0, count);
}

/** Up to so many entries of one time are compared with each other; the keys of more go into a set. */
const comparedMax = 8;

/** Whether two entries of equal time are one. Of a batch, equal metadata has equal indexes. */
function isSameEntry(batch: EntryBatch, a: number, b: number): boolean {
  const { lineStarts, lineEnds, bytes, metadata } = batch;
  const length = lineEnds[a]! - lineStarts[a]!;
  if (length !== lineEnds[b]! - lineStarts[b]! || metadata?.index[a] !== metadata?.index[b]) {
    return false;
  }
  // From the end, where lines of one program differ first.
  for (let i = length - 1; i >= 0; i--) {
    if (bytes[lineStarts[a]! + i] !== bytes[lineStarts[b]! + i]) {
      return false;
    }
  }
  return true;
}

const keyDecoder = new TextDecoder("latin1");

/** The same as text; latin1 keeps different bytes different. */
function entryKey(batch: EntryBatch, index: number): string {
  return `${batch.metadata?.index[index] ?? 0} ${keyDecoder.decode(lineAt(batch, index))}`;
}

/** The entries at `indexes` of a joined batch. Those that follow each other in it are copied together. */
export function pickEntries(batch: EntryBatch, indexes: Uint32Array): EntryBatch {
  const { length } = indexes;
  const bytes = new Uint8Array(sizeOfLines(batch, indexes));
  const lineStarts = new Uint32Array(length);
  const lineEnds = new Uint32Array(length);
  let offset = 0;
  for (let from = 0; from < length;) {
    let to = from + 1;
    while (to < length && indexes[to] === indexes[to - 1]! + 1) {
      to += 1;
    }
    const shift = offset - batch.lineStarts[indexes[from]!]!;
    for (let i = from; i < to; i++) {
      lineStarts[i] = batch.lineStarts[indexes[i]!]! + shift;
      lineEnds[i] = batch.lineEnds[indexes[i]!]! + shift;
    }
    // The newline behind each line comes along: the batch is joined.
    const end = batch.lineEnds[indexes[to - 1]!]! + 1;
    bytes.set(batch.bytes.subarray(offset - shift, end), offset);
    offset = end + shift;
    from = to;
  }
  const deltaNs = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    deltaNs[i] = batch.deltaNs[indexes[i]!]!;
  }
  const picked = { count: length, baseNs: batch.baseNs, deltaNs, bytes, lineStarts, lineEnds };
  const { metadata } = batch;
  const places = metadata && indexes.map((index) => metadata.index[index]!);
  return withMetadata(picked, places && metadataOf(metadata, places));
}

function sizeOfLines(batch: EntryBatch, indexes: Uint32Array): number {
  let size = 0;
  for (const index of indexes) {
    size += batch.lineEnds[index]! - batch.lineStarts[index]! + 1;
  }
  return size;
}

/** The metadata of some rows, with those sets only that they have. */
function metadataOf({ sets }: MetadataColumn, places: Uint32Array): MetadataColumn {
  const used: Labels[] = [[]];
  const moved = new Map([[0, 0]]);
  const index = places.map((place) => {
    let to = moved.get(place);
    if (to === undefined) {
      to = used.length;
      used.push(sets[place]!);
      moved.set(place, to);
    }
    return to;
  });
  return { sets: used, index };
}

/** The entries `[from, to)` of a joined batch, at least one; the lines are views. */
export function sliceBatch(batch: EntryBatch, from: number, to: number): EntryBatch {
  const startOffset = batch.lineStarts[from]!;
  const { metadata } = batch;
  return withMetadata(
    {
      count: to - from,
      baseNs: batch.baseNs,
      deltaNs: batch.deltaNs.subarray(from, to),
      bytes: batch.bytes.subarray(startOffset, batch.lineEnds[to - 1]! + 1),
      lineStarts: batch.lineStarts.subarray(from, to).map((at) => at - startOffset),
      lineEnds: batch.lineEnds.subarray(from, to).map((at) => at - startOffset),
    },
    metadata && metadataOf(metadata, metadata.index.subarray(from, to)),
  );
}

function concatBatches(batches: readonly EntryBatch[]): EntryBatch {
  const count = batches.reduce((sum, batch) => sum + batch.count, 0);
  const baseNs = batches[0]?.baseNs ?? 0n;
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.bytes.length, 0));
  const deltaNs = new Float64Array(count);
  const lineStarts = new Uint32Array(count);
  const lineEnds = new Uint32Array(count);
  const metadata = new MetadataBuilder();
  let row = 0;
  let offset = 0;
  for (const batch of batches) {
    const shiftNs = batch.baseNs - baseNs;
    const isNear = shiftNs <= BigInt(deltaNsMax) && shiftNs >= -BigInt(deltaNsMax);
    assert(isNear, "batches that are merged lie within 104 days");
    bytes.set(batch.bytes, offset);
    for (let i = 0; i < batch.count; i++) {
      deltaNs[row] = batch.deltaNs[i]! + Number(shiftNs);
      lineStarts[row] = batch.lineStarts[i]! + offset;
      lineEnds[row] = batch.lineEnds[i]! + offset;
      row += 1;
    }
    metadata.addAll(batch);
    offset += batch.bytes.length;
  }
  return withMetadata({ count, baseNs, deltaNs, bytes, lineStarts, lineEnds }, metadata.column());
}
