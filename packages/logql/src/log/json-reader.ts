import { unescapeJson } from "./json-escape.ts";
import { SeenKeys } from "./seen-keys.ts";

/** Kinds of JSON values, as far as the parsers tell them apart. */
export type JsonKind = "string" | "number" | "boolean" | "null" | "array" | "object";

export const noObject = "Value looks like object, but can't find closing '}' symbol";
export const noArray = "Value is array, but can't find closing ']' symbol";
export const noString = "Value is string, but can't find closing '\"' symbol";
export const noJson = "Malformed JSON error";
export const unknownValue = "Unknown value type";
export const badEscape = "Encountered an invalid escape sequence in a string";

/**
 * Reads the fields of the JSON object that a text begins with, one level deep. It checks no more than it has to: inside
 * a nested value only brackets and quotes are looked at, and what follows the object is not read at all. What it
 * accepts, and its errors, are those of the `jsonparser` library that Loki uses.
 */
export class JsonObjectReader {
  /** The last field's key. */
  key = "";
  readonly value = new JsonValue();
  /** Why the reading ended early. */
  error: string | undefined;
  #text = "";
  #at = 0;
  #end = 0;
  #isFirst = true;
  #ends: BlockEnds | undefined;
  readonly #seen = new SeenKeys();

  /**
   * Begins with the object in `text[start, end)`.
   *
   * @param ends where the objects inside it end, when that is known already.
   */
  reset(text: string, start: number, end: number, ends?: BlockEnds): void {
    this.#text = text;
    this.#at = start;
    this.#end = end;
    this.#isFirst = true;
    this.#ends = ends;
    this.error = undefined;
    this.#seen.rewind();
  }

  /** Reads the next field; false at the object's end, and where it is broken. */
  next(): boolean {
    const text = this.#text;
    const end = this.#end;
    let at = this.#isFirst ? this.#open() : this.#goOn();
    if (at === -1) {
      return false;
    }
    if (text.charCodeAt(at) !== quote) {
      return this.#fail(noObject);
    }
    const keyEnd = this.#readKey(at + 1);
    if (keyEnd === -1) {
      return false;
    }
    at = skipSpace(text, keyEnd + 1, end);
    if (at === end || text.charCodeAt(at) !== colon) {
      return this.#fail(noJson);
    }
    const error = this.value.read(text, at + 1, end, this.#ends);
    if (error !== undefined) {
      return this.#fail(error);
    }
    this.#at = this.value.next;
    return true;
  }

  /** Reads the key that begins there. @returns where its quote is, or -1. */
  #readKey(start: number): number {
    const text = this.#text;
    const expected = this.#seen.at(text, start);
    const expectedEnd = expected === undefined ? -1 : start + expected.length;
    if (expectedEnd !== -1 && expectedEnd < this.#end && text.charCodeAt(expectedEnd) === quote) {
      this.#seen.skip();
      this.key = expected!;
      return expectedEnd;
    }
    const end = stringEnd(text, start, this.#end);
    if (end === -1) {
      return this.#stop(noJson);
    }
    const source = text.slice(start, end);
    const key = unescapeJson(source);
    if (key === undefined) {
      return this.#stop(badEscape);
    }
    if (key === source) {
      this.#seen.learn(key);
    }
    this.key = key;
    return end;
  }

  /** Where the first key begins, or -1. */
  #open(): number {
    this.#isFirst = false;
    const at = skipSpace(this.#text, this.#at, this.#end);
    if (at === this.#end || this.#text.charCodeAt(at) !== openBrace) {
      return this.#stop(noObject);
    }
    const first = skipSpace(this.#text, at + 1, this.#end);
    if (first === this.#end) {
      return this.#stop(noJson);
    }
    return this.#text.charCodeAt(first) === closeBrace ? this.#stop(undefined) : first;
  }

  /** Where the next key begins, or -1. */
  #goOn(): number {
    const at = skipSpace(this.#text, this.#at, this.#end);
    if (at === this.#end) {
      return this.#stop(noArray);
    }
    if (this.#text.charCodeAt(at) === closeBrace) {
      return this.#stop(undefined);
    }
    if (this.#text.charCodeAt(at) !== comma) {
      return this.#stop(noObject);
    }
    const next = skipSpace(this.#text, at + 1, this.#end);
    if (next === this.#end) {
      return this.#stop(noArray);
    }
    return this.#text.charCodeAt(next) === closeBrace ? this.#stop(undefined) : next;
  }

  #stop(error: string | undefined): -1 {
    this.error = error;
    return -1;
  }

  #fail(error: string): false {
    this.error = error;
    return false;
  }
}

/** One JSON value inside a text. */
export class JsonValue {
  kind: JsonKind = "null";
  /** The value is `text[start, end)`; of a string, what is between the quotes. */
  start = 0;
  end = 0;
  /** Where the text goes on behind it. */
  next = 0;

