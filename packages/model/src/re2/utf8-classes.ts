import type { CharClasses } from "./char-classes.ts";

/** Where ranges of bytes with a meaning of their own in UTF-8 begin. */
const utf8Bounds = [0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xe0, 0xe1, 0xed, 0xee, 0xf0, 0xf1, 0xf4, 0xf5];

/** What stands for bytes that are not UTF-8, each of them, as in Go. */
export const replacement = 0xfffd;

/** Classes of bytes that can take each other's place without a character changing its class. */
export interface ByteClasses {
  readonly count: number;
  /** By byte. */
  readonly of: Uint8Array;
  /** A byte of every class. */
  readonly members: Uint8Array;
}

export function byteClassesOf(classes: CharClasses): ByteClasses {
  const isBound = new Uint8Array(257);
  for (const bound of utf8Bounds) {
    isBound[bound] = 1;
  }
  for (const start of classes.starts) {
    const bytes = encodeCodePoint(start);
    // With the lowest bytes behind it, a byte begins something new itself; else what it begins is parted.
    let deepest = bytes.length - 1;
    while (deepest > 0 && bytes[deepest] === 0x80) {
      deepest -= 1;
    }
    isBound[bytes[deepest]!] = 1;
    for (const byte of bytes.slice(0, deepest)) {
      isBound[byte] = 1;
      isBound[byte + 1] = 1;
    }
  }
  const of = new Uint8Array(256);
  const members = [0];
  for (let byte = 1; byte < 256; byte++) {
    if (isBound[byte] === 1) {
      members.push(byte);
    }
    of[byte] = members.length - 1;
  }
  return { count: members.length, of, members: Uint8Array.from(members) };
}

function encodeCodePoint(codePoint: number): number[] {
  const continuation = (shift: number): number => 0x80 | ((codePoint >> shift) & 0x3f);
  if (codePoint < 0x80) {
    return [codePoint];
  }
  if (codePoint < 0x800) {
    return [0xc0 | (codePoint >> 6), continuation(0)];
  }
  return codePoint < 0x1_0000
    ? [0xe0 | (codePoint >> 12), continuation(6), continuation(0)]
    : [0xf0 | (codePoint >> 18), continuation(12), continuation(6), continuation(0)];
}

/**
 * How many of the bytes `[at, end)` are the next character: 1 to 4; 0 when they are only the beginning of one; -1 when
 * the first of them belongs to none.
 */
export function characterLength(bytes: ArrayLike<number>, at: number, end: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xc2 || lead > 0xf4) {
    return -1;
  }
  const length = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  for (let i = 1; i < length; i++) {
    if (at + i >= end) {
      return 0;
    }
    const byte = bytes[at + i]!;
    const min = i > 1 ? 0x80 : lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const max = i > 1 ? 0xbf : lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    if (byte < min || byte > max) {
      return -1;
    }
  }
  return length;
}

/** The character of so many bytes that {@link characterLength} has found good. */
export function codePointAt(bytes: ArrayLike<number>, at: number, length: number): number {
  if (length === 1) {
    return bytes[at]!;
  }
  let codePoint = bytes[at]! & (0x7f >> length);
  for (let i = 1; i < length; i++) {
    codePoint = (codePoint << 6) | (bytes[at + i]! & 0x3f);
  }
  return codePoint;
}
