/** Whole numbers up to here, and powers of ten with so many zeros, are exact in a double; so is their quotient, rounded once. */
const digitsMax = 15;
const powers = Array.from({ length: digitsMax + 1 }, (_, i) => 10 ** i);

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

/**
 * The number that `bytes[start, end)` are when they are plain decimal digits, with a sign and a fraction as may be;
 * undefined for everything else, which may be a number all the same.
 */
export function decimalOf(bytes: Uint8Array, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === minus;
  let at = isNegative ? start + 1 : start;
  let value = 0;
  let digits = 0;
  let fraction = -1;
  for (; at < end; at++) {
    const byte = bytes[at]!;
    const digit = byte - zero;
    if (digit >= 0 && digit <= 9) {
      value = value * 10 + digit;
      digits += 1;
      fraction += fraction === -1 ? 0 : 1;
    } else if (byte === point && fraction === -1 && digits > 0) {
      fraction = 0;
    } else {
      return undefined;
    }
  }
  if (digits === 0 || digits > digitsMax || fraction === 0) {
    return undefined;
  }
  const number = fraction === -1 ? value : value / powers[fraction]!;
  return isNegative ? -number : number;
}
