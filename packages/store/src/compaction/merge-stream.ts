import { blockRawBytesMax, mergeBatches, sliceBatch, splitBatch, type EncodedBlock } from "@sluice/chunk";
import { firstWhere, timestampAt, type EntryBatch } from "@sluice/model";
import type { Turns } from "../turns.ts";

/** A block of the stream that is merged. */
export interface SourceBlock {
  readonly minNs: bigint;
  readonly maxNs: bigint;
  readonly rawBytes: number;
  load(): Promise<EntryBatch>;
  /** The block as it is, when it may stay so; undefined when it must be loaded after all. */
  readonly copy?: (() => Promise<EncodedBlock | undefined>) | undefined;
}

/** A block of the result: to be encoded, or as it was in one of the sources. */
export type MergedBlock = { readonly batch: EntryBatch } | { readonly copied: EncodedBlock };

/** A loaded block of which the rows before `row` are done with. */
interface OpenBlock {
  readonly batch: EntryBatch;
  readonly arrival: number;
  row: number;
}

/** Lines that are merged in one go, about. */
const sliceBytes = 256 * 1024;

/** Lines that are too few for a block of their own, when others follow. */
const smallBytes = blockRawBytesMax / 4;
/** Smaller blocks are better joined: larger ones compress better, and cost less to read for each line. */
const copiedBytesMin = blockRawBytesMax / 2;

/**
 * Merges the blocks of one stream into larger ones: ascending by time, entries of equal time in order of arrival, each
 * entry once. In memory are the blocks that reach over one instant, and one or two blocks of the result. A block that
 * overlaps no other and is at least half full is copied as it is, unless small ones before it want to be joined with it.
 *
 * @param blocks in order of arrival.
 */
export async function* mergeStream(
  blocks: readonly SourceBlock[],
  turns: Turns,
): AsyncGenerator<MergedBlock, void, undefined> {
  let merged: EntryBatch[] = [];
  let mergedBytes = 0;
  const mayCopy = ({ rawBytes }: SourceBlock): boolean =>
    rawBytes >= copiedBytesMin && (mergedBytes === 0 || mergedBytes >= smallBytes);
  for await (const slice of mergedSlices(blocks, mayCopy)) {
    if ("copied" in slice) {
      yield* split(merged);
      yield slice;
      merged = [];
      mergedBytes = 0;
      continue;
    }
    const { batch } = slice;
    await turns.spend(batch.bytes.length);
    merged.push(batch);
    mergedBytes += batch.bytes.length;
    if (mergedBytes > blockRawBytesMax + smallBytes) {
      const full = [...split(merged)];
      // What is left over may be the beginning of a block.
      const { batch: rest } = full.pop()!;
      yield* full;
      merged = [rest];
      mergedBytes = rest.bytes.length;
    }
  }
  yield* split(merged);
}

/** Batches of the size of blocks. A little over that stays one, so that no small rest is carried from block to block. */
function* split(batches: readonly EntryBatch[]): Generator<{ readonly batch: EntryBatch }, void, undefined> {
  if (batches.length === 0) {
    return;
  }
  const all = mergeBatches(batches);
  const isLittleOver = all.bytes.length <= blockRawBytesMax + smallBytes;
  for (const batch of splitBatch(all, isLittleOver ? all.bytes.length : blockRawBytesMax)) {
    yield { batch };
  }
}

/** Most bytes of lines, of blocks that reach over one instant: what merging the stream needs in memory at least. */
export function overlappingBytes(blocks: readonly Pick<SourceBlock, "minNs" | "maxNs" | "rawBytes">[]): number {
  const starts = blocks.toSorted((a, b) => compareTimes(a.minNs, b.minNs));
  const ends = blocks.toSorted((a, b) => compareTimes(a.maxNs, b.maxNs));
  let most = 0;
  let bytes = 0;
  let ended = 0;
  for (const { minNs, rawBytes } of starts) {
    while (ends[ended]!.maxNs < minNs) {
      bytes -= ends[ended]!.rawBytes;
      ended += 1;
    }
    bytes += rawBytes;
    most = Math.max(most, bytes);
  }
  return most;
}

