/** How many needles a search can have at most: each place with a hint of one is compared with all. */
export const needlesMax = 64;

/** Texts of which a search finds any, prepared once. */
export interface NeedleSet {
  readonly needles: readonly Uint8Array[];
  /** Whether ASCII letters are found in either case; those of the needles are small then. */
  readonly isFolded: boolean;
  /**
   * What the kernel reads: u32 number of needles, u32 bytes that the masks are of (1 to 3), 8 bytes unused; for each of the
   * first three bytes two masks of 16 bytes, by its lower and its upper half; for each needle u32 length and u32 offset; the
   * needles.
   */
  readonly table: Uint8Array;
}

const headerBytes = 16;
const maskBytes = 32;
const maskedBytesMax = 3;
const newline = 0x0a;

/**
 * Prepares a search for any of the needles.
 *
 * @param needles at least one and {@link needlesMax} at most; none of them empty or with `\n`.
 * @throws {RangeError} when they are not.
 */
export function needleSet(needles: readonly Uint8Array[], options: { readonly isFolded: boolean }): NeedleSet {
  const { isFolded } = options;
  if (needles.length === 0 || needles.length > needlesMax) {
    throw new RangeError(`a search by lines for ${needles.length} needles`);
  }
  if (needles.some((needle) => needle.length === 0 || needle.includes(newline))) {
    throw new RangeError("a needle of a search by lines is empty or holds a line break");
  }
  const wanted = needles.map((needle) => (isFolded ? needle.map(smallLetter) : needle));
  return { needles: wanted, isFolded, table: tableOf(wanted, isFolded) };
}

/** An ASCII letter in its small form; other bytes as they are. */
export function smallLetter(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte | 0x20 : byte;
}

function tableOf(needles: readonly Uint8Array[], isFolded: boolean): Uint8Array {
  const masked = Math.min(maskedBytesMax, ...needles.map((needle) => needle.length));
  const entries = headerBytes + maskedBytesMax * maskBytes;
  const offsets: number[] = [];
  let end = entries + needles.length * 8;
  for (const needle of needles) {
    offsets.push(end);
    end += needle.length;
  }
  const table = new Uint8Array(end);
  const view = new DataView(table.buffer);
  view.setUint32(0, needles.length, true);
  view.setUint32(4, masked, true);
  for (const [i, needle] of needles.entries()) {
    for (let byte = 0; byte < masked; byte++) {
      for (const wanted of isFolded ? casesOf(needle[byte]!) : [needle[byte]!]) {
        const masks = headerBytes + byte * maskBytes;
        table[masks + (wanted & 15)]! |= 1 << (i & 7);
        table[masks + 16 + (wanted >> 4)]! |= 1 << (i & 7);
      }
    }
    view.setUint32(entries + i * 8, needle.length, true);
    view.setUint32(entries + i * 8 + 4, offsets[i]!, true);
    table.set(needle, offsets[i]);
  }
  return table;
}

function casesOf(byte: number): readonly number[] {
  return byte >= 0x61 && byte <= 0x7a ? [byte, byte ^ 0x20] : [byte];
}
