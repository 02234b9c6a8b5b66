import { ServiceError } from "@sluice/model";

const unitNs: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  "\u00b5s": 1e3,
  "\u03bcs": 1e3,
  ms: 1e6,
  s: 1e9,
  m: 6e10,
  h: 3.6e12,
};

const element = /(\d*)(?:\.(\d*))?([^\d.]*)/uy;

/**
 * Reads a duration as Go's `time.ParseDuration` does (`1h30m`, `1.5s`, `-2ms`; no days), in nanoseconds. Beyond 104
 * days the result is the nearest double.
 *
 * @throws {ServiceError} `bad_data` with Go's text.
 */
export function parseGoDurationNs(text: string): number {
  const negative = text.startsWith("-");
  const body = /^[+-]/u.test(text) ? text.slice(1) : text;
  if (body === "0") {
    return 0;
  }
  if (body === "") {
    throw invalid(text);
  }
  let total = 0;
  let offset = 0;
  while (offset < body.length) {
    element.lastIndex = offset;
    const [whole, integer = "", fraction, unit = ""] = element.exec(body)!;
    if (integer === "" && (fraction === undefined || fraction === "")) {
      throw invalid(text);
    }
    if (Number(integer) >= 2 ** 63) {
      throw invalid(text);
    }
    if (unit === "") {
      throw new ServiceError("bad_data", `time: missing unit in duration ${quoteBytes(text)}`);
    }
    const scale = Object.hasOwn(unitNs, unit) ? unitNs[unit]! : undefined;
    if (scale === undefined) {
      throw new ServiceError("bad_data", `time: unknown unit ${quoteBytes(unit)} in duration ${quoteBytes(text)}`);
    }
    total += Number(integer) * scale + Math.floor(Number(`0.${fraction ?? ""}0`) * scale + 1e-6);
    // 2^63 itself is what the greatest duration, 2^63 - 1, is as a double.
    if (total > 2 ** 63) {
      throw invalid(text);
    }
    offset += whole.length;
  }
  return negative && total !== 0 ? -total : total;
}

function invalid(text: string): ServiceError {
  return new ServiceError("bad_data", `time: invalid duration ${quoteBytes(text)}`);
}

/** Quotes as Go's `time` does: bytes of what is not printable ASCII. */
function quoteBytes(text: string): string {
  const escaped = text
    .replace(/["\\]/gu, "\\$&")
    .replace(/[^ -\u007f]/gu, (character) =>
      [...new TextEncoder().encode(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
    );
  return `"${escaped}"`;
}

/** Prints nanoseconds as Go's `Duration.String`: `24h0m0s`, `1.5s`, `1µs`. */
export function printGoDuration(ns: number): string {
  const sign = ns < 0 ? "-" : "";
  const magnitude = Math.abs(ns);
  if (magnitude === 0) {
    return "0s";
  }
  if (magnitude < 1e9) {
    const [scale, unit] = magnitude < 1e3 ? [0, "ns"] : magnitude < 1e6 ? [3, "\u00b5s"] : [6, "ms"];
    return `${sign}${decimal(BigInt(magnitude), scale)}${unit}`;
  }
  const total = BigInt(magnitude);
  const seconds = `${decimal(total % 60_000_000_000n, 9)}s`;
  const minutes = total / 60_000_000_000n;
  if (minutes === 0n) {
    return sign + seconds;
  }
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** `value / 10^scale` without trailing zeros. */
function decimal(value: bigint, scale: number): string {
  const digits = value.toString().padStart(scale + 1, "0");
  const point = digits.length - scale;
  const fraction = digits.slice(point).replace(/0+$/u, "");
  return fraction === "" ? digits.slice(0, point) : `${digits.slice(0, point)}.${fraction}`;
}
