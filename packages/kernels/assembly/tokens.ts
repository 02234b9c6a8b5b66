// Twin: src/token-filter.ts, which also defines the hash and the layout.

/** 16 bytes of ones and 16 of zeros: loaded from the right place, a mask for the first n bytes of a vector. */
// prettier-ignore
const prefixMasks = memory.data<u8>([
  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

const multiplier: u64 = 0x9e3779b97f4a7c15;
const seed: u64 = 0x3c6ef372fe94f82b;

/**
 * Puts the hashes of all tokens of [start, end) into an open table of `mask + 1` slots of 4 bytes, zero when free, and
 * those that are new behind each other to `hashes`. Reads up to 128 bytes behind `end`.
 *
 * @param max how many hashes end the work; the table and `hashes` have room for 32 more and one that is written but
 *   does not count.
 * @returns how many hashes there are, or -1 when there are more than `max`.
 */
export function insertTokens(start: usize, end: usize, table: usize, mask: u32, hashes: usize, max: u32): i32 {
  const heldMax = hashes + ((max as usize) << 2);
  let held = hashes;
  let inside = start < end ? tokenMask(start, end) : 0;
  let before: u64 = 0;
  let isOpen: u64 = 0;
  let tokenStart: usize = 0;
  // The step that holds `end` ends the last token.
  for (let at = start; at <= end; at += 64) {
    const next = at + 64 < end ? tokenMask(at + 64, end) : 0;
    // Single bytes are no tokens.
    const tokens = inside & ((inside << 1) | before | (inside >> 1) | (next << 63));
    before = inside >> 63;
    inside = next;
    const shifted = (tokens << 1) | isOpen;
    let starts = tokens & ~shifted;
    let ends = shifted & ~tokens;
    tokenStart = isOpen ? tokenStart : at + (ctz(starts) as usize);
    starts = isOpen ? starts : starts & (starts - 1);
    isOpen = tokens >> 63;
    while (ends != 0) {
      const hash = hashBytes(tokenStart, at + (ctz(ends) as usize));
      ends &= ends - 1;
      tokenStart = at + (ctz(starts) as usize);
      starts &= starts - 1;
      const slot = slotOf(table, mask, hash);
      // Written whether it is new or not: which one cannot be predicted.
      const isNew = load<u32>(slot) == 0;
      store<u32>(slot, hash);
      store<u32>(held, hash);
      held += (isNew as usize) << 2;
    }
    if (held > heldMax) {
      return -1;
    }
  }
  return ((held - hashes) >> 2) as i32;
}

/** Sets the bits of `count` hashes in the filter, which is zeroed and `blockCount` blocks of 32 bytes long. */
export function fillFilter(hashes: usize, count: u32, filter: usize, blockCount: u32): void {
  const end = hashes + ((count as usize) << 2);
  for (let at = hashes; at < end; at += 4) {
    const hash = load<u32>(at);
    const block = filter + (((((hash as u64) * blockCount) >> 32) as usize) << 5);
    setBit(block, hash * 0x47b6137b);
    setBit(block + 8, hash * 0x44974d91);
    setBit(block + 16, hash * 0x8824ad5b);
    setBit(block + 24, hash * 0xa2b7289d);
  }
}

function setBit(word: usize, product: u32): void {
  store<u64>(word, load<u64>(word) | ((1 as u64) << ((product >> 26) as u64)));
}

/** Which of the 64 bytes at `at` are token bytes before `end`. */
function tokenMask(at: usize, end: usize): u64 {
  const mask = tokenBytes(at) | (tokenBytes(at + 16) << 16) | (tokenBytes(at + 32) << 32) | (tokenBytes(at + 48) << 48);
  return end - at < 64 ? mask & (((1 as u64) << ((end - at) as u64)) - 1) : mask;
}

function tokenBytes(at: usize): u64 {
  return i8x16.bitmask(wordBytes(v128.load(at))) as u32 as u64;
}

/** Which of 16 bytes are letters, digits or underscores: all bits of them set. */
export function wordBytes(bytes: v128): v128 {
  const lower = v128.or(bytes, i8x16.splat(0x20));
  // Signed comparisons of what is moved to begin at -128: processors have no unsigned ones.
  const letters = i8x16.lt_s(i8x16.add(lower, i8x16.splat(0x1f)), i8x16.splat(-128 + 26));
  const digits = i8x16.lt_s(i8x16.add(bytes, i8x16.splat(0x50)), i8x16.splat(-128 + 10));
  return v128.or(v128.or(letters, digits), i8x16.eq(bytes, i8x16.splat(0x5f)));
}

/** The hash of [start, end). */
export function hashBytes(start: usize, end: usize): u32 {
  let at = start;
  let h = seed ^ ((end - start) as u64);
  while (end - at > 16) {
    h = mix(mix(h, load<u64>(at)), load<u64>(at + 8));
    at += 16;
  }
  const masks = prefixMasks + 16 - (end - at);
  h = mix(mix(h, load<u64>(at) & load<u64>(masks)), load<u64>(at + 8) & load<u64>(masks + 8));
  const hash = ((h * multiplier) >> 32) as u32;
  return hash == 0 ? 1 : hash;
}

function mix(state: u64, word: u64): u64 {
  const product = (state ^ word) * multiplier;
  return product ^ (product >> 32);
}

/** Where the hash is in the table, or else the free slot that it takes. */
function slotOf(table: usize, mask: u32, hash: u32): usize {
  let index = hash & mask;
  while (true) {
    const slot = table + ((index as usize) << 2);
    const held = load<u32>(slot);
    if (((held == hash) as u32) | ((held == 0) as u32)) {
      return slot;
    }
    index = (index + 1) & mask;
  }
}
