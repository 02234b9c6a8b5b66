import { joinBytes, loneByte } from "./go-string.ts";

/**
 * Reads a Go string literal with its quotes, `"..."` or `` `...` ``, as `strconv.Unquote` does. Bytes that are no UTF-8
 * stay bytes (see `go-string.ts`).
 *
 * @returns undefined when an escape is wrong (Go's `invalid syntax`).
 */
export function unquoteString(literal: string): string | undefined {
  const body = literal.slice(1, -1);
  if (literal.startsWith("`")) {
    return body.replaceAll("\r", "");
  }
  let text = "";
  for (let offset = 0; offset < body.length;) {
    const character = unquoteCharacter(body, offset, '"');
    if (character === undefined) {
      return undefined;
    }
    text +=
      character.isByte && character.code >= 0x80 ? loneByte(character.code) : String.fromCodePoint(character.code);
    offset = character.end;
  }
  return joinBytes(text);
}

/** One character of a literal. */
export interface UnquotedCharacter {
  readonly code: number;
  /** Written as a byte, `\xff` or `\377`. */
  readonly isByte: boolean;
  /** Where the next one begins. */
  readonly end: number;
}

const simpleEscapes: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  "\\": 92,
};

/** The character at an offset of the body of a literal, as `strconv.UnquoteChar`; undefined when it is none. */
export function unquoteCharacter(body: string, offset: number, quote: "'" | '"'): UnquotedCharacter | undefined {
  const code = body.codePointAt(offset);
  if (code === undefined || body[offset] === quote) {
    return undefined;
  }
  if (body[offset] !== "\\") {
    return { code, isByte: false, end: offset + (code > 0xffff ? 2 : 1) };
  }
  const kind = body[offset + 1] ?? "";
  const simple = kind === quote ? quote.charCodeAt(0) : simpleEscapes[kind];
  if (simple !== undefined) {
    return { code: simple, isByte: false, end: offset + 2 };
  }
  if (/^[0-7]$/u.test(kind)) {
    return numericEscape(body, offset + 1, 3, 8);
  }
  const digits = kind === "x" ? 2 : kind === "u" ? 4 : kind === "U" ? 8 : 0;
  return digits === 0 ? undefined : numericEscape(body, offset + 2, digits, 16);
}

function numericEscape(body: string, start: number, length: number, base: 8 | 16): UnquotedCharacter | undefined {
  const digits = body.slice(start, start + length);
  if (digits.length < length || !(base === 8 ? /^[0-7]+$/u : /^[\da-f]+$/iu).test(digits)) {
    return undefined;
  }
  const code = Number.parseInt(digits, base);
  const isByte = length < 4;
  const valid = isByte ? code <= 0xff : code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return valid ? { code, isByte, end: start + length } : undefined;
}
