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
  const order = Array.from({ length: batch.count }, (_, i) => i);
  order.sort((a, b) => batch.deltaNs[a]! - batch.deltaNs[b]! || a - b);
  return pickEntries(batch, withoutRepeats(batch, order));
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
function withoutRepeats(batch: EntryBatch, order: readonly number[]): readonly number[] {
  const kept: number[] = [];
  let seen: Set<string> | undefined;
  for (const [i, index] of order.entries()) {
    const startsRun = i === 0 || batch.deltaNs[order[i - 1]!] !== batch.deltaNs[index];
    if (startsRun) {
      const runGoesOn = i + 1 < order.length && batch.deltaNs[order[i + 1]!] === batch.deltaNs[index];
      seen = runGoesOn ? new Set() : undefined;
    }
    const key = seen === undefined ? "" : entryKey(batch, index);
    if (seen === undefined || !seen.has(key)) {
      kept.push(index);
      seen?.add(key);
    }
  }
  return kept;
}

const keyDecoder = new TextDecoder("latin1");

/** Of a batch, equal metadata has equal indexes; latin1 keeps different bytes different. */
function entryKey(batch: EntryBatch, index: number): string {
  return `${batch.metadata?.index[index] ?? 0} ${keyDecoder.decode(lineAt(batch, index))}`;
}

function pickEntries(batch: EntryBatch, indexes: readonly number[]): EntryBatch {
  let size = 0;
  for (const index of indexes) {
    size += batch.lineEnds[index]! - batch.lineStarts[index]! + 1;
  }
  const bytes = new Uint8Array(size);
  const lineStarts = new Uint32Array(indexes.length);
  const lineEnds = new Uint32Array(indexes.length);
  let offset = 0;
  for (const [i, index] of indexes.entries()) {
    // The newline behind the line comes along: the batch is joined.
    bytes.set(batch.bytes.subarray(batch.lineStarts[index], batch.lineEnds[index]! + 1), offset);
    lineStarts[i] = offset;
    offset += batch.lineEnds[index]! - batch.lineStarts[index]!;
    lineEnds[i] = offset;
    offset += 1;
  }
  const { metadata } = batch;
  return withMetadata(
    {
      count: indexes.length,
      baseNs: batch.baseNs,
      deltaNs: Float64Array.from(indexes, (i) => batch.deltaNs[i]!),
      bytes,
      lineStarts,
      lineEnds,
    },
    metadata &&
      metadataOf(
        metadata,
        Uint32Array.from(indexes, (i) => metadata.index[i]!),
      ),
  );
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
