import { ServiceError } from "@sluice/model";
import { parseGoFloat, roundHalfEven } from "./go-float.ts";

const decimalSteps = ["", "k", "m", "g", "t", "p", "e"];

function unitBytes(unit: string): number | undefined {
  const [, letter = "", binary] = /^([kmgtpe]?)(i?)b?$/u.exec(unit) ?? [];
  const power = decimalSteps.indexOf(letter);
  if (binary === undefined || (letter === "" && binary !== "")) {
    return undefined;
  }
  return (binary === "" ? 1000 : 1024) ** power;
}

/**
 * Reads a size as `humanize.ParseBytes` does: `20MB` (1000), `1KiB` (1024), `42`, `1,024`, any case, spaces before the
 * unit. In bytes.
 *
 * @throws {ServiceError} `bad_data` with its text.
 */
export function parseByteSize(text: string): number {
  const digits = /^[\p{Nd}.,]*/u.exec(text)![0];
  const amount = parseGoFloat(digits.replaceAll(",", ""));
  const unit = text.slice(digits.length).trim().toLowerCase();
  const scale = unitBytes(unit);
  if (scale === undefined) {
    throw new ServiceError("bad_data", `unhandled size name: ${unit}`);
  }
  if (amount * scale >= 2 ** 64) {
    throw new ServiceError("bad_data", `too large: ${text}`);
  }
  return Math.trunc(amount * scale);
}

const printedSteps = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** Prints a size as `humanize.Bytes` does, without its space: `1B`, `1.0kB`, `512MB`. */
export function printByteSize(bytes: number): string {
  if (bytes < 10) {
    return `${bytes}B`;
  }
  const power = Math.floor(Math.log(bytes) / Math.log(1000));
  const amount = Math.floor((bytes / 1000 ** power) * 10 + 0.5) / 10;
  const digits = amount < 10 ? amount.toFixed(1) : String(roundHalfEven(amount));
  return `${digits}${printedSteps[power]!}`;
}
