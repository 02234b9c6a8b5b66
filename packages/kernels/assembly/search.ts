// Twins: src/line-search.ts and src/newlines.ts.

const newline: u8 = 0x0a;

/**
 * The first place of the needle in every line of [from, to), as offsets from `base`, ascending; a line ends with \n.
 * The needle holds no \n and is at most as long as the range. Reads up to 64 bytes behind `to`.
 *
 * @returns how many offsets were written; when that is `max`, the caller goes on behind the last one's line.
 */
export function linesWith(
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
  // Two bytes of the needle, chosen by the caller as rare ones, are compared at 16 places at once.
  const a = i8x16.splat(load<u8>(needle + probeA));
  const b = i8x16.splat(load<u8>(needle + probeB));
  const last = to - length;
  let count: u32 = 0;
  let at = from;
  while (at <= last && count < max) {
    let mask = hits(at, a, b, probeA, probeB);
    if (mask == 0) {
      at += 16;
      // The usual case in a tight loop of its own: nothing for a long way.
      while (at + 48 <= last) {
        const m0 = equalAt(at, a, b, probeA, probeB);
        const m1 = equalAt(at + 16, a, b, probeA, probeB);
        const m2 = equalAt(at + 32, a, b, probeA, probeB);
        const m3 = equalAt(at + 48, a, b, probeA, probeB);
        if (v128.any_true(v128.or(v128.or(m0, m1), v128.or(m2, m3)))) {
          break;
        }
        at += 64;
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
      if (equal(candidate, needle, length)) {
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

/** The offsets of all \n in [start, end) from `start`; writes at most `max`, and returns how many there are. */
export function newlineOffsets(start: usize, end: usize, out: usize, max: u32): u32 {
  const wanted = i8x16.splat(newline);
  let count: u32 = 0;
  for (let at = start; at < end; at += 64) {
    let mask =
      lineEnds(at, wanted) |
      (lineEnds(at + 16, wanted) << 16) |
      (lineEnds(at + 32, wanted) << 32) |
      (lineEnds(at + 48, wanted) << 48);
    if (end - at < 64) {
      mask &= ((1 as u64) << ((end - at) as u64)) - 1;
    }
    const offset = (at - start) as u32;
    while (mask != 0) {
      if (count < max) {
        store<u32>(out + (count << 2), offset + (ctz(mask) as u32));
      }
      count += 1;
      mask &= mask - 1;
    }
  }
  return count;
}

/** How many \n are in [start, end). Reads up to 64 bytes behind `end`. */
export function countNewlines(start: usize, end: usize): u32 {
  const wanted = i8x16.splat(newline);
  let count: u32 = 0;
  for (let at = start; at < end; at += 64) {
    let mask =
      lineEnds(at, wanted) |
      (lineEnds(at + 16, wanted) << 16) |
      (lineEnds(at + 32, wanted) << 32) |
      (lineEnds(at + 48, wanted) << 48);
    if (end - at < 64) {
      mask &= ((1 as u64) << ((end - at) as u64)) - 1;
    }
    count += popcnt(mask) as u32;
  }
  return count;
}

function equalAt(at: usize, a: v128, b: v128, probeA: usize, probeB: usize): v128 {
  return v128.and(i8x16.eq(v128.load(at + probeA), a), i8x16.eq(v128.load(at + probeB), b));
}

function hits(at: usize, a: v128, b: v128, probeA: usize, probeB: usize): u32 {
  return i8x16.bitmask(equalAt(at, a, b, probeA, probeB)) as u32;
}

function lineEnds(at: usize, wanted: v128): u64 {
  return (i8x16.bitmask(i8x16.eq(v128.load(at), wanted)) as u64) & 0xffff;
}

/** Whether `length` bytes are the same in both places. */
export function equal(at: usize, needle: usize, length: usize): bool {
  let i: usize = 0;
  while (i + 8 <= length) {
    if (load<u64>(at + i) != load<u64>(needle + i)) {
      return false;
    }
    i += 8;
  }
  while (i < length) {
    if (load<u8>(at + i) != load<u8>(needle + i)) {
      return false;
    }
    i += 1;
  }
  return true;
}

/** Where the next \n at or behind `from` is, or `to`. */
export function nextNewline(from: usize, to: usize): usize {
  const wanted = i8x16.splat(newline);
  let at = from;
  while (at < to) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(at), wanted)) as u32;
    if (mask != 0) {
      return min(at + ctz(mask), to);
    }
    at += 16;
  }
  return to;
}
