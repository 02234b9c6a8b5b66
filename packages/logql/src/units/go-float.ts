import { quoteGo, ServiceError } from "@sluice/model";

const decimal = /^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/iu;
const hexadecimal = /^([+-]?)0x_?([\da-f]*(?:_[\da-f]+)*)(?:\.([\da-f]*(?:_[\da-f]+)*))?p([+-]?\d+(?:_\d+)*)$/iu;
const named = /^[+-]?(?:inf(?:inity)?|nan)$/iu;

/**
 * Reads a number as Go's `strconv.ParseFloat` does: decimal, hexadecimal with exponent, `Inf`, `NaN`, underscores
 * between digits; no surrounding space.
 *
 * @throws {ServiceError} `bad_data` with Go's text.
 */
export function parseGoFloat(text: string): number {
  const value = parseValue(text);
  if (value === undefined) {
    throw new ServiceError("bad_data", `strconv.ParseFloat: parsing ${quoteGo(text)}: invalid syntax`);
  }
  if (!Number.isFinite(value) && !named.test(text)) {
    throw new ServiceError("bad_data", `strconv.ParseFloat: parsing ${quoteGo(text)}: value out of range`);
  }
  return value;
}

function parseValue(text: string): number | undefined {
  if (decimal.test(text)) {
    return Number(text.replaceAll("_", ""));
  }
  if (named.test(text)) {
    const negative = text.startsWith("-");
    return /nan/iu.test(text) ? Number.NaN : negative ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hex = hexadecimal.exec(text);
  if (hex === null) {
    return undefined;
  }
  const [, sign, whole = "", fraction = "", exponent = "0"] = hex;
  const digits = `${whole}${fraction}`.replaceAll("_", "");
  if (digits === "") {
    return undefined;
  }
  const scale = Number(exponent.replaceAll("_", "")) - 4 * fraction.replaceAll("_", "").length;
  const magnitude = Number(BigInt(`0x${digits}`)) * 2 ** scale;
  return sign === "-" ? -magnitude : magnitude;
}

/** Prints a number as Go's `strconv.FormatFloat(value, 'f', -1, 64)`: shortest digits, never an exponent. */
export function printGoFloat(value: number): string {
  if (!Number.isFinite(value)) {
    return printSpecial(value);
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  const parts = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/u.exec(text);
  if (parts === null) {
    return text;
  }
  const [, sign, whole = "", fraction = "", exponent] = parts;
  const digits = whole + fraction;
  const point = whole.length + Number(exponent);
  if (point <= 0) {
    return `${sign}0.${"0".repeat(-point)}${digits}`;
  }
  return point >= digits.length
    ? `${sign}${digits}${"0".repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** Prints a number as Go's `strconv.FormatFloat(value, 'g', -1, 64)`: an exponent below 1e-4 and from 1e6 on. */
export function printGoGeneral(value: number): string {
  const magnitude = Math.abs(value);
  if (!Number.isFinite(value) || value === 0 || (magnitude >= 1e-4 && magnitude < 1e6)) {
    return printGoFloat(value);
  }
  return value.toExponential().replace(/e([+-])(\d)$/u, "e$10$2");
}

/** Prints a number as Go's `%f`: six digits after the point. */
export function printGoFixed(value: number): string {
  if (!Number.isFinite(value)) {
    return printSpecial(value);
  }
  if (Math.abs(value) >= 1e21) {
    return `${BigInt(value)}.000000`;
  }
  if (Object.is(value, -0)) {
    return "-0.000000";
  }
  // JavaScript rounds what lies exactly between two away from zero, Go to the even one.
  const isTie = Number.isInteger(value * 2 ** 7) && !Number.isInteger(value * 2 ** 6);
  const text = isTie ? value.toFixed(7).slice(0, -1) : value.toFixed(6);
  return isTie && Number(text.at(-1)) % 2 === 1 ? value.toFixed(6) : text;
}

/** Rounds to the nearest integer, what lies between two to the even one. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function printSpecial(value: number): string {
  return Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
}
