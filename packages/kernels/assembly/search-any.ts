// Twin: src/needle-set.ts and src/line-search.ts.
import { nextNewline } from "./search";

/** What stands before the needles of a set: their number, and how many of their first bytes the masks are of. */
const headerBytes: usize = 16;
const maskBytes: usize = 32;

/**
 * The first place of one of the needles in every line of [from, to), as offsets from `base`, ascending. A needle is in
 * one of eight groups; the masks say by the halves of a byte which groups' needles may have it as their first, second
 * and third byte, so that 16 places are looked at with a few shuffles (Langdale's Teddy). Reads up to 64 bytes behind
 * `to`.
 *
 * @param set u32 count, u32 masked bytes; from 16 on two masks of 16 bytes for each of three bytes; then for each needle
 * u32 length and u32 offset of its bytes from `set`, and the bytes; see src/needle-set.ts.
 * @param fold compares ASCII letters without case; then those of the needles are small.
 * @returns how many offsets were written; when that is `max`, the caller goes on behind the last one's line.
 */
export function linesWithAny(base: usize, from: usize, to: usize, set: usize, fold: bool, out: usize, max: u32): u32 {
  const masked = load<u32>(set, 4);
  const masks = set + headerBytes;
  const low0 = v128.load(masks);
  const high0 = v128.load(masks, 16);
  const low1 = v128.load(masks + maskBytes);
  const high1 = v128.load(masks + maskBytes, 16);
  const low2 = v128.load(masks + 2 * maskBytes);
  const high2 = v128.load(masks + 2 * maskBytes, 16);
  let count: u32 = 0;
  let at = from;
  while (at < to && count < max) {
    let groups = groupsAt(at, low0, high0);
    if (masked > 1) {
      groups = v128.and(groups, groupsAt(at + 1, low1, high1));
    }
    if (masked > 2) {
      groups = v128.and(groups, groupsAt(at + 2, low2, high2));
    }
    if (!v128.any_true(groups)) {
      at += 16;
      continue;
    }
    let mask = ~(i8x16.bitmask(i8x16.eq(groups, i8x16.splat(0))) as u32) & 0xffff;
    let found: usize = 0;
    while (mask != 0) {
      const candidate = at + ctz(mask);
      mask &= mask - 1;
      found = lengthAt(candidate, to, set, fold);
      if (found != 0) {
        store<u32>(out + (count << 2), (candidate - base) as u32);
        count += 1;
        at = nextNewline(candidate + found, to) + 1;
        break;
      }
    }
    if (found == 0) {
      at += 16;
    }
  }
  return count;
}

/** By place: the groups of needles that may have its byte. */
function groupsAt(at: usize, low: v128, high: v128): v128 {
  const bytes = v128.load(at);
  return v128.and(i8x16.swizzle(low, v128.and(bytes, i8x16.splat(0x0f))), i8x16.swizzle(high, i8x16.shr_u(bytes, 4)));
}

/** The length of a needle that lies at the place and ends before `to`, or 0. */
function lengthAt(at: usize, to: usize, set: usize, fold: bool): usize {
  const count = load<u32>(set);
  let entry = set + headerBytes + 3 * maskBytes;
  for (let i: u32 = 0; i < count; i++) {
    const length: usize = load<u32>(entry);
    if (at + length <= to && equalFolded(at, set + (load<u32>(entry, 4) as usize), length, fold)) {
      return length;
    }
    entry += 8;
  }
  return 0;
}

/**
 * The same as linesWith, for a needle whose ASCII letters are small and found as large ones too.
 *
 * @returns how many offsets were written; when that is `max`, the caller goes on behind the last one's line.
 */
export function linesWithFolded(
  base: usize,
  from: usize,
  to: usize,
  needle: usize,
  length: usize,
  probeA: usize,
  probeB: usize,
  out: usize,
  max: u32,
): u32 {
  const a = i8x16.splat(load<u8>(needle + probeA));
  const b = i8x16.splat(load<u8>(needle + probeB));
  const foldA = i8x16.splat(foldOf(load<u8>(needle + probeA)));
  const foldB = i8x16.splat(foldOf(load<u8>(needle + probeB)));
  const last = to - length;
  let count: u32 = 0;
  let at = from;
  while (at <= last && count < max) {
    let mask = i8x16.bitmask(foldedAt(at, a, b, foldA, foldB, probeA, probeB)) as u32;
    if (mask == 0) {
      at += 16;
      while (at + 16 <= last) {
        const m0 = foldedAt(at, a, b, foldA, foldB, probeA, probeB);
        const m1 = foldedAt(at + 16, a, b, foldA, foldB, probeA, probeB);
        if (v128.any_true(v128.or(m0, m1))) {
          break;
        }
        at += 32;
      }
      continue;
    }
    let found: usize = 0;
    do {
      const candidate = at + ctz(mask);
      mask &= mask - 1;
      if (candidate > last) {
        return count;
      }
      if (equalFolded(candidate, needle, length, true)) {
        found = candidate;
        break;
      }
    } while (mask != 0);
    if (found == 0) {
      at += 16;
      continue;
    }
    store<u32>(out + (count << 2), (found - base) as u32);
    count += 1;
    at = nextNewline(found + length, to) + 1;
  }
  return count;
}

function foldedAt(at: usize, a: v128, b: v128, foldA: v128, foldB: v128, probeA: usize, probeB: usize): v128 {
  return v128.and(
    i8x16.eq(v128.or(v128.load(at + probeA), foldA), a),
    i8x16.eq(v128.or(v128.load(at + probeB), foldB), b),
  );
}

/** The bit in which the cases of a small letter differ; 0 for all else. */
function foldOf(byte: u8): u8 {
  return byte >= 0x61 && byte <= 0x7a ? 0x20 : 0;
}

function equalFolded(at: usize, needle: usize, length: usize, fold: bool): bool {
  for (let i: usize = 0; i < length; i++) {
    const wanted = load<u8>(needle + i);
    const byte = load<u8>(at + i);
    if (byte != wanted && (!fold || foldOf(wanted) == 0 || (byte | 0x20) != wanted)) {
      return false;
    }
  }
  return true;
}