  /** Reads the value that `text[start, end)` begins with. @returns an error's text, or undefined. */
  read(text: string, start: number, end: number, ends?: BlockEnds): string | undefined {
    const at = skipSpace(text, start, end);
    if (at === end) {
      return noJson;
    }
    switch (text.charCodeAt(at)) {
      case quote: {
        const close = stringEnd(text, at + 1, end);
        return close === -1 ? noString : this.#set("string", at + 1, close, close + 1);
      }
      case openBracket: {
        const close = blockEnd(text, at, end, openBracket, closeBracket);
        return close === -1 ? noArray : this.#set("array", at, close, close);
      }
      case openBrace: {
        const close = ends === undefined ? blockEnd(text, at, end, openBrace, closeBrace) : ends.of(at);
        return close === -1 ? noObject : this.#set("object", at, close, close);
      }
      default:
        return this.#readWord(text, at, end);
    }
  }

  /** The value's source in the text that it was read from. */
  source(text: string): string {
    return text.slice(this.start, this.end);
  }

  #readWord(text: string, start: number, end: number): string | undefined {
    let at = start;
    while (at < end && !endsWord(text.charCodeAt(at))) {
      at += 1;
    }
    const first = text.charCodeAt(start);
    if (first === minus || (first >= 0x30 && first <= 0x39)) {
      return this.#set("number", start, at, at);
    }
    const word = at - start > 5 ? "" : text.slice(start, at);
    if (word === "true" || word === "false") {
      return this.#set("boolean", start, at, at);
    }
    return word === "null" ? this.#set("null", start, at, at) : unknownValue;
  }

  #set(kind: JsonKind, start: number, end: number, next: number): undefined {
    this.kind = kind;
    this.start = start;
    this.end = end;
    this.next = next;
  }
}

/**
 * Where the objects inside a text end, found in one go. To look for each end where its object begins takes a time that
 * grows with the depth.
 */
export class BlockEnds {
  readonly #ends = new Map<number, number>();

  constructor(text: string, start: number, end: number) {
    const open: number[] = [];
    for (let at = start; at < end; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        at = stringEnd(text, at + 1, end);
        if (at === -1) {
          return;
        }
      } else if (code === openBrace) {
        open.push(at);
      } else if (code === closeBrace && open.length > 0) {
        this.#ends.set(open.pop()!, at + 1);
      }
    }
  }

  /** What is behind the object that begins there, or -1. */
  of(at: number): number {
    return this.#ends.get(at) ?? -1;
  }
}

export const quote = 0x22;
export const backslash = 0x5c;
export const openBrace = 0x7b;
export const closeBrace = 0x7d;
export const openBracket = 0x5b;
export const closeBracket = 0x5d;
export const colon = 0x3a;
export const comma = 0x2c;
const minus = 0x2d;

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Where the next character is that is no space, or `end`. */
export function skipSpace(text: string, start: number, end: number): number {
  let at = start;
  while (at < end && isSpace(text.charCodeAt(at))) {
    at += 1;
  }
  return at;
}

/** Where the quote is that ends the string whose content begins at `start`, or -1. */
export function stringEnd(text: string, start: number, end: number): number {
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

/** What is behind the array or object that begins at `start`, or -1. Only its own kind of brackets counts. */
export function blockEnd(text: string, start: number, end: number, open: number, close: number): number {
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

function endsWord(code: number): boolean {
  return isSpace(code) || code === comma || code === closeBrace || code === closeBracket;
}
