/** What a snappy block says about itself before its elements. */
export interface SnappyHeader {
  /** How many bytes the block promises to become. */
  readonly length: number;
  /** Where its elements begin. */
  readonly bodyOffset: number;
}

/** No element makes more bytes than a copy of 64 that takes three. */
const expansionMax = 64 / 3;

/** Reads the declared length, an unsigned 32-bit varint; undefined when there is none. */
export function readSnappyHeader(block: Uint8Array): SnappyHeader | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = block[i];
    if (byte === undefined) {
      return undefined;
    }
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      return length > 0xffff_ffff ? undefined : { length, bodyOffset: i + 1 };
    }
  }
  return undefined;
}

/** Whether a block of this size can keep its promise: room for it is made only then. */
export function isPlausible(block: Uint8Array, { length, bodyOffset }: SnappyHeader): boolean {
  return length <= (block.length - bodyOffset) * expansionMax;
}

/** The declared length's bytes. */
export function snappyHeaderOf(length: number): number[] {
  const bytes: number[] = [];
  let rest = length;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return bytes;
}
