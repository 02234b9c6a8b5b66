/**
 * Go's strings are bytes, ours are UTF-16. A template can cut a text inside a character (`slice`, `substr`, `trunc`) or
 * make bytes that are no UTF-8 (`b64dec`, `"\xff"`). Such a byte stands in our strings as a lone surrogate, U+DC80 for
 * 0x80 to U+DCFF for 0xff; what was well formed stays an ordinary string. Printed, a byte left alone becomes U+FFFD.
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Whether every character is one byte, so that offsets in bytes and in UTF-16 units are the same. */
export function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex -- ASCII begins with them
  return /^[\0-\x7f]*$/u.test(text);
}

/** How many bytes Go has for the text. */
export function byteLength(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80 || isLoneByte(text, i)) {
      length += 1;
    } else if (unit < 0x800) {
      length += 2;
    } else {
      // Each half of a pair counts two.
      length += isHighOfPair(text, i) || isLowOfPair(text, i) ? 2 : 3;
    }
  }
  return length;
}

/** The bytes that Go has for the text. */
export function bytesOf(text: string): Uint8Array {
  if (text.isWellFormed()) {
    return encoder.encode(text);
  }
  const bytes: number[] = [];
  for (const character of text) {
    if (isLoneByte(character, 0)) {
      bytes.push(character.charCodeAt(0) & 0xff);
    } else {
      bytes.push(...encoder.encode(character));
    }
  }
  return Uint8Array.from(bytes);
}

/** The text of some bytes; what is no UTF-8 becomes lone bytes. */
export function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    return decodeBroken(bytes);
  }
}

/** `text[start:end]` of Go, in bytes. */
export function sliceBytes(text: string, start: number, end: number): string {
  return isAscii(text) ? text.slice(start, end) : textOf(bytesOf(text).subarray(start, end));
}

/** Joins bytes that were cut apart, and prints the others as U+FFFD. */
export function wellFormed(text: string): string {
  return text.isWellFormed() ? text : textOf(bytesOf(text)).toWellFormed();
}

/** Puts characters together whose bytes came one by one, as `"\xc3\xa9"`. */
export function joinBytes(text: string): string {
  return text.isWellFormed() ? text : textOf(bytesOf(text));
}

/** The string that stands for a byte of 0x80 or more that is no UTF-8. */
export function loneByte(byte: number): string {
  return String.fromCharCode(0xdc00 | byte);
}

/** Whether the character (one code point) stands for a byte that is no UTF-8. */
export function isByteCharacter(character: string): boolean {
  return character.length === 1 && isLoneByte(character, 0);
}

/** The order of Go's strings: by bytes, which is by code points. */
export function compareGoStrings(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left !== right) {
      // A surrogate is part of a character beyond all others of one unit.
      const leftPair = left >= 0xd800 && left <= 0xdfff;
      const rightPair = right >= 0xd800 && right <= 0xdfff;
      return leftPair === rightPair ? left - right : leftPair ? 1 : -1;
    }
  }
  return a.length - b.length;
}

function isLoneByte(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xdc80 && unit <= 0xdcff && !isLowOfPair(text, index);
}

function isHighOfPair(text: string, index: number): boolean {
  const next = text.charCodeAt(index + 1);
  return (text.charCodeAt(index) & 0xfc00) === 0xd800 && (next & 0xfc00) === 0xdc00;
}

function isLowOfPair(text: string, index: number): boolean {
  return index > 0 && (text.charCodeAt(index) & 0xfc00) === 0xdc00 && isHighOfPair(text, index - 1);
}

function decodeBroken(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length;) {
    const length = characterLength(bytes, i);
    text += length === 0 ? loneByte(bytes[i]!) : decoder.decode(bytes.subarray(i, i + length));
    i += Math.max(length, 1);
  }
  return text;
}

/** How many bytes the character at an offset has; 0 when there is none that is valid. */
function characterLength(bytes: Uint8Array, offset: number): number {
  const first = bytes[offset]!;
  const length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (let i = 1; i < length; i++) {
    const byte = bytes[offset + i];
    if (byte === undefined || (byte & 0xc0) !== 0x80) {
      return 0;
    }
  }
  const second = bytes[offset + 1] ?? 0;
  const overlongOrSurrogate =
    (first === 0xe0 && second < 0xa0) ||
    (first === 0xed && second > 0x9f) ||
    (first === 0xf0 && second < 0x90) ||
    (first === 0xf4 && second > 0x8f);
  return overlongOrSurrogate ? 0 : length;
}
