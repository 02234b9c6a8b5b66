import {
  blockLength,
  SegmentWriter,
  type BlockEncoder,
  type BlockEntry,
  type BuiltSegment,
  type SegmentFooter,
} from "@sluice/chunk";
import { assert, compareLabels, ServiceError, type EntryBatch, type Labels } from "@sluice/model";
import { mapInOrder } from "../map-in-order.ts";
import type { SegmentReader } from "../segment-reader.ts";
import type { Segment } from "../segment.ts";
import { Turns } from "../turns.ts";
import { ForwardReader } from "./forward-reader.ts";
import { mergeStream, overlappingBytes, type SourceBlock } from "./merge-stream.ts";

export interface MergeOptions {
  readonly memoryBytesMax: number;
  /** Leaves out the blocks for which it says false. */
  readonly isWanted: (labels: Labels, block: BlockEntry) => boolean;
  readonly signal: AbortSignal | undefined;
}

const footersAtOnce = 16;
const windowBytesMin = 256 * 1024;

/**
 * Merges segments of one tenant and day into one, a stream at a time: blocks that overlap are merged, small ones joined,
 * entries that are there several times kept once.
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
  const { memoryBytesMax, isWanted, signal } = options;
  const { tenant, day } = sources[0]!;
  assert(
    sources.every((source) => source.tenant === tenant && source.day === day),
    "segments that are merged are of one tenant and day",
  );
  // A third for reading ahead; the rest for the lines of one stream that overlap.
  const windowBytes = Math.max(windowBytesMin, memoryBytesMax / 3 / sources.length);
  const footers = await mapInOrder(sources, footersAtOnce, (source) => reader.footer(source));
  const turns = new Turns();
  const opened = sources.map((source, i) => {
    const data = new ForwardReader(reader, source, windowBytes);
    return { source, footer: footers[i]!, load: loaderOf(reader, source, data, turns) };
  });
  const writer = new SegmentWriter({ tenant, day });
  for (const { labels, blocks } of mergedStreams(opened, isWanted)) {
    if (overlappingBytes(blocks) > (memoryBytesMax * 2) / 3) {
      throw new ServiceError("too_large", `too many lines of one stream of ${tenant} overlap to be merged`);
    }
    writer.startStream(labels);
    for await (const batch of mergeStream(blocks, turns)) {
      writer.addBlock(await encoder.encode(batch));
      await turns.spend(batch.bytes.length);
      if (signal?.aborted === true) {
        throw new ServiceError("cancelled", "the compaction was cancelled", { cause: signal.reason });
      }
    }
  }
  return writer.blockCount === 0 ? undefined : writer.finish();
}

interface OpenSource {
  readonly source: Segment;
  readonly footer: SegmentFooter;
  readonly load: (entry: BlockEntry) => Promise<EntryBatch>;
}

function loaderOf(reader: SegmentReader, { key }: Segment, data: ForwardReader, turns: Turns): OpenSource["load"] {
  return async (entry) => {
    await turns.spend(entry.rawBytes);
    return reader.decode(key, entry, await data.read(entry.offset, blockLength(entry)));
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
  isWanted: MergeOptions["isWanted"],
): Generator<MergedStream, void, undefined> {
  // Per source, its block that comes next; blocks are in the order of the streams.
  const next = sources.map(() => 0);
  const labelsAt = (i: number): Labels | undefined => {
    const { streams, blocks } = sources[i]!.footer;
    const block = blocks[next[i]!];
    return block && streams[block.stream]!;
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
    for (const [i, { footer, load }] of sources.entries()) {
      const labels = labelsAt(i);
      if (labels === undefined || (labels !== first && compareLabels(labels, first) !== 0)) {
        continue;
      }
      const { stream } = footer.blocks[next[i]!]!;
      for (; footer.blocks[next[i]!]?.stream === stream; next[i]! += 1) {
        const entry = footer.blocks[next[i]!]!;
        if (isWanted(labels, entry)) {
          const { minNs, maxNs, rawBytes } = entry;
          merged.push({ minNs, maxNs, rawBytes, load: () => load(entry) });
        }
      }
    }
    if (merged.length > 0) {
      yield { labels: first, blocks: merged };
    }
  }
}
