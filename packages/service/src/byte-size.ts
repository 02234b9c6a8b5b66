import { ServiceError } from "@sluice/model";

const kibibyte = 1024;

/** Names of units as Go's c2h5oh/datasize knows them, lower-cased; every one is a power of 1024. */
const powerOfUnit: ReadonlyMap<string, number> = new Map(
  [
    ["", "b", "byte"],
    ["k", "kb", "kilo", "kilobyte", "kilobytes"],
    ["m", "mb", "mega", "megabyte", "megabytes"],
    ["g", "gb", "giga", "gigabyte", "gigabytes"],
    ["t", "tb", "tera", "terabyte", "terabytes"],
    ["p", "pb", "peta", "petabyte", "petabytes"],
  ].flatMap((names, power) => names.map((name) => [name, power] as const)),
);

const printedUnits = ["B", "KB", "MB", "GB", "TB", "PB"];

/**
 * Reads a size as Loki's configuration writes it: `256KB`, `3MB`, `1g`, `4096`. Bytes; units are powers of 1024 in any
 * case.
 *
 * @throws {ServiceError} `bad_data` when it is none, or too large for an exact number.
 */
export function parseByteSize(text: string): number {
  const match = /^(\d+)\s*([a-z]*)$/iu.exec(text.trim());
  const power = powerOfUnit.get(match?.[2]?.toLowerCase() ?? "?");
  if (match === null || power === undefined) {
    throw new ServiceError("bad_data", `not a valid size: ${JSON.stringify(text)} (use bytes, or 256KB, 3MB, 1GB)`);
  }
  const sizeBytes = Number(match[1]) * kibibyte ** power;
  if (!Number.isSafeInteger(sizeBytes)) {
    throw new ServiceError("bad_data", `size out of range: ${JSON.stringify(text)}`);
  }
  return sizeBytes;
}

/** Prints bytes in the largest unit that leaves no fraction, as Loki does: `256KB`, `3MB`, `1500B`. */
export function printByteSize(sizeBytes: number): string {
  let amount = sizeBytes;
  let power = 0;
  while (amount > 0 && amount % kibibyte === 0 && power < printedUnits.length - 1) {
    amount /= kibibyte;
    power += 1;
  }
  return `${amount}${printedUnits[power]}`;
}
