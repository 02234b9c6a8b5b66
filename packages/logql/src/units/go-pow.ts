/**
 * `base` to the power of `exponent` with the digits of Go's `math.Pow`: squaring and multiplying for the whole part of
 * the exponent, where JavaScript's `**` would round once at the end.
 *
 * @see Go's src/math/pow.go for the order of operations.
 */
export function goPow(base: number, exponent: number): number {
  const size = Math.abs(exponent);
  // 1 to any power is 1, and -1 to an infinite one; JavaScript says NaN.
  if (base === 1 || (base === -1 && size === Number.POSITIVE_INFINITY)) {
    return 1;
  }
  const isPlain = Number.isFinite(base) && Number.isFinite(exponent) && base !== 0 && exponent !== 0;
  if (!isPlain || size >= 2 ** 63 || (base < 0 && !Number.isInteger(exponent))) {
    return base ** exponent;
  }
  if (exponent === 1) {
    return base;
  }
  if (size === 0.5) {
    return exponent > 0 ? Math.sqrt(base) : 1 / Math.sqrt(base);
  }
  return byParts(base, size, exponent < 0);
}

/** Keeps the result as `mantissa * 2^scale`, so that nothing overflows on the way. */
function byParts(base: number, size: number, isInverse: boolean): number {
  let whole = Math.trunc(size);
  let rest = size - whole;
  if (rest > 0.5) {
    rest -= 1;
    whole += 1;
  }
  let mantissa = rest === 0 ? 1 : Math.exp(rest * Math.log(base));
  let scale = 0;
  let [square, squareScale] = split(base);
  for (; whole > 0; whole = Math.floor(whole / 2)) {
    if (Math.abs(squareScale) > 4096) {
      // The result is 0 or infinite whatever comes.
      scale += squareScale;
      break;
    }
    if (whole % 2 === 1) {
      mantissa *= square;
      scale += squareScale;
    }
    square *= square;
    squareScale *= 2;
    if (square < 0.5) {
      square += square;
      squareScale -= 1;
    }
  }
  return isInverse ? scaled(1 / mantissa, -scale) : scaled(mantissa, scale);
}

/** The number as a mantissa in [0.5, 1), or its negative, and a power of two. */
function split(value: number): [mantissa: number, scale: number] {
  let mantissa = value;
  let scale = 0;
  while (Math.abs(mantissa) >= 1) {
    mantissa /= 2;
    scale += 1;
  }
  while (Math.abs(mantissa) < 0.5) {
    mantissa *= 2;
    scale -= 1;
  }
  return [mantissa, scale];
}

/** In two steps, since `2 ** scale` alone may overflow or vanish where the product does not. */
function scaled(mantissa: number, scale: number): number {
  const near = Math.max(-1000, Math.min(1000, scale));
  return mantissa * 2 ** near * 2 ** (scale - near);
}
