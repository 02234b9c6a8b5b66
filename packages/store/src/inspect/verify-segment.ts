import {
  blockLength,
  decodeBlock,
  holdsAllTokens,
  readFooter,
  type BlockEntry,
  type SegmentFooter,
} from "@sluice/chunk";
import { isServiceError, messageOf, type EntryBatch } from "@sluice/model";
import { contentHash } from "../segment.ts";

/** What is wrong with a segment, each in a sentence that names it; none when it is as it was written. */
export type Problems = readonly string[];

export interface VerifiedSegment {
  /** Undefined when it is damaged; the blocks cannot be found without it. */
  readonly footer: SegmentFooter | undefined;
  readonly problems: Problems;
}

/**
 * Checks a whole segment: its bytes against the hash in its name, its footer, every column of every block, and every
 * skip filter: that it is as it was written, and that it hides none of the block's lines.
 *
 * @param name the key, or the file's name; its hash is checked when it has one.
 * @param onBlock is given every block in order of its place; its lines are undefined when it is damaged.
 */
export async function verifySegment(
  bytes: Uint8Array,
  name: string,
  onBlock: (block: number, entry: BlockEntry, batch: EntryBatch | undefined) => void = () => {},
): Promise<VerifiedSegment> {
  const problems: string[] = [];
  const named = /-([0-9a-f]{32})\.seg$/u.exec(name)?.[1];
  if (named !== undefined && named !== (await contentHash([bytes]))) {
    problems.push(`segment ${name} is not what its name says: its SHA-256 is another one`);
  }
  const footer = attempt(problems, () => readFooter(bytes, name));
  if (footer === undefined) {
    return { footer, problems };
  }
  const { blocks, filters } = footer;
  for (let i = 0; i < blocks.length; i++) {
    const entry = blocks.entryAt(i);
    const { offset } = entry;
    const what = `block at byte ${offset} of ${name}`;
    const block = bytes.subarray(offset, offset + blockLength(entry));
    const batch = attempt(problems, () => wholeBatch(decodeBlock(entry, block, what)));
    onBlock(i, entry, batch);
    if (filters?.has(i) === true) {
      const filter = bytes.subarray(filters.startOf(i), filters.endOf(i));
      if (!filters.isWhole(i, filter)) {
        problems.push(`the skip filter of ${what} is damaged: its checksum does not match`);
      } else if (batch !== undefined && !holdsAllTokens(filter, batch)) {
        problems.push(`the skip filter of ${what} hides some of its lines`);
      }
    }
  }
  return { footer, problems };
}

/** A batch that has been asked for every column, so that damage to any of them is found. */
function wholeBatch(batch: EntryBatch): EntryBatch {
  return batch.metadata === undefined ? { ...batch } : { ...batch, metadata: { ...batch.metadata } };
}

/** Runs what may find damage; that is a problem, everything else a bug. */
export function attempt<Result>(problems: string[], run: () => Result): Result | undefined {
  try {
    return run();
  } catch (error) {
    if (!isServiceError(error, "corrupt")) {
      throw error;
    }
    problems.push(messageOf(error));
    return undefined;
  }
}
