import { ServiceError } from "./error.ts";

export const nsPerMs = 1_000_000n;
export const nsPerSecond = 1_000_000_000n;

const durationUnitsMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
};

const durationPattern = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/u;

/**
 * Reads a Prometheus duration (`5m`, `1h30m`, `1d`, `250ms`, `0`), in milliseconds.
 *
 * @throws {ServiceError} `bad_data` with Prometheus' text.
 */
export function parseDurationMs(text: string): number {
  if (text === "0") {
    return 0;
  }
  if (text === "") {
    throw new ServiceError("bad_data", "empty duration string");
  }
  if (!durationPattern.test(text)) {
    throw new ServiceError("bad_data", `not a valid duration string: ${JSON.stringify(text)}`);
  }
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|[smhdwy])/gu)) {
    total += Number(amount) * durationUnitsMs[unit!]!;
  }
  if (total * 1e6 >= 2 ** 63) {
    throw new ServiceError("bad_data", "duration out of range");
  }
  return total;
}

/** Prints milliseconds as Prometheus does: `1h30m`, `1d`, `0s`. */
export function printDurationMs(ms: number): string {
  if (ms === 0) {
    return "0s";
  }
  let rest = ms;
  let out = "";
  const take = (unit: string, exact: boolean): void => {
    const size = durationUnitsMs[unit]!;
    if (exact && rest % size !== 0) {
      return;
    }
    const amount = Math.floor(rest / size);
    if (amount > 0) {
      out += `${amount}${unit}`;
      rest -= amount * size;
    }
  };
  take("y", true);
  take("w", true);
  take("d", false);
  take("h", false);
  take("m", false);
  take("s", false);
  take("ms", false);
  return out;
}

/** The nanoseconds of an RFC 3339 time with up to nine digits of fraction, or undefined when `text` is none. */
export function parseRfc3339Ns(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d)(?:[.,](\d+))?([Zz]|[+-]\d\d:\d\d)$/u.exec(text);
  if (match === null) {
    return undefined;
  }
  const [, local, fraction = "", zone] = match as unknown as [string, string, string | undefined, string];
  const seconds = local.toUpperCase();
  const ms = Date.parse(`${seconds}${zone.toUpperCase()}`);
  // JavaScript takes the 30th of February for the 2nd of March, and 24:00 for the next day.
  if (Number.isNaN(ms) || new Date(`${seconds}Z`).toISOString().slice(0, 19) !== seconds) {
    return undefined;
  }
  return BigInt(ms) * nsPerMs + BigInt(fraction.slice(0, 9).padEnd(9, "0"));
}

/** Prints nanoseconds as RFC 3339 in UTC, the fraction without trailing zeros (Go's RFC3339Nano). */
export function printRfc3339Ns(ns: bigint): string {
  let seconds = ns / nsPerSecond;
  let rest = ns % nsPerSecond;
  if (rest < 0n) {
    seconds -= 1n;
    rest += nsPerSecond;
  }
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  const fraction = rest.toString().padStart(9, "0").replace(/0+$/u, "");
  return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}

/** An instant as two numbers that are exact: whole seconds since the epoch, and the nanoseconds after them. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

export function instantOf(ns: bigint): Instant {
  const rest = ((ns % nsPerSecond) + nsPerSecond) % nsPerSecond;
  return { seconds: Number((ns - rest) / nsPerSecond), nanos: Number(rest) };
}

/** The inverse of {@link instantOf}. */
export function nsOfInstant(seconds: number, nanos: number): bigint {
  return BigInt(seconds) * nsPerSecond + BigInt(nanos);
}
