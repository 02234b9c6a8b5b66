import { isPlausible, readSnappyHeader } from "./snappy-length.ts";

/**
 * Decodes one block of snappy's block format (google/snappy, format_description.txt), which has no checksum. The plain
 * TypeScript twin of the kernel.
 *
 * @param lengthMax a block that declares more is refused before anything is allocated.
 * @returns undefined when the block is damaged or too long.
 */
export function decodeSnappy(block: Uint8Array, lengthMax: number): Uint8Array | undefined {
  const header = readSnappyHeader(block);
  if (header === undefined || header.length > lengthMax || !isPlausible(block, header)) {
    return undefined;
  }
  const out = new Uint8Array(header.length);
  return decodeElements(block, header.bodyOffset, out) ? out : undefined;
}

/** Whether the elements behind `bodyOffset` make exactly `out`, which they fill. */
function decodeElements(block: Uint8Array, bodyOffset: number, out: Uint8Array): boolean {
  const end = block.length;
  const outEnd = out.length;
  let at = bodyOffset;
  let produced = 0;
  while (at < end) {
    const tag = block[at]!;
    at += 1;
    const kind = tag & 3;
    if (kind === 0) {
      let length = (tag >>> 2) + 1;
      if (length > 60) {
        const sizeOfLength = length - 60;
        if (at + sizeOfLength > end) {
          return false;
        }
        length = littleEndian(block, at, sizeOfLength) + 1;
        at += sizeOfLength;
      }
      if (at + length > end || produced + length > outEnd) {
        return false;
      }
      copyLiteral(block, at, out, produced, length);
      at += length;
      produced += length;
      continue;
    }
    const sizeOfDistance = kind === 3 ? 4 : kind;
    if (at + sizeOfDistance > end) {
      return false;
    }
    const distance = littleEndian(block, at, sizeOfDistance) + (kind === 1 ? (tag >>> 5) * 256 : 0);
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    at += sizeOfDistance;
    if (distance === 0 || distance > produced || produced + length > outEnd) {
      return false;
    }
    // Byte by byte: a copy may overlap itself, and means to repeat then.
    for (const stop = produced + length; produced < stop; produced++) {
      out[produced] = out[produced - distance]!;
    }
  }
  return produced === outEnd;
}

/** Below this a loop is faster than a native copy, which costs a view. */
const loopLengthMax = 64;

function copyLiteral(block: Uint8Array, from: number, out: Uint8Array, to: number, length: number): void {
  if (length > loopLengthMax) {
    out.set(block.subarray(from, from + length), to);
    return;
  }
  for (let i = 0; i < length; i++) {
    out[to + i] = block[from + i]!;
  }
}

function littleEndian(bytes: Uint8Array, offset: number, size: number): number {
  let value = 0;
  for (let i = size - 1; i >= 0; i--) {
    value = value * 256 + bytes[offset + i]!;
  }
  return value;
}
