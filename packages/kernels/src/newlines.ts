const newline = 0x0a;

/**
 * The offsets of all `\n` in `bytes`, ascending.
 *
 * @param expected how many there should be; room for them, but never for more than there are bytes, is made at once.
 */
export function newlineOffsets(bytes: Uint8Array, expected: number): Uint32Array {
  let out = new Uint32Array(Math.max(Math.min(expected, bytes.length), 16));
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
    if (count === out.length) {
      const grown = new Uint32Array(out.length * 2);
      grown.set(out);
      out = grown;
    }
    out[count++] = at;
  }
  return out.subarray(0, count);
}

/** How many `\n` are in `bytes`. */
export function countNewlines(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) {
    count += 1;
  }
  return count;
}
