import { shortestDigits } from "../print/decimal-digits.ts";
import { CallError } from "../template-error.ts";

/** A decimal number, `coefficient * 10^exponent`: shopspring/decimal, by which sprig computes with floats. */
export interface Decimal {
  readonly coefficient: bigint;
  readonly exponent: number;
}

/** How far an exponent may go; that of a float goes to 324. Go has no bound. */
const exponentMax = 10_000;

/** How many digits a quotient has after the point. */
const divisionDigits = 16;

/** @throws {CallError} with the library's message for what is no number. */
export function decimalOf(value: number): Decimal {
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
    throw new CallError(`Cannot create a Decimal from ${name}`);
  }
  const { digits, point } = shortestDigits(Math.abs(value));
  const magnitude = BigInt(digits);
  return { coefficient: value < 0 ? -magnitude : magnitude, exponent: value === 0 ? 0 : point - digits.length };
}

/** The nearest double. */
export function floatOfDecimal({ coefficient, exponent }: Decimal): number {
  return Number(`${coefficient}e${exponent}`);
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const exponent = Math.min(a.exponent, b.exponent);
  return { coefficient: scaled(a, exponent) + scaled(b, exponent), exponent };
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  return addDecimals(a, { coefficient: -b.coefficient, exponent: b.exponent });
}

export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  return checked({ coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent });
}

/** Rounds half away from zero. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  if (b.coefficient === 0n) {
    throw new CallError("decimal division by 0");
  }
  const shift = a.exponent - b.exponent + divisionDigits;
  const dividend = shift > 0 ? a.coefficient * 10n ** BigInt(shift) : a.coefficient;
  const divisor = shift < 0 ? b.coefficient * 10n ** BigInt(-shift) : b.coefficient;
  const quotient = dividend / divisor;
  const rest = dividend % divisor;
  const roundsAway = 2n * magnitude(rest) >= magnitude(divisor);
  const away = dividend < 0n === divisor < 0n ? 1n : -1n;
  return { coefficient: quotient + (roundsAway ? away : 0n), exponent: -divisionDigits };
}

function scaled({ coefficient, exponent }: Decimal, to: number): bigint {
  return coefficient * 10n ** BigInt(exponent - to);
}

/** Keeps exponents, and with them the digits of sums, within bounds. */
function checked(value: Decimal): Decimal {
  if (Math.abs(value.exponent) > exponentMax) {
    throw new CallError("decimal out of range");
  }
  return value;
}

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
