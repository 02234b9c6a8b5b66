/** The version of everything on this page: tokens, hash and layout. Whoever stores filters stores it with them. */
export const tokenFilterVersion = 1;

/** Bits of a filter for every token that it holds. */
const bitsPerToken = 10;
const blockBytes = 32;
const tokenLengthMin = 2;

/** One odd multiplier for each of a block's eight words; those of Parquet's split-block Bloom filter. */
const salts = [0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31] as const;

/** The two halves of a token's hash. */
export interface TokenHash {
  /** Chooses the block. */
  readonly high: number;
  /** Chooses the bits in it. */
  readonly low: number;
}

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

/** The hash of `bytes[start, end)`. */
export function hashToken(bytes: Uint8Array, start: number, end: number): TokenHash {
  const length = end - start;
  let a = 0x9747b28c;
  let b = 0x3c6ef372;
  for (let at = start; at < end; at += 4) {
    let word = 0;
    for (let i = Math.min(end - at, 4) - 1; i >= 0; i--) {
      word = (word << 8) | bytes[at + i]!;
    }
    a = rotateLeft(Math.imul(a ^ word, 0x9e3779b1), 15);
    b = rotateLeft(Math.imul(b ^ word, 0x85ebca77), 13);
  }
  const high = mix(a ^ length);
  const low = mix(b ^ length);
  // 0 marks a free slot while a filter is built.
  return high === 0 && low === 0 ? { high, low: 1 } : { high, low };
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function mix(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
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
  tokens.forEach((high, low) => {
    for (let word = 0; word < salts.length; word++) {
      const [byte, bit] = placeOf(high, low, word, blockCount);
      filter[byte]! |= bit;
    }
  });
  return filter;
}

/**
 * Whether the filter may hold the token; false only when it does not. A filter of a length that no filter has may hold
 * anything.
 */
export function mayHoldToken(filter: Uint8Array, { high, low }: TokenHash): boolean {
  if (filter.length % blockBytes !== 0) {
    return true;
  }
  const blockCount = filter.length / blockBytes;
  if (blockCount === 0) {
    return false;
  }
  for (let word = 0; word < salts.length; word++) {
    const [byte, bit] = placeOf(high, low, word, blockCount);
    if ((filter[byte]! & bit) === 0) {
      return false;
    }
  }
  return true;
}

/** The byte of the filter, and the bit in it, that a token has in one word of its block; words are little-endian. */
function placeOf(high: number, low: number, word: number, blockCount: number): [byte: number, bit: number] {
  const block = Math.floor((high * blockCount) / 2 ** 32);
  const bit = Math.imul(low, salts[word]!) >>> 27;
  return [block * blockBytes + word * 4 + (bit >>> 3), 1 << (bit & 7)];
}

/** Distinct hashes: an open table that doubles before it is three quarters full. */
class TokenSet {
  #slots = new Uint32Array(2 * 1024);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ high, low }: TokenHash): void {
    if (this.#count * 8 >= this.#slots.length * 3) {
      this.#grow();
    }
    this.#insert(high, low);
  }

  forEach(visit: (high: number, low: number) => void): void {
    for (let i = 0; i < this.#slots.length; i += 2) {
      if (this.#slots[i] !== 0 || this.#slots[i + 1] !== 0) {
        visit(this.#slots[i]!, this.#slots[i + 1]!);
      }
    }
  }

  #insert(high: number, low: number): void {
    const slots = this.#slots;
    const mask = slots.length / 2 - 1;
    let index = low & mask;
    while (slots[2 * index] !== 0 || slots[2 * index + 1] !== 0) {
      if (slots[2 * index] === high && slots[2 * index + 1] === low) {
        return;
      }
      index = (index + 1) & mask;
    }
    slots[2 * index] = high;
    slots[2 * index + 1] = low;
    this.#count += 1;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Uint32Array(before.length * 2);
    this.#count = 0;
    for (let i = 0; i < before.length; i += 2) {
      if (before[i] !== 0 || before[i + 1] !== 0) {
        this.#insert(before[i]!, before[i + 1]!);
      }
    }
  }
}
