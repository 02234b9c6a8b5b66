import {
  blockLength,
  checkBlock,
  SegmentWriter,
  type BlockEncoder,
  type BlockEntry,
  type BuiltSegment,
  type EncodedBlock,
  type SegmentFooter,
} from "@sluice/chunk";
import { assert, compareLabels, ServiceError, type EntryBatch, type Labels } from "@sluice/model";
import { checkNotCancelled } from "../cancelled.ts";
import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";
import { Turns } from "../turns.ts";
import { ForwardReader } from "./forward-reader.ts";
import { mergeStream, overlappingBytes, type SourceBlock } from "./merge-stream.ts";

export interface MergeOptions {
  readonly memoryBytesMax: number;
  /** Leaves out the blocks for which it says false. */
  readonly isWanted: (labels: Labels, block: BlockEntry) => boolean;
  /** For blocks that are to be written anew with fewer entries: what takes these away. */
  readonly reduce?: Reduce | undefined;
  readonly signal: AbortSignal | undefined;
}

/** What is left of a block's entries; undefined for a block that stays as it is. */
export type Reduce = (labels: Labels, block: BlockEntry) => ((batch: EntryBatch) => EntryBatch) | undefined;

const windowBytesMin = 256 * 1024;
/** Filters take about so much less than the blocks. */
const filterShare = 8;

/**
 * Merges segments of one tenant and day into one, a stream at a time: blocks that overlap are merged, small ones joined,
 * entries that are there several times kept once. The others are copied as they are, with their filters.
 *
 * @param sources in order of arrival.
 * @returns undefined when nothing of them is wanted.
 * @throws {ServiceError} `corrupt` naming a damaged segment; `too_large` when lines that overlap do not fit in memory;
 *   `cancelled`.
 */
export async function mergeSegments(
  reader: SegmentReader,
  encoder: BlockEncoder,
  sources: readonly Segment[],
  options: MergeOptions,
): Promise<BuiltSegment | undefined> {
  const { memoryBytesMax, signal } = options;
  const { tenant, day } = sources[0]!;
  assert(
    sources.every((source) => source.tenant === tenant && source.day === day),
    "segments that are merged are of one tenant and day",
  );
  // A third for reading ahead; the rest for the lines of one stream that overlap.
  const windowBytes = Math.max(windowBytesMin, memoryBytesMax / 3 / sources.length);
  const footers = await reader.footers(sources);
  const turns = new Turns();
  const opened = sources.map((source, i) => openSource(reader, source, footers[i]!, windowBytes, turns));
  const writer = new SegmentWriter({ tenant, day });
  for (const { labels, blocks } of mergedStreams(opened, options)) {
    if (overlappingBytes(blocks) > (memoryBytesMax * 2) / 3) {
      throw new ServiceError("too_large", `too many lines of one stream of ${tenant} overlap to be merged`);
    }
    let isStarted = false;
    for await (const merged of mergeStream(blocks, turns)) {
      if (!isStarted) {
        writer.startStream(labels);
        isStarted = true;
      }
      if ("copied" in merged) {
        writer.addBlock(merged.copied);
        await turns.spend(merged.copied.bytes.length);
      } else {
        writer.addBlock(await encoder.encode(merged.batch));
        await turns.spend(merged.batch.bytes.length);
      }
      checkNotCancelled(signal, "compaction");
    }
  }
  return writer.blockCount === 0 ? undefined : writer.finish();
}

interface OpenSource {
  readonly footer: SegmentFooter;
  readonly load: (entry: BlockEntry) => Promise<EntryBatch>;
  /** Undefined when the block must be made anew to get a skip filter. */
  readonly copy: (block: number) => Promise<EncodedBlock | undefined>;
}

function openSource(
  reader: SegmentReader,
  source: Segment,
  footer: SegmentFooter,
  windowBytes: number,
  turns: Turns,
): OpenSource {
  const { key, sizeBytes, footerBytes } = source;
  const { blocks, filters } = footer;
  const filtersEnd = sizeBytes - footerBytes;
  const data = new ForwardReader(reader, source, filters?.offset ?? filtersEnd, windowBytes);
  const filterData = new ForwardReader(reader, source, filtersEnd, windowBytes / filterShare);
  return {
    footer,
    async load(entry) {
      await turns.spend(entry.rawBytes);
      return reader.decode(key, entry, await data.read(entry.offset, blockLength(entry)));
    },
    async copy(block) {
      if (filters?.has(block) !== true) {
        return undefined;
      }
      const { offset: _, stream: __, ...entry } = blocks.entryAt(block);
      const start = filters.startOf(block);
      const filter = await filterData.read(start, filters.endOf(block) - start);
      if (!filters.isWhole(block, filter)) {
        return undefined;
      }
      const bytes = await data.read(blocks.offsetAt(block), blocks.storedBytesAt(block));
      checkBlock(entry, bytes, `block at byte ${blocks.offsetAt(block)} of ${key}`);
      // Copies: what is kept must not keep the window that it was read in.
      return { ...entry, bytes: bytes.slice(), filter: filter.slice() };
    },
  };
}

interface MergedStream {
  readonly labels: Labels;
  /** In order of arrival. */
  readonly blocks: readonly SourceBlock[];
}

/** The streams of all sources, ascending by their labels as they are in each, with the blocks that are wanted. */
function* mergedStreams(
  sources: readonly OpenSource[],
  { isWanted, reduce }: Pick<MergeOptions, "isWanted" | "reduce">,
): Generator<MergedStream, void, undefined> {
  // Per source, its block that comes next; blocks are in the order of the streams.
  const next = sources.map(() => 0);
  const labelsAt = (i: number): Labels | undefined => {
    const { streams, blocks } = sources[i]!.footer;
    return next[i]! < blocks.length ? streams.labelsAt(blocks.streamAt(next[i]!)) : undefined;
  };
  for (;;) {
    let first: Labels | undefined;
    for (let i = 0; i < sources.length; i++) {
      const labels = labelsAt(i);
      first = labels !== undefined && (first === undefined || compareLabels(labels, first) < 0) ? labels : first;
    }
    if (first === undefined) {
      return;
    }
    const merged: SourceBlock[] = [];
    for (const [i, { footer, load, copy }] of sources.entries()) {
      const labels = labelsAt(i);
      if (labels === undefined || (labels !== first && compareLabels(labels, first) !== 0)) {
        continue;
      }
      const end = footer.blocks.startOf(footer.blocks.streamAt(next[i]!) + 1);
      for (; next[i]! < end; next[i]! += 1) {
        const block = next[i]!;
        const entry = footer.blocks.entryAt(block);
        if (isWanted(labels, entry)) {
          const { minNs, maxNs, rawBytes } = entry;
          const reduced = reduce?.(labels, entry);
          merged.push(
            reduced === undefined
              ? { minNs, maxNs, rawBytes, load: () => load(entry), copy: () => copy(block) }
              : { minNs, maxNs, rawBytes, load: async () => reduced(await load(entry)) },
          );
        }
      }
    }
    if (merged.length > 0) {
      yield { labels: first, blocks: merged };
    }
  }
}
