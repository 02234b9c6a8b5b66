/** Kinds of JSON values, as far as `| json` tells them apart. */
export type JsonKind = "string" | "number" | "boolean" | "null" | "array" | "object";

/** One field of an object. Its value is `text.slice(start, end)`; of a string, what is between the quotes. */
export interface JsonField {
  readonly key: string;
  readonly kind: JsonKind;
  readonly start: number;
  readonly end: number;
}

/** Why a walk ended early: an error's text, or "stop" because the visitor asked for it. */
export type WalkEnd = { readonly error: string } | "stop" | undefined;

const noObject = "Value looks like object, but can't find closing '}' symbol";
const noArray = "Value is array, but can't find closing ']' symbol";
const noString = "Value is string, but can't find closing '\"' symbol";
const noJson = "Malformed JSON error";
const unknownValue = "Unknown value type";
const badEscape = "Encountered an invalid escape sequence in a string";

/**
 * Visits the fields of the first JSON object in `text[start, end)`, one level deep. It checks no more than it has to:
 * inside a nested value only brackets and quotes are looked at, and what follows the object is not read at all. What it
 * accepts, and its errors, are those of the `jsonparser` library that Loki uses.
 */
export function walkObject(text: string, start: number, end: number, visit: (field: JsonField) => WalkEnd): WalkEnd {
  let at = skipSpace(text, start, end);
  if (at === end || text.charCodeAt(at) !== openBrace) {
    return { error: noObject };
  }
  at = skipSpace(text, at + 1, end);
  if (at === end) {
    return { error: noJson };
  }
  while (at < end) {
    if (text.charCodeAt(at) === closeBrace) {
      return undefined;
    }
    if (text.charCodeAt(at) !== quote) {
      return { error: noObject };
    }
    const keyEnd = stringEnd(text, at + 1, end);
    if (keyEnd === -1) {
      return { error: noJson };
    }
    const key = unescapeJson(text.slice(at + 1, keyEnd));
    if (key === undefined) {
      return { error: badEscape };
    }
    at = skipSpace(text, keyEnd + 1, end);
    if (at === end || text.charCodeAt(at) !== colon) {
      return { error: noJson };
    }
    at = skipSpace(text, at + 1, end);
    if (at === end) {
      return { error: noJson };
    }
    const value = readValue(text, at, end);
    if (typeof value === "string") {
      return { error: value };
    }
    const isString = value.kind === "string" ? 1 : 0;
    const ended = visit({ key, kind: value.kind, start: at + isString, end: value.end - isString });
    if (ended !== undefined) {
      return ended;
    }
    at = skipSpace(text, value.end, end);
    if (at === end) {
      return { error: noArray };
    }
    if (text.charCodeAt(at) === closeBrace) {
      return undefined;
    }
    if (text.charCodeAt(at) !== comma) {
      return { error: noObject };
    }
    at = skipSpace(text, at + 1, end);
    if (at === end) {
      return { error: noArray };
    }
  }
  return { error: noObject };
}

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const colon = 0x3a;
const comma = 0x2c;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(text.charCodeAt(at))) {
    at += 1;
  }
  return at;
}

/** Where the quote that ends the string is, or -1. */
function stringEnd(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      return at;
    }
    if (code === backslash) {
      at += 1;
    }
  }
  return -1;
}

/** The value's kind and end, or the error's text. */
function readValue(text: string, at: number, end: number): { kind: JsonKind; end: number } | string {
  switch (text.charCodeAt(at)) {
    case quote: {
      const close = stringEnd(text, at + 1, end);
      return close === -1 ? noString : { kind: "string", end: close + 1 };
    }
    case openBracket: {
      const close = blockEnd(text, at, end, openBracket, closeBracket);
      return close === -1 ? noArray : { kind: "array", end: close };
    }
    case openBrace: {
      const close = blockEnd(text, at, end, openBrace, closeBrace);
      return close === -1 ? noObject : { kind: "object", end: close };
    }
    default:
      return readWord(text, at, end);
  }
}

function readWord(text: string, at: number, end: number): { kind: JsonKind; end: number } | string {
  let wordEnd = at;
  while (wordEnd < end && !endsWord(text.charCodeAt(wordEnd))) {
    wordEnd += 1;
  }
  const word = text.slice(at, wordEnd);
  if (/^[\d-]/u.test(word)) {
    return { kind: "number", end: wordEnd };
  }
  if (word === "true" || word === "false") {
    return { kind: "boolean", end: wordEnd };
  }
  return word === "null" ? { kind: "null", end: wordEnd } : unknownValue;
}

function endsWord(code: number): boolean {
  return isSpace(code) || code === comma || code === closeBrace || code === closeBracket;
}

function blockEnd(text: string, start: number, end: number, open: number, close: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = stringEnd(text, at + 1, end);
      if (at === -1) {
        return -1;
      }
    } else if (code === open) {
      depth += 1;
    } else if (code === close) {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
  return -1;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};

/** Resolves the escapes of a JSON string; undefined when one is invalid. A lone surrogate is invalid. */
export function unescapeJson(body: string): string | undefined {
  if (!body.includes("\\")) {
    return body;
  }
  let isValid = true;
  const text = body.replace(
    /\\(?:u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|u([\da-fA-F]{4})|([^]?))/gu,
    (_, high?: string, low?: string, single?: string, letter?: string) => {
      if (high !== undefined) {
        return String.fromCharCode(Number.parseInt(high, 16), Number.parseInt(low!, 16));
      }
      if (single !== undefined) {
        isValid &&= !/^d[89a-f]/iu.test(single);
        return String.fromCharCode(Number.parseInt(single, 16));
      }
      const plain = Object.hasOwn(escapes, letter!) ? escapes[letter!] : undefined;
      isValid &&= plain !== undefined;
      return plain ?? "";
    },
  );
  return isValid ? text : undefined;
}
