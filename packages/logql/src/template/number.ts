import { quoteGo } from "@sluice/model";
import { parseGoFloat } from "../units/go-float.ts";
import type { NumberConstant } from "./nodes.ts";
import { unquoteCharacter } from "./unquote.ts";

/** A number, or the message of why it is none. */
export type ParsedNumber = NumberConstant | { readonly problem: string };

/** Reads a character constant, `'a'` or `'\n'`, which is an integer. */
export function parseCharacterConstant(text: string): ParsedNumber {
  const character = unquoteCharacter(text.slice(1), 0, "'");
  if (character === undefined) {
    return { problem: "invalid syntax" };
  }
  if (text.slice(1 + character.end) !== "'") {
    return { problem: `malformed character constant: ${text}` };
  }
  const code = BigInt(character.code);
  return { integer: code, unsigned: code, float: character.code, complex: undefined };
}

/** Reads a complex constant, `1+2i`. */
export function parseComplexConstant(text: string): ParsedNumber {
  const sign = /.[+-](?=[^+-]*$)/u.exec(text.replace(/[eEpP][+-]/gu, "e_"))?.index ?? 0;
  const real = parseFloatText(text.slice(0, sign + 1));
  const imaginary = parseFloatText(text.slice(sign + 1, -1));
  return real === undefined || imaginary === undefined
    ? { problem: "syntax error scanning complex number" }
    : complex(real, imaginary);
}

/** Reads any other number, under each type that can hold it. */
export function parseNumber(text: string): ParsedNumber {
  if (text.endsWith("i")) {
    const imaginary = parseFloatText(text.slice(0, -1));
    if (imaginary !== undefined) {
      return complex(0, imaginary);
    }
  }
  const value = parseInteger(text);
  const integer = value !== undefined && BigInt.asIntN(64, value) === value ? value : undefined;
  const unsigned = value !== undefined && isUnsigned(text, value) ? value : undefined;
  if (integer !== undefined || unsigned !== undefined) {
    return { integer, unsigned, float: Number(integer ?? unsigned), complex: undefined };
  }
  const float = parseFloatText(text);
  if (float === undefined) {
    return { problem: `illegal number syntax: ${quoteGo(text)}` };
  }
  // A float that looks like an integer is one that no integer can hold.
  return /[.eEpP]/u.test(text) ? fromFloat(float) : { problem: `integer overflow: ${quoteGo(text)}` };
}

const integerPattern =
  /^(?<sign>[+-]?)(?:(?<prefix>0[xX])(?<hex>(?:_?[\da-fA-F])+)|0[bB](?<binary>(?:_?[01])+)|0[oO]?(?<octal>(?:_?[0-7])+)|(?<decimal>0|[1-9](?:_?\d)*))$/u;

/** More digits than an integer of 64 bits has in any base. */
const digitsMax = 70;

/** Stands for all integers that are too great. */
const beyondInteger = 1n << 70n;

/** Reads an integer of any size as `strconv.ParseInt` does with base 0: `0x`, `0o`, `0b`, `0` before octal digits. */
export function parseInteger(text: string): bigint | undefined {
  const groups = integerPattern.exec(text)?.groups;
  if (groups === undefined) {
    return undefined;
  }
  const { sign, hex, binary, octal, decimal = "0" } = groups;
  const [prefix, written] =
    hex !== undefined
      ? ["0x", hex]
      : binary !== undefined
        ? ["0b", binary]
        : octal !== undefined
          ? ["0o", octal]
          : ["", decimal];
  const digits = written.replace(/^[0_]+(?=.)/u, "").replaceAll("_", "");
  // A long text is no integer of 64 bits, and would take long to read.
  const magnitude = digits.length > digitsMax ? beyondInteger : BigInt(prefix + digits);
  return sign === "-" ? -magnitude : magnitude;
}

function isUnsigned(text: string, value: bigint): boolean {
  return value === 0n || (/^\d/u.test(text) && BigInt.asUintN(64, value) === value);
}

function complex(real: number, imaginary: number): NumberConstant {
  const parts = imaginary === 0 ? fromFloat(real) : { integer: undefined, unsigned: undefined, float: undefined };
  return { ...parts, complex: { real, imaginary } };
}

function fromFloat(float: number): NumberConstant {
  const whole = Number.isInteger(float) ? BigInt(float) : undefined;
  return {
    integer: whole !== undefined && BigInt.asIntN(64, whole) === whole ? whole : undefined,
    unsigned: whole !== undefined && BigInt.asUintN(64, whole) === whole ? whole : undefined,
    float,
    complex: undefined,
  };
}

function parseFloatText(text: string): number | undefined {
  try {
    return parseGoFloat(text);
  } catch {
    return undefined;
  }
}
