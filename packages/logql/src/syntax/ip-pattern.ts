import { quoteGo, ServiceError } from "@sluice/model";

/** An address of either family; an IPv4 one inside IPv6 (`::ffff:1.2.3.4`) is IPv6. */
export interface IpAddress {
  readonly version: 4 | 6;
  readonly value: bigint;
  /** The zone behind `%`, empty without one. */
  readonly zone: string;
}

/** All addresses from the first to the last; of one address with zone only that one. */
export interface IpPattern {
  readonly first: IpAddress;
  readonly last: IpAddress;
}

/**
 * Reads the pattern of `ip()`: an address, a network (`10.0.0.0/8`) or a range (`10.0.0.1-10.0.0.9`).
 *
 * @throws {ServiceError} `bad_data` with Loki's text.
 */
export function parseIpPattern(text: string): IpPattern {
  const address = parseIpAddress(text);
  const pattern = address === undefined ? (parseNetwork(text) ?? parseRange(text)) : { first: address, last: address };
  if (pattern === undefined) {
    throw new ServiceError("bad_data", `ip: invalid pattern: ${quoteGo(text)}`);
  }
  return pattern;
}

/** Whether the address is one of the pattern's; the families never mix. */
export function matchesIpPattern({ first, last }: IpPattern, { version, value, zone }: IpAddress): boolean {
  return version === first.version && zone === first.zone && value >= first.value && value <= last.value;
}

/** Reads an address as Go's `netip.ParseAddr`, or undefined. */
export function parseIpAddress(text: string): IpAddress | undefined {
  if (!text.includes(":")) {
    const value = parseIpv4(text);
    return value === undefined ? undefined : { version: 4, value, zone: "" };
  }
  const zoneAt = text.indexOf("%");
  if (zoneAt === text.length - 1) {
    return undefined;
  }
  const value = parseIpv6(zoneAt === -1 ? text : text.slice(0, zoneAt));
  return value === undefined ? undefined : { version: 6, value, zone: zoneAt === -1 ? "" : text.slice(zoneAt + 1) };
}

function parseIpv4(text: string): bigint | undefined {
  const fields = text.split(".");
  if (fields.length !== 4) {
    return undefined;
  }
  let value = 0n;
  for (const field of fields) {
    if (!/^(?:0|[1-9]\d{0,2})$/u.test(field) || Number(field) > 255) {
      return undefined;
    }
    value = value * 256n + BigInt(field);
  }
  return value;
}

function parseIpv6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) {
    return undefined;
  }
  const groups = halves.map((half, i) =>
    half === "" && halves.length === 2 ? [] : ipv6Groups(half, i === halves.length - 1),
  );
  const [head, tail = []] = groups;
  if (head === undefined || groups.includes(undefined)) {
    return undefined;
  }
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) {
    return undefined;
  }
  const all = [...head, ...Array<bigint>(halves.length === 1 ? 0 : missing).fill(0n), ...tail];
  return all.reduce((value, group) => value * 65_536n + group, 0n);
}

function ipv6Groups(text: string, mayEndInIpv4: boolean): bigint[] | undefined {
  const groups: bigint[] = [];
  const fields = text.split(":");
  for (const [i, field] of fields.entries()) {
    if (mayEndInIpv4 && i === fields.length - 1 && field.includes(".")) {
      const embedded = parseIpv4(field);
      if (embedded === undefined) {
        return undefined;
      }
      groups.push(embedded >> 16n, embedded & 0xffffn);
    } else if (/^[\da-f]{1,4}$/iu.test(field)) {
      groups.push(BigInt(`0x${field}`));
    } else {
      return undefined;
    }
  }
  return groups;
}

function parseNetwork(text: string): IpPattern | undefined {
  const slash = text.lastIndexOf("/");
  const address = parseIpAddress(text.slice(0, Math.max(slash, 0)));
  const bitsText = text.slice(slash + 1);
  if (address === undefined || address.zone !== "" || !/^(?:0|[1-9]\d{0,2})$/u.test(bitsText)) {
    return undefined;
  }
  const width = address.version === 4 ? 32 : 128;
  const hostBits = width - Number(bitsText);
  if (hostBits < 0) {
    return undefined;
  }
  const first = (address.value >> BigInt(hostBits)) << BigInt(hostBits);
  const last = first + (1n << BigInt(hostBits)) - 1n;
  return { first: { ...address, value: first }, last: { ...address, value: last } };
}

function parseRange(text: string): IpPattern | undefined {
  const dash = text.indexOf("-");
  if (dash === -1) {
    return undefined;
  }
  const first = parseIpAddress(text.slice(0, dash));
  const last = parseIpAddress(text.slice(dash + 1));
  if (first === undefined || last === undefined || first.version !== last.version || first.value > last.value) {
    return undefined;
  }
  return { first: { ...first, zone: "" }, last: { ...last, zone: "" } };
}
