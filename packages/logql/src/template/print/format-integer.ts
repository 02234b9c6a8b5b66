import { isPrintable, quote } from "./quote.ts";
import { type Flags, pad, padWithSpaces } from "./flags.ts";
import { checkLength } from "../limits.ts";

/** Prints an integer by a verb of `fmt`; undefined when the verb is none for integers. */
export function formatInteger(
  value: bigint,
  verb: string,
  isSigned: boolean,
  flags: Readonly<Flags>,
): string | undefined {
  switch (verb) {
    case "v":
      return flags.sharpV && !isSigned
        ? digits(value, 16, verb, { ...flags, sharp: true })
        : digits(value, 10, verb, flags);
    case "d":
      return digits(value, 10, verb, flags);
    case "b":
      return digits(value, 2, verb, flags);
    case "o":
    case "O":
      return digits(value, 8, verb, flags);
    case "x":
      return digits(value, 16, verb, flags);
    case "X":
      return digits(value, 16, verb, flags);
    case "c":
      return pad(characterOf(value), flags);
    case "q":
      return pad(quote(characterOf(value), "'", flags.plus), flags);
    case "U":
      return unicode(value, flags);
    default:
      return undefined;
  }
}

function digits(value: bigint, base: number, verb: string, flags: Readonly<Flags>): string {
  const negative = value < 0n;
  let { precision } = flags;
  if (precision === 0 && value === 0n) {
    return " ".repeat(flags.width ?? 0);
  }
  if (precision === undefined && flags.zero && !flags.minus && flags.width !== undefined) {
    // Room for the sign.
    precision = flags.width - (negative || flags.plus || flags.space ? 1 : 0);
  }
  checkLength(precision ?? 0);
  let text = (negative ? -value : value).toString(base).padStart(precision ?? 0, "0");
  if (flags.sharp) {
    text =
      base === 2 ? `0b${text}` : base === 16 ? `0x${text}` : base === 8 && !text.startsWith("0") ? `0${text}` : text;
  }
  if (verb === "O") {
    text = `0o${text}`;
  }
  text = verb === "X" ? text.toUpperCase() : text;
  return padWithSpaces((negative ? "-" : flags.plus ? "+" : flags.space ? " " : "") + text, flags);
}

/** The character of a code point; U+FFFD for what is none. */
function characterOf(value: bigint): string {
  const valid = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  return valid ? String.fromCodePoint(Number(value)) : "\ufffd";
}

function unicode(value: bigint, flags: Readonly<Flags>): string {
  const unsigned = BigInt.asUintN(64, value);
  const hex = unsigned
    .toString(16)
    .toUpperCase()
    .padStart(Math.max(flags.precision ?? 0, 4), "0");
  const character = characterOf(unsigned);
  const shown = flags.sharp && unsigned <= 0x10ffffn && isPrintable(character) ? ` '${character}'` : "";
  return padWithSpaces(`U+${hex}${shown}`, flags);
}
