import type { FileSystem, OpenFile } from "@sluice/model";
import type { Position, PositionedRecord } from "./position.ts";
import type { Segment } from "./segment.ts";
import { readSegmentHeader, scanRecords } from "./segment-scan.ts";

export interface ReadOptions {
  readonly fs: FileSystem;
  /** In order of position. */
  readonly segments: readonly Segment[];
  readonly from: Position;
  /** The last position to read; it is durable. */
  readonly through: Position;
  /** Records that were trimmed are not missing. */
  readonly trimmedThrough: () => Position;
  /** Records [first, end) are missing; `segment` is where they were. */
  readonly onMissing: (segment: Segment, first: Position, end: Position) => Promise<void>;
}

/** The records [from, through] in order, each segment opened only when its turn comes. */
export async function* readRecords(options: ReadOptions): AsyncGenerator<PositionedRecord, void, undefined> {
  const { fs, segments, from, through, trimmedThrough, onMissing } = options;
  const startIndex = Math.max(
    0,
    segments.findLastIndex((segment) => segment.firstPosition <= from),
  );
  let holder = segments[startIndex];
  let expected = Math.max(from, holder?.firstPosition ?? from);
  const noticeMissing = async (segment: Segment, end: Position): Promise<void> => {
    const first = Math.max(expected, trimmedThrough() + 1);
    if (first < end) {
      await onMissing(segment, first, end);
    }
    expected = Math.max(expected, end);
  };
  for (const segment of segments.slice(startIndex)) {
    const file = await openUnlessGone(fs, segment);
    if (file === undefined) {
      continue;
    }
    try {
      const header = await readSegmentHeader(file, segment);
      if (header !== undefined && segment !== holder) {
        await noticeMissing(holder!, Math.min(header.previousPosition, through) + 1);
        expected = Math.max(expected, segment.firstPosition);
      }
      holder = segment;
      for await (const { position, record } of scanRecords(file, segment)) {
        if (position > through) {
          await noticeMissing(segment, through + 1);
          return;
        }
        if (position < expected) {
          continue;
        }
        await noticeMissing(segment, position);
        expected = position + 1;
        yield { position, record };
      }
    } finally {
      await file.close();
    }
  }
  if (holder !== undefined) {
    await noticeMissing(holder, through + 1);
  }
}

async function openUnlessGone(fs: FileSystem, segment: Segment): Promise<OpenFile | undefined> {
  try {
    return await fs.open(segment.path, "read");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return undefined;
    }
    throw error;
  }
}
