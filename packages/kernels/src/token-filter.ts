/** The version of everything on this page: tokens, hash and layout. Whoever stores filters stores it with them. */
export const tokenFilterVersion = 1;

/** Bits of a filter for every token that it holds. */
const bitsPerToken = 7;
const blockBytes = 32;
const tokenLengthMin = 2;

/** One odd multiplier for each of a block's four words, from Parquet's split-block Bloom filter. */
const salts = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d] as const;

/** The hash of a token: 32 bits, never zero. */
export type TokenHash = number;

/** Whether the byte belongs to a token: `[A-Za-z0-9_]`. */
export function isTokenByte(byte: number): boolean {
  const lower = byte | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (byte >= 0x30 && byte <= 0x39) || byte === 0x5f;
}

/** Calls `visit` for every token: a run of at least two token bytes that cannot be made longer. */
export function forEachToken(bytes: Uint8Array, visit: (start: number, end: number) => void): void {
  let start = 0;
  for (let at = 0; at <= bytes.length; at++) {
    if (at < bytes.length && isTokenByte(bytes[at]!)) {
      continue;
    }
    if (at - start >= tokenLengthMin) {
      visit(start, at);
    }
    start = at + 1;
  }
}

/** The hash of `bytes[start, end)`, as the README defines it. */
export function hashToken(bytes: Uint8Array, start: number, end: number): TokenHash {
  const state: State = { high: 0x3c6ef372, low: 0xfe94f82b ^ (end - start) };
  let at = start;
  do {
    mix(state, wordAt(bytes, at, end), wordAt(bytes, at + 4, end));
    mix(state, wordAt(bytes, at + 8, end), wordAt(bytes, at + 12, end));
    at += 16;
  } while (at < end);
  multiply(state);
  // 0 marks a free slot while a filter is built.
  return state.high === 0 ? 1 : state.high;
}

/** 64 bits of a hash in two halves. */
interface State {
  high: number;
  low: number;
}

/** Four bytes, little-endian; zeros behind the end. */
function wordAt(bytes: Uint8Array, at: number, end: number): number {
  let word = 0;
  for (let i = Math.min(end - at, 4) - 1; i >= 0; i--) {
    word = (word << 8) | bytes[at + i]!;
  }
  return word;
}

function mix(state: State, low: number, high: number): void {
  state.low ^= low;
  state.high ^= high;
  multiply(state);
  state.low ^= state.high;
}

/** By 0x9e3779b97f4a7c15, modulo 2^64: the lower half's product needs pieces of 16 bits to be exact. */
function multiply(state: State): void {
  const low0 = state.low & 0xffff;
  const low1 = state.low >>> 16;
  const middle = ((low0 * 0x7c15) >>> 16) + low1 * 0x7c15 + low0 * 0x7f4a;
  const carried = low1 * 0x7f4a + Math.floor(middle / 65_536);
  state.high = (carried + Math.imul(state.high, 0x7f4a7c15) + Math.imul(state.low, 0x9e3779b9)) >>> 0;
  state.low = Math.imul(state.low, 0x7f4a7c15);
}

/** How many blocks a filter of so many distinct tokens has. */
export function filterBlockCount(tokenCount: number): number {
  return Math.ceil((tokenCount * bitsPerToken) / (blockBytes * 8));
}

/** How many bytes so many blocks are. */
export function filterBytes(blockCount: number): number {
  return blockCount * blockBytes;
}

/**
 * The filter of all tokens of the parts; a token does not reach from one part into the next. Empty when there is no
 * token. The plain TypeScript twin of the kernel: both make the same bytes.
 */
export function buildTokenFilter(parts: readonly Uint8Array[]): Uint8Array {
  const tokens = new TokenSet();
  for (const bytes of parts) {
    forEachToken(bytes, (start, end) => tokens.add(hashToken(bytes, start, end)));
  }
  const blockCount = filterBlockCount(tokens.count);
  const filter = new Uint8Array(filterBytes(blockCount));
  tokens.forEach((hash) => {
    for (let word = 0; word < salts.length; word++) {
      const [byte, bit] = placeOf(hash, word, blockCount);
      filter[byte]! |= bit;
    }
  });
  return filter;
}

/**
 * Whether the filter may hold the token; false only when it does not. A filter of a length that no filter has may hold
 * anything.
 */
export function mayHoldToken(filter: Uint8Array, hash: TokenHash): boolean {
  if (filter.length % blockBytes !== 0) {
    return true;
  }
  const blockCount = filter.length / blockBytes;
  if (blockCount === 0) {
    return false;
  }
  for (let word = 0; word < salts.length; word++) {
    const [byte, bit] = placeOf(hash, word, blockCount);
    if ((filter[byte]! & bit) === 0) {
      return false;
    }
  }
  return true;
}

/** The byte of the filter, and the bit in it, that a token has in one word of its block; words are little-endian. */
function placeOf(hash: TokenHash, word: number, blockCount: number): [byte: number, bit: number] {
  const block = Math.floor((hash * blockCount) / 2 ** 32);
  const bit = Math.imul(hash, salts[word]!) >>> 26;
  return [block * blockBytes + word * 8 + (bit >>> 3), 1 << (bit & 7)];
}

/** Distinct hashes: an open table that doubles before it is three quarters full. */
class TokenSet {
  #slots = new Uint32Array(2048);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(hash: TokenHash): void {
    if (this.#count * 4 >= this.#slots.length * 3) {
      this.#grow();
    }
    this.#insert(hash);
  }

  forEach(visit: (hash: TokenHash) => void): void {
    for (const hash of this.#slots) {
      if (hash !== 0) {
        visit(hash);
      }
    }
  }

  #insert(hash: TokenHash): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let index = hash & mask;
    while (slots[index] !== 0) {
      if (slots[index] === hash) {
        return;
      }
      index = (index + 1) & mask;
    }
    slots[index] = hash;
    this.#count += 1;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    this.#count = 0;
    for (const hash of before) {
      if (hash !== 0) {
        this.#insert(hash);
      }
    }
  }
}