/** The entries of all blocks, in batches and copied blocks of which each begins after the end of the one before. */
async function* mergedSlices(
  blocks: readonly SourceBlock[],
  mayCopy: (block: SourceBlock) => boolean,
): AsyncGenerator<MergedBlock, void, undefined> {
  const waiting = blocks
    .map((block, arrival) => ({ block, arrival }))
    .sort((a, b) => compareTimes(a.block.minNs, b.block.minNs));
  let next = 0;
  let open: OpenBlock[] = [];
  while (next < waiting.length || open.length > 0) {
    const following = waiting[next];
    const earliestNs = earliestOf(open);
    if (following !== undefined && (earliestNs === undefined || following.block.minNs <= earliestNs)) {
      const { block, arrival } = following;
      const afterNs = waiting[next + 1]?.block.minNs;
      const isAlone = open.length === 0 && (afterNs === undefined || afterNs > block.maxNs);
      const copied = isAlone && mayCopy(block) ? await block.copy?.() : undefined;
      if (copied !== undefined) {
        next += 1;
        yield { copied };
        continue;
      }
      const batch = await block.load();
      if (batch.count > 0) {
        open.push({ batch, arrival, row: 0 });
        open.sort((a, b) => a.arrival - b.arrival);
      }
      next += 1;
      continue;
    }
    const cutNs = cutOf(open, earliestNs!, following?.block.minNs);
    const slices: EntryBatch[] = [];
    for (const block of open) {
      const { batch, row } = block;
      const end = cutNs === undefined ? batch.count : firstRowFrom(batch, row, cutNs);
      if (end > row) {
        slices.push(row === 0 && end === batch.count ? batch : sliceBatch(batch, row, end));
        block.row = end;
      }
    }
    open = open.filter(({ batch, row }) => row < batch.count);
    yield { batch: mergeBatches(slices) };
  }
}

function earliestOf(open: readonly OpenBlock[]): bigint | undefined {
  let earliestNs: bigint | undefined;
  for (const { batch, row } of open) {
    const timeNs = timestampAt(batch, row);
    earliestNs = earliestNs === undefined || timeNs < earliestNs ? timeNs : earliestNs;
  }
  return earliestNs;
}

/**
 * Up to where the next slice goes: not to where the next block begins, and not much further than {@link sliceBytes},
 * but past one instant at least. Undefined when everything that is open is little enough and all.
 */
function cutOf(open: readonly OpenBlock[], earliestNs: bigint, limitNs: bigint | undefined): bigint | undefined {
  let cutNs = limitNs;
  if (open.length > 1) {
    for (const { batch, row } of open) {
      const end = rowWithin(batch, row, sliceBytes / open.length);
      if (end < batch.count) {
        const timeNs = timestampAt(batch, end);
        cutNs = cutNs === undefined || timeNs < cutNs ? timeNs : cutNs;
      }
    }
  }
  return cutNs === undefined || cutNs > earliestNs ? cutNs : earliestNs + 1n;
}

/** The first row after `row` that ends more than `bytes` behind its beginning. */
function rowWithin({ lineStarts, lineEnds, count }: EntryBatch, row: number, bytes: number): number {
  const end = lineStarts[row]! + bytes;
  return firstWhere(row + 1, count, (i) => lineEnds[i]! > end);
}

/** The first row from `row` on whose time is at or after `timeNs`. */
function firstRowFrom({ baseNs, deltaNs, count }: EntryBatch, row: number, timeNs: bigint): number {
  const wantedNs = Number(timeNs - baseNs);
  return firstWhere(row, count, (i) => deltaNs[i]! >= wantedNs);
}

function compareTimes(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
