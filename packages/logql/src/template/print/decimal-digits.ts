/** A positive number in decimal: `0.DIGITS * 10^point`. */
export interface DecimalDigits {
  readonly digits: string;
  readonly point: number;
}

/** The fewest digits that mean just this double. */
export function shortestDigits(value: number): DecimalDigits {
  if (value === 0) {
    return { digits: "0", point: 1 };
  }
  const [, whole = "", fraction = "", exponent = "0"] = /^(\d)(?:\.(\d+))?e([+-]\d+)$/u.exec(value.toExponential())!;
  return { digits: whole + fraction, point: Number(exponent) + 1 };
}

/** All digits of a double, which has an end in decimal. */
export function exactDigits(value: number): DecimalDigits {
  if (value === 0) {
    return { digits: "0", point: 1 };
  }
  const { mantissa, exponent } = partsOfDouble(value);
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const digits = scaled.toString();
  return { digits, point: digits.length + Math.min(exponent, 0) };
}

/** The double as an integer times a power of two. */
export function partsOfDouble(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: biased - 1075 };
}

/** Rounds to so many digits, half to even; fewer than one rounds to nothing or to the next power of ten. */
export function roundDigits({ digits, point }: DecimalDigits, count: number): DecimalDigits {
  if (count >= digits.length) {
    return { digits, point };
  }
  if (count < 0) {
    return { digits: "0", point: 1 };
  }
  const kept = digits.slice(0, count);
  const next = digits.charCodeAt(count) - 48;
  const isTie = next === 5 && /^0*$/u.test(digits.slice(count + 1));
  const lastIsOdd = count > 0 && (kept.charCodeAt(count - 1) & 1) === 1;
  if (!(isTie ? lastIsOdd : next >= 5)) {
    return kept === "" || /^0*$/u.test(kept) ? { digits: "0", point: 1 } : { digits: kept, point };
  }
  const up = (BigInt(`0${kept}`) + 1n).toString().padStart(count, "0");
  return { digits: up, point: point + up.length - count };
}
