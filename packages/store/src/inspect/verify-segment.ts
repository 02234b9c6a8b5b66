import { blockLength, decodeBlock, readFooter, type BlockEntry, type SegmentFooter } from "@sluice/chunk";
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
 * Checks a whole segment: its bytes against the hash in its name, its footer, and every column of every block.
 *
 * @param name the key, or the file's name; its hash is checked when it has one.
 * @param onBlock is given every block in order of its place, undefined for a damaged one.
 */
export async function verifySegment(
  bytes: Uint8Array,
  name: string,
  onBlock: (entry: BlockEntry, batch: EntryBatch | undefined) => void = () => {},
): Promise<VerifiedSegment> {
  const problems: string[] = [];
  const named = /-([0-9a-f]{32})\.seg$/u.exec(name)?.[1];
  if (named !== undefined && named !== (await contentHash([bytes]))) {
    problems.push(`segment ${name} is not what its name says: its SHA-256 is another one`);
  }
  const footer = attempt(problems, () => readFooter(bytes, name));
  for (const entry of footer?.blocks ?? []) {
    const { offset } = entry;
    const block = bytes.subarray(offset, offset + blockLength(entry));
    onBlock(
      entry,
      attempt(problems, () => decodeBlock(entry, block, `block at byte ${offset} of ${name}`)),
    );
  }
  return { footer, problems };
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
