import { snappyHeaderOf } from "./snappy-length.ts";

const fragmentBytes = 65_536;
/** A table of 2^14 offsets of 16 bits. */
const tableBits = 14;
/** No match begins in the last bytes of a fragment. */
const margin = 15;

/** How many bytes a block of so many can become at most: google/snappy's MaxCompressedLength. */
export function snappyLengthMax(length: number): number {
  return 32 + length + Math.floor(length / 6);
}

/** Encodes to one snappy block. The plain TypeScript twin of the kernel: both make the same bytes. */
export function encodeSnappy(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(snappyLengthMax(bytes.length));
  const table = new Uint16Array(2 ** tableBits);
  const header = snappyHeaderOf(bytes.length);
  out.set(header);
  let end = header.length;
  for (let at = 0; at < bytes.length; at += fragmentBytes) {
    end = encodeFragment(bytes, at, Math.min(at + fragmentBytes, bytes.length), out, end, table);
  }
  return out.slice(0, end);
}

function encodeFragment(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  outStart: number,
  table: Uint16Array,
): number {
  let outAt = outStart;
  let emitted = start;
  if (end - start <= margin) {
    return emitLiteral(bytes, emitted, end, out, outAt);
  }
  table.fill(0);
  const limit = end - margin;
  let at = start + 1;
  let hash = hashAt(bytes, at);
  for (;;) {
    // Text that does not match is passed over faster and faster.
    let skip = 32;
    let next = at;
    let candidate: number;
    do {
      at = next;
      next = at + (skip >>> 5);
      skip += 1;
      if (next > limit) {
        return emitLiteral(bytes, emitted, end, out, outAt);
      }
      candidate = start + table[hash]!;
      table[hash] = at - start;
      hash = hashAt(bytes, next);
    } while (wordAt(bytes, at) !== wordAt(bytes, candidate));
    outAt = emitLiteral(bytes, emitted, at, out, outAt);
    do {
      const length = 4 + matchLength(bytes, candidate + 4, at + 4, end);
      outAt = emitCopy(out, outAt, at - candidate, length);
      at += length;
      emitted = at;
      if (at >= limit) {
        return emitLiteral(bytes, emitted, end, out, outAt);
      }
      table[hashAt(bytes, at - 1)] = at - 1 - start;
      const slot = hashAt(bytes, at);
      candidate = start + table[slot]!;
      table[slot] = at - start;
    } while (wordAt(bytes, at) === wordAt(bytes, candidate));
    at += 1;
    hash = hashAt(bytes, at);
  }
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

function hashAt(bytes: Uint8Array, at: number): number {
  return Math.imul(wordAt(bytes, at), 0x1e35a7bd) >>> (32 - tableBits);
}

/** How many bytes at `a` and `b` are equal before `b` reaches `end`. */
function matchLength(bytes: Uint8Array, a: number, b: number, end: number): number {
  let length = 0;
  while (b + length < end && bytes[a + length] === bytes[b + length]) {
    length += 1;
  }
  return length;
}

function emitLiteral(bytes: Uint8Array, from: number, to: number, out: Uint8Array, outStart: number): number {
  if (from === to) {
    return outStart;
  }
  let at = outStart;
  const value = to - from - 1;
  if (value < 60) {
    out[at++] = value << 2;
  } else if (value < 256) {
    out[at++] = 60 << 2;
    out[at++] = value;
  } else {
    // A fragment's literal is 64 KiB at most.
    out[at++] = 61 << 2;
    out[at++] = value;
    out[at++] = value >>> 8;
  }
  out.set(bytes.subarray(from, to), at);
  return at + to - from;
}

/** One copy after the other, of 64 bytes at most; the last of them never below 4. */
function emitCopy(out: Uint8Array, outStart: number, distance: number, length: number): number {
  let at = outStart;
  let rest = length;
  while (rest >= 68) {
    at = emitShortCopy(out, at, distance, 64);
    rest -= 64;
  }
  if (rest > 64) {
    at = emitShortCopy(out, at, distance, 60);
    rest -= 60;
  }
  return emitShortCopy(out, at, distance, rest);
}

function emitShortCopy(out: Uint8Array, at: number, distance: number, length: number): number {
  if (length < 12 && distance < 2048) {
    out[at] = 1 | ((length - 4) << 2) | ((distance >>> 8) << 5);
    out[at + 1] = distance;
    return at + 2;
  }
  out[at] = 2 | ((length - 1) << 2);
  out[at + 1] = distance;
  out[at + 2] = distance >>> 8;
  return at + 3;
}
