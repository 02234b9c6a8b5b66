/** The numbers as a bit vector of words of 32 bits. */
export function bitsOf(numbers: Iterable<number>, words: number): Int32Array {
  const bits = new Int32Array(words);
  for (const number of numbers) {
    bits[number >> 5]! |= 1 << (number & 31);
  }
  return bits;
}

export function hasBit(bits: Int32Array, number: number): boolean {
  return (bits[number >> 5]! & (1 << (number & 31))) !== 0;
}

/** Whether the vectors have a bit in common. */
export function intersects(a: Int32Array, b: Int32Array): boolean {
  for (let word = 0; word < b.length; word++) {
    if ((a[word]! & b[word]!) !== 0) {
      return true;
    }
  }
  return false;
}

export function isEmpty(bits: Int32Array): boolean {
  return bits.every((word) => word === 0);
}
