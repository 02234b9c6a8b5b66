import { matchesIpPattern, parseIpAddress, parseIpPattern } from "../syntax/index.ts";

const dot = 0x2e;
const colon = 0x3a;

/**
 * A test whether some address in `bytes[start, end)` is one that `ip("...")` means. As Loki it looks for addresses
 * only where a few characters look like the beginning of one, and takes all characters of an address that follow for
 * its text: in `10.0.0.1.` there is none.
 *
 * @throws {ServiceError} `bad_data` with Loki's text for a wrong pattern.
 * @see Loki's `ipFilter` (grafana/loki pkg/logql/log/ip.go).
 */
export function compileIpSearch(pattern: string): (bytes: Uint8Array, start: number, end: number) => boolean {
  const wanted = parseIpPattern(pattern);
  return (bytes, start, end) => {
    for (let at = start; at < end; at++) {
      const isPart = beginsIpv4(bytes, at, end) ? isIpv4Part : beginsIpv6(bytes, at, end) ? isIpv6Part : undefined;
      if (isPart === undefined) {
        continue;
      }
      let stop = at;
      while (stop < end && isPart(bytes[stop]!)) {
        stop += 1;
      }
      const address = stop - at > addressLengthMax ? undefined : parseIpAddress(textOf(bytes, at, stop));
      if (address !== undefined && matchesIpPattern(wanted, address)) {
        return true;
      }
      at = stop;
    }
    return false;
  };
}

/** No address is longer. */
const addressLengthMax = 45;

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return String.fromCharCode(...bytes.subarray(start, end));
}

/** A digit with a dot among the next three bytes. */
function beginsIpv4(bytes: Uint8Array, at: number, end: number): boolean {
  return (
    at + 3 < end && isDigit(bytes[at]!) && (bytes[at + 1] === dot || bytes[at + 2] === dot || bytes[at + 3] === dot)
  );
}

/** One to four hexadecimal digits and a colon, or two colons and a digit. */
function beginsIpv6(bytes: Uint8Array, at: number, end: number): boolean {
  if (bytes[at] === colon) {
    return at + 2 < end && bytes[at + 1] === colon && isHexDigit(bytes[at + 2]!);
  }
  let digits = 0;
  while (digits < 4 && at + digits < end && isHexDigit(bytes[at + digits]!)) {
    digits += 1;
  }
  return digits > 0 && at + digits < end && bytes[at + digits] === colon;
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

function isHexDigit(byte: number): boolean {
  return isDigit(byte) || (byte >= 0x41 && byte <= 0x46) || (byte >= 0x61 && byte <= 0x66);
}

function isIpv4Part(byte: number): boolean {
  return isDigit(byte) || byte === dot;
}

function isIpv6Part(byte: number): boolean {
  return isHexDigit(byte) || byte === dot || byte === colon;
}
