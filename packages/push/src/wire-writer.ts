/** The size of an unsigned varint, in bytes. */
export function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) {
    size += 1;
  }
  return size;
}

/** The size of an int64 as varint; negative ones take ten bytes. */
export function int64Size(value: number): number {
  return value < 0 ? 10 : varintSize(value);
}

/** The size of a length-delimited field whose number is below 16: one byte of tag, the length, the content. */
export function fieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

/** {@link fieldSize} of a text or bytes field, which is left out when it is empty. */
export function contentSize(length: number): number {
  return length === 0 ? 0 : fieldSize(length);
}

/** Writes the tag and the length of a length-delimited field; answers with the offset behind them. */
export function writeHeader(target: Uint8Array, offset: number, tag: number, length: number): number {
  target[offset] = tag;
  return writeVarint(target, offset + 1, length);
}

/** Writes an unsigned varint below 2^53; answers with the offset behind it. */
export function writeVarint(target: Uint8Array, start: number, value: number): number {
  let offset = start;
  let rest = value;
  while (rest >= 0x8000_0000) {
    target[offset++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  while (rest >= 0x80) {
    target[offset++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[offset++] = rest;
  return offset;
}

/** Writes an int64 of magnitude below 2^53; answers with the offset behind it. */
export function writeInt64(target: Uint8Array, start: number, value: number): number {
  if (value >= 0) {
    return writeVarint(target, start, value);
  }
  // Two's complement in 64 bits; times before 1970 are rare enough for a BigInt.
  let offset = start;
  let rest = BigInt.asUintN(64, BigInt(value));
  while (rest >= 0x80n) {
    target[offset++] = Number(rest & 0x7fn) | 0x80;
    rest >>= 7n;
  }
  target[offset++] = Number(rest);
  return offset;
}
