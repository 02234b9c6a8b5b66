// A byte order mark inside a log is text like any other.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const replacement = "\ufffd";

/**
 * The text of `bytes[start, end)`. Each byte that is not part of valid UTF-8 becomes one U+FFFD, as in Go; the decoder
 * of the platform makes one of several.
 */
export function decodeLine(bytes: Uint8Array, start: number, end: number): string {
  const text = decoder.decode(bytes.subarray(start, end));
  return text.includes(replacement) ? decodeInvalid(bytes, start, end) : text;
}

/** How many bytes the first `length` characters (UTF-16 units) of a line's text are in the line. */
export function byteLengthOf(bytes: Uint8Array, start: number, end: number, length: number): number {
  let units = 0;
  let at = start;
  while (units < length && at < end) {
    const size = runeSize(bytes, at, end);
    units += size === 4 ? 2 : 1;
    at += Math.max(size, 1);
  }
  return at - start;
}

function decodeInvalid(bytes: Uint8Array, start: number, end: number): string {
  const parts: string[] = [];
  let validStart = start;
  let at = start;
  while (at < end) {
    const size = runeSize(bytes, at, end);
    if (size === 0) {
      parts.push(decoder.decode(bytes.subarray(validStart, at)), replacement);
      validStart = at + 1;
    }
    at += Math.max(size, 1);
  }
  parts.push(decoder.decode(bytes.subarray(validStart, end)));
  return parts.join("");
}

/** The number of bytes of the valid character at `at`; 0 when there is none. */
function runeSize(bytes: Uint8Array, at: number, end: number): 0 | 1 | 2 | 3 | 4 {
  const lead = bytes[at]!;
  if (lead < 0x80) {
    return 1;
  }
  const size = lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
  if (size === 0 || at + size > end) {
    return 0;
  }
  // The second byte is what tells overlong forms, surrogates and what is beyond U+10FFFF.
  const second = bytes[at + 1]!;
  const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) {
    return 0;
  }
  for (let i = 2; i < size; i++) {
    if ((bytes[at + i]! & 0xc0) !== 0x80) {
      return 0;
    }
  }
  return size;
}
