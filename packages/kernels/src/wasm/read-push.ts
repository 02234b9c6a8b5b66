import { entriesMaxOf, streamsMaxOf, type PushColumns, type StreamColumns } from "../push-columns.ts";
import type { Kernels } from "../plain-kernels.ts";
import { isPlausible, readSnappyHeader } from "../snappy-length.ts";
import type { KernelMemory } from "./kernel-memory.ts";
import type { KernelExports } from "./web-assembly.ts";

/** A stream's record: four words and two doubles. */
const streamBytes = 32;

/** The block is decompressed in the kernels' memory and read there, before it is copied out once. */
export function readPush(
  wasm: KernelExports,
  memory: KernelMemory,
  twins: Pick<Kernels, "readPush">,
  block: Uint8Array,
  lengthMax: number,
): ReturnType<Kernels["readPush"]> {
  const header = readSnappyHeader(block);
  if (header === undefined || header.length > lengthMax || !isPlausible(block, header)) {
    return undefined;
  }
  const regions = layOut(memory, block.length, header.length);
  if (regions === undefined) {
    return twins.readPush(block, lengthMax);
  }
  const { source, start, slots } = regions;
  const sourceEnd = memory.copyIn(block, source);
  const end = start + header.length;
  if (wasm.snappyDecode(source + header.bodyOffset, sourceEnd, start, end) !== 1) {
    return undefined;
  }
  const isRead = wasm.readPush(
    start,
    end,
    regions.counts,
    regions.streams,
    streamsMaxOf(header.length),
    regions.deltas,
    regions.lineStarts,
    regions.lineEnds,
    regions.places,
    entriesMaxOf(header.length),
    regions.sets,
    slots,
    slotsOf(header.length) - 1,
  );
  return { bytes: memory.bytes.slice(start, end), columns: isRead === 1 ? copyOut(memory, regions) : undefined };
}

/** Slots of the table of metadata: at most half of them are ever used. */
function slotsOf(length: number): number {
  return 2 ** Math.ceil(Math.log2(2 * entriesMaxOf(length) + 1));
}

type Regions = Readonly<Record<(typeof regionNames)[number], number>>;

const regionNames = [
  "source",
  "start",
  "counts",
  "streams",
  "deltas",
  "lineStarts",
  "lineEnds",
  "places",
  "sets",
  "slots",
] as const;

function layOut(memory: KernelMemory, blockLength: number, length: number): Regions | undefined {
  const column = entriesMaxOf(length) * 4;
  const streams = streamsMaxOf(length) * streamBytes;
  const sizes = [blockLength, length, 12, streams, 2 * column, column, column, column, 2 * column, slotsOf(length) * 4];
  const addresses = memory.layOut(...sizes);
  return addresses && (Object.fromEntries(regionNames.map((name, i) => [name, addresses[i]!])) as Regions);
}

function copyOut(memory: KernelMemory, regions: Regions): PushColumns {
  const { counts, streams, deltas, lineStarts, lineEnds, places, sets } = regions;
  const [streamCount, entryCount, setCount] = memory.words(counts, 3) as unknown as [number, number, number];
  return {
    streams: Array.from({ length: streamCount }, (_, i) => streamAt(memory, streams + i * streamBytes)),
    deltaNs: memory.doubles(deltas, entryCount).slice(),
    lineStarts: memory.words(lineStarts, entryCount).slice(),
    lineEnds: memory.words(lineEnds, entryCount).slice(),
    places: setCount === 0 ? undefined : memory.words(places, entryCount).slice(),
    sets: memory.words(sets, 2 * setCount).slice(),
  };
}

function streamAt(memory: KernelMemory, address: number): StreamColumns {
  const words = memory.words(address, 4);
  const doubles = memory.doubles(address + 16, 2);
  return {
    labelsStart: words[0]!,
    labelsEnd: words[1]!,
    entriesEnd: words[2]!,
    setsEnd: words[3]!,
    baseSeconds: doubles[0]!,
    baseNanos: doubles[1]!,
  };
}
