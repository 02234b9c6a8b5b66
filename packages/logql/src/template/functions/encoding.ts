import { bytesOf, textOf } from "../go-string.ts";
import { CallError } from "../template-error.ts";
import { quote } from "../print/quote.ts";
import { fixed, type FunctionTable } from "./function.ts";

/** Base64 and URLs. */
export const encodingFunctions: FunctionTable = {
  b64enc: fixed(["string"], ([text]) => encodeBase64(bytesOf(text))),
  b64dec: fixed(["string"], ([text]) => decodeLoosely(text)),
  urlencode: fixed(["string"], ([text]) => escapeQuery(text)),
  urldecode: fixed(["string"], ([text]) => unescapeQuery(text)),
};

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function encodeBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet[group >> 18]! + alphabet[(group >> 12) & 63]!;
    text += i + 1 < bytes.length ? alphabet[(group >> 6) & 63]! : "=";
    text += i + 2 < bytes.length ? alphabet[group & 63]! : "=";
  }
  return text;
}

/** Decodes with padding or without; what is no base64 gives the message of Go's decoder, as a text. */
function decodeLoosely(text: string): string {
  const bytes = bytesOf(text);
  const remainder = bytes.length % 4;
  const padding = remainder === 2 || remainder === 3 ? "=".repeat(4 - remainder) : "";
  const decoded = decodeBase64([...bytes, ...bytesOf(padding)]);
  return typeof decoded === "number" ? `illegal base64 data at input byte ${decoded}` : textOf(decoded);
}

/** The decoded bytes, or the offset of the first that is wrong. Line breaks do not count. */
function decodeBase64(input: readonly number[]): Uint8Array | number {
  const out: number[] = [];
  let offset = 0;
  while (offset < input.length) {
    const group = readGroup(input, offset);
    if (typeof group === "number") {
      return group;
    }
    const { values, end } = group;
    const bits = values.reduce((all, value) => (all << 6) | value, 0) << (6 * (4 - values.length));
    const bytes = [(bits >> 16) & 255, (bits >> 8) & 255, bits & 255];
    for (let i = 0; i < values.length - 1; i++) {
      out.push(bytes[i]!);
    }
    offset = end;
  }
  return Uint8Array.from(out);
}

const equalsSign = 61;

/** Up to four digits of base64 from an offset, or the offset that is wrong. */
function readGroup(input: readonly number[], start: number): { values: number[]; end: number } | number {
  const values: number[] = [];
  let offset = start;
  while (values.length < 4) {
    const byte = input[offset];
    if (byte === undefined) {
      return values.length === 0 ? { values, end: offset } : offset - values.length;
    }
    offset++;
    const value = byte < 128 ? alphabet.indexOf(String.fromCharCode(byte)) : -1;
    if (value >= 0) {
      values.push(value);
    } else if (byte === equalsSign) {
      return readPadding(input, values, offset);
    } else if (byte !== 10 && byte !== 13) {
      return offset - 1;
    }
  }
  return { values, end: offset };
}

function readPadding(
  input: readonly number[],
  values: number[],
  start: number,
): { values: number[]; end: number } | number {
  let offset = start;
  if (values.length < 2) {
    return offset - 1;
  }
  const skipBreaks = (): void => {
    while (input[offset] === 10 || input[offset] === 13) {
      offset++;
    }
  };
  if (values.length === 2) {
    skipBreaks();
    if (offset === input.length) {
      return input.length;
    }
    if (input[offset] !== equalsSign) {
      return offset - 1;
    }
    offset++;
  }
  skipBreaks();
  return offset < input.length ? offset : { values, end: offset };
}

/** `url.QueryEscape`. */
export function escapeQuery(text: string): string {
  if (/^[\w\-.~]*$/u.test(text)) {
    return text;
  }
  let escaped = "";
  for (const byte of bytesOf(text)) {
    const character = String.fromCharCode(byte);
    escaped += /[\w\-.~]/u.test(character)
      ? character
      : byte === 32
        ? "+"
        : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return escaped;
}

/** `url.QueryUnescape`. */
function unescapeQuery(text: string): string {
  if (!/[%+]/u.test(text)) {
    return text;
  }
  const bytes = bytesOf(text);
  const out: number[] = [];
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    if (byte !== 37) {
      out.push(byte === 43 ? 32 : byte);
      continue;
    }
    const hex = textOf(bytes.subarray(i + 1, i + 3));
    if (!/^[\da-f]{2}$/iu.test(hex)) {
      throw new CallError(`invalid URL escape ${quote(textOf(bytes.subarray(i, i + 3)), '"', false)}`);
    }
    out.push(Number.parseInt(hex, 16));
    i += 2;
  }
  return textOf(Uint8Array.from(out));
}
