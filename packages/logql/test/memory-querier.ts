import {
  batchOf,
  compileMatchers,
  type BlockRef,
  type Entry,
  type Labels,
  type Querier,
  type SelectRequest,
} from "@sluice/model";

export interface StoredStream {
  readonly labels: Labels;
  /** Ascending by time. */
  readonly entries: readonly Entry[];
}

/** A querier over streams in memory that also tells what was asked of it and how often a block was loaded. */
export interface MemoryQuerier extends Querier {
  readonly requests: SelectRequest[];
  loadCount: number;
}

/** @param blockSize how many entries of a stream go into one block. */
export function memoryQuerier(streams: readonly StoredStream[], blockSize = 1000): MemoryQuerier {
  const querier: MemoryQuerier = {
    requests: [],
    loadCount: 0,
    async select(request) {
      querier.requests.push(request);
      const fits = compileMatchers(request.matchers);
      return streams
        .filter(({ labels }) => fits(labels))
        .flatMap((stream) => blocksOf(stream, blockSize, querier))
        .filter(({ minNs, maxNs }) => maxNs >= request.startNs && minNs < request.endNs);
    },
    async series() {
      return streams.map(({ labels }) => labels);
    },
  };
  return querier;
}

function blocksOf({ labels, entries }: StoredStream, blockSize: number, querier: MemoryQuerier): BlockRef[] {
  const blocks: BlockRef[] = [];
  for (let start = 0; start < entries.length; start += blockSize) {
    const part = entries.slice(start, start + blockSize);
    const batch = batchOf(part);
    blocks.push({
      labels,
      minNs: part[0]!.timestampNs,
      maxNs: part.at(-1)!.timestampNs,
      count: part.length,
      rawBytes: batch.bytes.length - part.length,
      async load() {
        querier.loadCount += 1;
        return batch;
      },
    });
  }
  return blocks;
}
