import { dayOf } from "@sluice/chunk";
import type { Segment } from "../segment.ts";

export interface CompactionOptions {
  /**
   * Fewest neighbours that are merged while their UTC day goes on; fewer are enough when they fill a segment, which is
   * not merged again, and after that day.
   */
  readonly segmentCountMin: number;
  /** Most that are merged at a time. */
  readonly segmentCountMax: number;
  /** Bytes of the segments that are merged together, so at most of the result, which is in memory until it is put. */
  readonly targetBytes: number;
  /** Memory for what is read ahead and for the lines that are merged, beside the result. */
  readonly memoryBytesMax: number;
  /** How long after its end a UTC day counts as over. */
  readonly dayClosesAfterMs: number;
}

export const defaultCompactionOptions: CompactionOptions = {
  segmentCountMin: 8,
  segmentCountMax: 64,
  targetBytes: 64 * 1024 * 1024,
  memoryBytesMax: 96 * 1024 * 1024,
  dayClosesAfterMs: 2 * 3_600_000,
};

/**
 * The runs of one tenant's segments that are worth a merge, each to become one segment. Only neighbours of one UTC day
 * are merged, so that the result can take their place in the order of arrival. The others of a run are
 * together at least half as large as its largest: so bytes are written again only when they come into a segment that is
 * half as large again, and a segment over two thirds of `targetBytes` never.
 *
 * @param segments in order of arrival.
 * @param leftAlone keys of segments that are not to be touched.
 */
export function planCompaction(
  segments: readonly Segment[],
  nowMs: number,
  options: CompactionOptions,
  leftAlone: ReadonlySet<string>,
): readonly (readonly Segment[])[] {
  const { segmentCountMin, dayClosesAfterMs } = options;
  const openDay = dayOf(BigInt(nowMs - dayClosesAfterMs) * 1_000_000n);
  return [...Map.groupBy(segments, ({ day }) => day)].flatMap(([day, ofDay]) =>
    stretchesOf(ofDay, leftAlone).flatMap((stretch) => runsOf(stretch, day < openDay ? 2 : segmentCountMin, options)),
  );
}

/** The neighbours between those that are left alone. */
function stretchesOf(segments: readonly Segment[], leftAlone: ReadonlySet<string>): Segment[][] {
  const stretches: Segment[][] = [[]];
  for (const segment of segments) {
    if (leftAlone.has(segment.key)) {
      stretches.push([]);
    } else {
      stretches.at(-1)!.push(segment);
    }
  }
  return stretches;
}

/** From the oldest on, each run as long as it can be. */
function runsOf(segments: readonly Segment[], countMin: number, options: CompactionOptions): (readonly Segment[])[] {
  const runs: (readonly Segment[])[] = [];
  let from = 0;
  while (from < segments.length) {
    const count = longestRun(segments, from, countMin, options);
    if (count > 0) {
      runs.push(segments.slice(from, from + count));
    }
    from += Math.max(count, 1);
  }
  return runs;
}

/** How many segments from `from` on are worth a merge; 0 for none. */
function longestRun(
  segments: readonly Segment[],
  from: number,
  countMin: number,
  { segmentCountMax, targetBytes }: CompactionOptions,
): number {
  let bytes = 0;
  let largest = 0;
  let longest = 0;
  for (let count = 1; count <= segmentCountMax && from + count <= segments.length; count++) {
    const { sizeBytes } = segments[from + count - 1]!;
    bytes += sizeBytes;
    largest = Math.max(largest, sizeBytes);
    if (bytes > targetBytes) {
      break;
    }
    const isFull = bytes * 3 > targetBytes * 2;
    if ((count >= countMin || isFull) && largest * 3 <= bytes * 2) {
      longest = count;
    }
  }
  return longest;
}
