/** The numbers as a bit vector of words of 32 bits. */
export function bitsOf(numbers: Iterable<number>, words: number): Int32Array {
  const bits = new Int32Array(words);
  for (const number of numbers) {
    bits[number >> 5]! |= 1 << (number & 31);
  }
  return bits;
}

/** A bit vector by its words that are not zero. */
export interface SparseBits {
  readonly words: Int32Array;
  readonly bits: Int32Array;
}

export function sparse(vector: Int32Array): SparseBits {
  const words = Int32Array.from(vector.keys().filter((word) => vector[word] !== 0));
  return { words, bits: words.map((word) => vector[word]!) };
}

/** Whether the vectors have a bit in common. */
export function intersects(vector: Int32Array, { words, bits }: SparseBits): boolean {
  for (let i = 0; i < words.length; i++) {
    if ((vector[words[i]!]! & bits[i]!) !== 0) {
      return true;
    }
  }
  return false;
}

export function isEmpty(bits: Int32Array): boolean {
  return bits.every((word) => word === 0);
}
