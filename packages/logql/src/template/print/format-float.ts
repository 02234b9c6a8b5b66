import { type DecimalDigits, exactDigits, partsOfDouble, roundDigits, shortestDigits } from "./decimal-digits.ts";
import { type Flags, pad, padWithSpaces } from "./flags.ts";
import { checkLength } from "../limits.ts";

/** Prints a float by a verb of `fmt`; undefined when the verb is none for floats. */
export function formatFloat(value: number, verb: string, flags: Readonly<Flags>): string | undefined {
  switch (verb) {
    case "v":
      return decorate(value, "g", flags, undefined);
    case "b":
    case "g":
    case "G":
    case "x":
    case "X":
      return decorate(value, verb, flags, undefined);
    case "f":
    case "e":
    case "E":
      return decorate(value, verb, flags, 6);
    case "F":
      return decorate(value, "f", flags, 6);
    default:
      return undefined;
  }
}

/** `strconv.FormatFloat` for 64 bits; without a precision, the fewest digits that mean the same. */
function printFloat(value: number, format: string, precision: number | undefined): string {
  if (Number.isNaN(value)) {
    return "NaN";
  }
  const sign = value < 0 || Object.is(value, -0) ? "-" : "";
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) {
    return sign === "" ? "+Inf" : "-Inf";
  }
  checkLength(precision ?? 0);
  return sign + printMagnitude(magnitude, format, precision);
}

function printMagnitude(value: number, format: string, precision: number | undefined): string {
  switch (format) {
    case "f": {
      const exact = precision === undefined ? shortestDigits(value) : exactDigits(value);
      return printFixed(exact, precision);
    }
    case "e":
    case "E": {
      const all = precision === undefined ? shortestDigits(value) : roundDigits(exactDigits(value), precision + 1);
      return printExponent(all, format, precision ?? all.digits.length - 1);
    }
    case "g":
    case "G":
      return printGeneral(value, format, precision);
    case "b": {
      const { mantissa, exponent } = partsOfDouble(value);
      return `${mantissa}p${exponent < 0 ? "" : "+"}${exponent}`;
    }
    default:
      return printHexadecimal(value, format, precision);
  }
}

function printFixed(all: DecimalDigits, precision: number | undefined): string {
  const { digits, point } = precision === undefined ? all : roundDigits(all, all.point + precision);
  const whole = point > 0 ? digits.slice(0, point).padEnd(point, "0") : "0";
  const fraction = point > 0 ? digits.slice(point) : "0".repeat(-point) + digits;
  const shown = precision === undefined ? fraction : fraction.slice(0, precision).padEnd(precision, "0");
  return shown === "" || (precision === undefined && shown === "0" && digits === "0") ? whole : `${whole}.${shown}`;
}

function printExponent({ digits, point }: DecimalDigits, format: string, precision: number): string {
  const exponent = digits === "0" ? 0 : point - 1;
  const fraction = digits.slice(1, 1 + precision).padEnd(precision, "0");
  const sign = exponent < 0 ? "-" : "+";
  return `${digits[0]!}${fraction === "" ? "" : `.${fraction}`}${format}${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function printGeneral(value: number, format: string, precision: number | undefined): string {
  const rounded =
    precision === undefined ? shortestDigits(value) : roundDigits(exactDigits(value), Math.max(precision, 1));
  const digits = rounded.digits.replace(/0+$/u, "") || "0";
  const { point } = rounded;
  const asked = precision === undefined ? digits.length : Math.max(precision, 1);
  // The exponent from which on one is printed.
  let limit = asked > digits.length && digits.length >= point ? digits.length : asked;
  limit = precision === undefined ? 6 : limit;
  const exponent = digits === "0" ? 0 : point - 1;
  if (exponent < -4 || exponent >= limit) {
    return printExponent({ digits, point }, format === "g" ? "e" : "E", Math.min(asked, digits.length) - 1);
  }
  return printFixed({ digits, point }, Math.max(digits.length - (digits === "0" ? 1 : point), 0));
}

function printHexadecimal(value: number, format: string, precision: number | undefined): string {
  let { mantissa, exponent } = partsOfDouble(value);
  if (value === 0) {
    exponent = 0;
  } else {
    // One digit before the point.
    const shift = 53 - mantissa.toString(2).length;
    mantissa <<= BigInt(shift);
    exponent += 52 - shift;
  }
  let fraction = (mantissa & 0xfffffffffffffn).toString(16).padStart(13, "0");
  let first = mantissa >> 52n;
  if (precision === undefined) {
    fraction = fraction.replace(/0+$/u, "");
  } else if (precision < 13) {
    const drop = BigInt(4 * (13 - precision));
    const half = 1n << (drop - 1n);
    const rest = mantissa & ((1n << drop) - 1n);
    let kept = mantissa >> drop;
    kept += rest > half || (rest === half && (kept & 1n) === 1n) ? 1n : 0n;
    first = kept >> BigInt(4 * precision);
    fraction =
      precision === 0 ? "" : (kept & ((1n << BigInt(4 * precision)) - 1n)).toString(16).padStart(precision, "0");
    if (first === 2n) {
      first = 1n;
      exponent += 1;
    }
  } else {
    fraction = fraction.padEnd(precision, "0");
  }
  const sign = exponent < 0 ? "-" : "+";
  const text = `0x${first}${fraction === "" ? "" : `.${fraction}`}p${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return format === "X" ? text.toUpperCase() : text;
}

/** Adds sign, padding, and what `#` asks for. */
function decorate(value: number, format: string, flags: Readonly<Flags>, standard: number | undefined): string {
  const precision = flags.precision ?? standard;
  const [, printedSign, digits = ""] = /^([+-]?)(.*)$/u.exec(printFloat(value, format, precision))!;
  const plus = flags.plus ? "+" : flags.space ? " " : "";
  if (!Number.isFinite(value)) {
    // Infinity has its sign always, and what is no number is not filled with zeros.
    const sign = Number.isNaN(value) ? plus : printedSign === "-" ? "-" : plus || "+";
    return padWithSpaces(sign + digits, flags);
  }
  const sign = printedSign === "-" ? "-" : plus;
  const body = flags.sharp && format !== "b" ? keepZeros(digits, format, precision) : digits;
  if (sign !== "" && flags.zero && !flags.minus && flags.width !== undefined) {
    return sign + pad(body, { ...flags, width: flags.width - 1 });
  }
  return pad(sign + body, flags);
}

/** With `#`: a point always, and the zeros that `%g` leaves out. */
function keepZeros(body: string, format: string, precision: number | undefined): string {
  const isHexadecimal = format === "x" || format === "X";
  const at = body.search(isHexadecimal ? /[pP]/u : /[eE]/u);
  const tail = at < 0 ? "" : body.slice(at);
  let number = at < 0 ? body : body.slice(0, at);
  let missing = /^[gGx]$/u.test(format) ? (precision ?? 6) : 0;
  // Go counts the x among the digits.
  missing -= number.replace(isHexadecimal ? /^0/u : /^[0.]*/u, "").replace(".", "").length;
  if (!number.includes(".")) {
    missing -= number === "0" ? 1 : 0;
    number += ".";
  }
  return number + "0".repeat(Math.max(missing, 0)) + tail;
}
