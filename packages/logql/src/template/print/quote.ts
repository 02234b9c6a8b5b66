import { isByteCharacter } from "../go-string.ts";

const shortEscapes: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\u0007": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
};

/**
 * Puts a text into quotes as `strconv.Quote` does, with bytes that are no UTF-8 as `\xff`.
 *
 * @param ascii escape everything else.
 */
export function quote(text: string, mark: "'" | '"', ascii: boolean): string {
  let quoted = mark as string;
  for (const character of text) {
    quoted += character === mark ? `\\${mark}` : (shortEscapes[character] ?? escape(character, ascii));
  }
  return quoted + mark;
}

/** Whether a text can stand between backquotes. */
export function canBackquote(text: string): boolean {
  return text.isWellFormed() && !/[`\u007f\ufeff]|(?!\t)\p{Cc}/u.test(text.replace(/[\u0080-\u009f]/gu, ""));
}

/** Whether Go prints a character as it is. */
export function isPrintable(character: string): boolean {
  return /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character);
}

function escape(character: string, ascii: boolean): string {
  const code = character.codePointAt(0)!;
  if (isByteCharacter(character)) {
    return `\\x${(code & 0xff).toString(16)}`;
  }
  if (ascii ? code >= 0x20 && code < 0x7f : isPrintable(character)) {
    return character;
  }
  if (code < 0x80) {
    return `\\x${code.toString(16).padStart(2, "0")}`;
  }
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
