// Twin: src/token-filter.ts, which also defines the hash and the layout.

/**
 * Puts the hashes of all tokens of [start, end) into an open table of `mask + 1` slots of 8 bytes, zero when free.
 * Reads up to 64 bytes behind `end`.
 *
 * @param count how many the table holds already.
 * @returns how many it holds now, or -1 when it would hold more than `max`.
 */
export function insertTokens(start: usize, end: usize, table: usize, mask: u32, count: u32, max: u32): i32 {
  let held = count;
  let carry: u64 = 0;
  // 0 stands for "in no token".
  let tokenStart: usize = 0;
  for (let at = start; at < end; at += 64) {
    let inside =
      tokenBytes(at) | (tokenBytes(at + 16) << 16) | (tokenBytes(at + 32) << 32) | (tokenBytes(at + 48) << 48);
    if (end - at < 64) {
      inside &= ((1 as u64) << ((end - at) as u64)) - 1;
    }
    // A bit for every byte whose kind differs from that of the byte before it: starts and ends in turn.
    let edges = inside ^ ((inside << 1) | carry);
    carry = inside >> 63;
    while (edges != 0) {
      const edge = at + (ctz(edges) as usize);
      edges &= edges - 1;
      if (tokenStart == 0) {
        tokenStart = edge;
        continue;
      }
      if (edge - tokenStart >= 2) {
        held += insert(table, mask, hashToken(tokenStart, edge));
        if (held > max) {
          return -1;
        }
      }
      tokenStart = 0;
    }
  }
  if (tokenStart != 0 && end - tokenStart >= 2) {
    held += insert(table, mask, hashToken(tokenStart, end));
    if (held > max) {
      return -1;
    }
  }
  return held as i32;
}

/** Sets the bits of every hash of the table in the filter, which is zeroed and `blockCount` blocks of 32 bytes long. */
export function fillFilter(table: usize, mask: u32, filter: usize, blockCount: u32): void {
  const end = table + (((mask as usize) + 1) << 3);
  for (let slot = table; slot < end; slot += 8) {
    const key = load<u64>(slot);
    if (key == 0) {
      continue;
    }
    const block = filter + ((((((key >> 32) * blockCount) as u64) >> 32) as usize) << 5);
    const bits = key as u32;
    setBit(block, bits * 0x47b6137b);
    setBit(block + 4, bits * 0x44974d91);
    setBit(block + 8, bits * 0x8824ad5b);
    setBit(block + 12, bits * 0xa2b7289d);
    setBit(block + 16, bits * 0x705495c7);
    setBit(block + 20, bits * 0x2df1424b);
    setBit(block + 24, bits * 0x9efc4947);
    setBit(block + 28, bits * 0x5c6bfb31);
  }
}

function setBit(word: usize, product: u32): void {
  store<u32>(word, load<u32>(word) | (1 << (product >> 27)));
}

/** Which of 16 bytes are letters, digits or underscores. */
function tokenBytes(at: usize): u64 {
  const bytes = v128.load(at);
  const lower = v128.or(bytes, i8x16.splat(0x20));
  const letters = i8x16.lt_u(i8x16.sub(lower, i8x16.splat(0x61)), i8x16.splat(26));
  const digits = i8x16.lt_u(i8x16.sub(bytes, i8x16.splat(0x30)), i8x16.splat(10));
  const underscores = i8x16.eq(bytes, i8x16.splat(0x5f));
  return (i8x16.bitmask(v128.or(v128.or(letters, digits), underscores)) as u64) & 0xffff;
}

function hashToken(start: usize, end: usize): u64 {
  const length = (end - start) as u32;
  let a: u32 = 0x9747b28c;
  let b: u32 = 0x3c6ef372;
  let at = start;
  while (at + 4 <= end) {
    const word = load<u32>(at);
    a = rotl((a ^ word) * 0x9e3779b1, 15);
    b = rotl((b ^ word) * 0x85ebca77, 13);
    at += 4;
  }
  const rest = (end - at) as u32;
  if (rest != 0) {
    const word = load<u32>(at) & (0xffffffff >> ((4 - rest) << 3));
    a = rotl((a ^ word) * 0x9e3779b1, 15);
    b = rotl((b ^ word) * 0x85ebca77, 13);
  }
  const high = mix(a ^ length);
  const low = mix(b ^ length);
  return high == 0 && low == 0 ? 1 : ((high as u64) << 32) | (low as u64);
}

function mix(value: u32): u32 {
  let h = value;
  h = (h ^ (h >> 16)) * 0x85ebca6b;
  h = (h ^ (h >> 13)) * 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** 1 when the key was not there yet. */
function insert(table: usize, mask: u32, key: u64): u32 {
  let index = (key as u32) & mask;
  while (true) {
    const slot = table + (index << 3);
    const held = load<u64>(slot);
    if (held == key) {
      return 0;
    }
    if (held == 0) {
      store<u64>(slot, key);
      return 1;
    }
    index = (index + 1) & mask;
  }
}
