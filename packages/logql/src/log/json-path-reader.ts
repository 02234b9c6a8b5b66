import { unescapeJson } from "./json-escape.ts";
import {
  blockEnd,
  closeBrace,
  closeBracket,
  colon,
  comma,
  JsonValue,
  noJson,
  openBrace,
  openBracket,
  quote,
  skipSpace,
  stringEnd,
} from "./json-reader.ts";

/** Told of the value at a path; `error` says why it cannot be read, or (with -1 for the path) the whole text. */
export type VisitValue = (path: number, value: JsonValue, error: string | undefined) => void;

/**
 * Finds the values at some paths in a JSON document, in one go and in the order of the document. It is as forgiving as
 * `EachKey` of the `jsonparser` library that Loki uses, and finds what that finds in broken documents.
 */
export class JsonPathReader {
  readonly #paths: readonly (readonly string[])[];
  readonly #visit: VisitValue;
  readonly #lengthMax: number;
  readonly #isFound: boolean[] = [];
  /** The keys on the way to the place in work. */
  readonly #keys: string[] = [];
  readonly #value = new JsonValue();
  #text = "";
  #level = 0;
  #foundCount = 0;

  constructor(paths: readonly (readonly string[])[], visit: VisitValue) {
    this.#paths = paths;
    this.#visit = visit;
    this.#lengthMax = Math.max(...paths.map((path) => path.length));
  }

  read(text: string): void {
    this.#text = text;
    this.#level = 0;
    this.#foundCount = 0;
    this.#isFound.length = 0;
    let at = 0;
    while (at !== -1 && at < text.length && this.#foundCount < this.#paths.length) {
      switch (text.charCodeAt(at)) {
        case quote:
          at = this.#readString(at);
          break;
        case openBrace:
          this.#level += 1;
          at += 1;
          break;
        case openBracket:
          at = this.#readArray(at);
          break;
        case closeBrace:
        case closeBracket:
          this.#level -= 1;
          at += 1;
          break;
        default:
          at += 1;
      }
    }
  }

  /** Reads a text, and if it is a key what it says. @returns where to go on, or -1. */
  #readString(start: number): number {
    const text = this.#text;
    const keyEnd = stringEnd(text, start + 1, text.length);
    const at = keyEnd === -1 ? text.length : skipSpace(text, keyEnd + 1, text.length);
    if (at === text.length) {
      return -1;
    }
    if (text.charCodeAt(at) !== colon) {
      return at;
    }
    const key = unescapeJson(text.slice(start + 1, keyEnd));
    if (key === undefined) {
      return -1;
    }
    if (this.#lengthMax >= this.#level) {
      if (this.#level < 1) {
        this.#visit(-1, this.#value, noJson);
        return -1;
      }
      this.#keys[this.#level - 1] = key;
      this.#readValues(key, at + 1);
    }
    return skipSpace(text, at + 1, text.length) === text.length ? -1 : at + 1;
  }

  /** Hands over the value behind a key to the paths that end there. */
  #readValues(key: string, start: number): void {
    for (const [i, path] of this.#paths.entries()) {
      const isHere = path.length === this.#level && path[this.#level - 1] === key;
      if (isHere && this.#isFound[i] !== true && this.#isUnder(path)) {
        this.#markFound(i);
        const error = this.#value.read(this.#text, start, this.#text.length);
        this.#visit(i, this.#value, error);
      }
    }
  }

  /** Looks into an array for the paths that lead there; otherwise skips it. @returns where to go on, or -1. */
  #readArray(start: number): number {
    const level = this.#level;
    if (level < 0) {
      this.#visit(-1, this.#value, noJson);
      return -1;
    }
    const inside = this.#paths.flatMap((path, i) => {
      const step = path.length > level && this.#isFound[i] !== true ? path[level]! : "";
      return step.startsWith("[") && step.length > 2 && this.#isUnder(path) ? [{ i, path, index: indexOf(step) }] : [];
    });
    if (inside.length === 0) {
      return blockEnd(this.#text, start, this.#text.length, openBracket, closeBracket);
    }
    this.#level += 1;
    return eachElement(this.#text, start, this.#text.length, (element, index) => {
      for (const wanted of inside) {
        if (wanted.index === index) {
          this.#markFound(wanted.i);
          this.#readElement(wanted.i, element, wanted.path, level + 1);
        }
      }
    });
  }

  #readElement(path: number, element: JsonValue, keys: readonly string[], from: number): void {
    const at = search(this.#text, element.start, element.end, keys, from);
    if (at === -1) {
      return;
    }
    if (element.kind === "string") {
      const { end } = element;
      this.#visit(path, Object.assign(this.#value, { kind: "string", start: at, end }), undefined);
    } else {
      const error = this.#value.read(this.#text, at, element.end);
      this.#visit(path, this.#value, error);
    }
  }

  #markFound(path: number): void {
    this.#isFound[path] = true;
    this.#foundCount += 1;
  }

  /** Whether the keys on the way to here are the path's. */
  #isUnder(path: readonly string[]): boolean {
    const length = Math.min(path.length, this.#level);
    for (let i = 0; i < length; i++) {
      if (path[i] !== this.#keys[i]) {
        return false;
      }
    }
    return true;
  }
}

/** The number in `[12]`; 0 when it is none, as in Loki. */
function indexOf(step: string): number {
  const number = step.slice(1, -1);
  return /^[+-]?\d+$/u.test(number) ? Number(number) : 0;
}

/** Visits the elements of the array that begins at `start`. @returns where its end, or what is broken in it, is. */
function eachElement(
  text: string,
  start: number,
  end: number,
  visit: (element: JsonValue, index: number) => void,
): number {
  const element = new JsonValue();
  let at = skipSpace(text, start + 1, end);
  if (at === end) {
    return start + 1;
  }
  if (text.charCodeAt(at) === closeBracket) {
    return at;
  }
  for (let index = 0; element.read(text, at, end) === undefined; index++) {
    visit(element, index);
    const next = skipSpace(text, element.next, end);
    if (next === end) {
      return element.next;
    }
    at = next;
    if (text.charCodeAt(at) !== comma) {
      return at;
    }
    at += 1;
  }
  return at;
}

/**
 * Finds the value that the keys `keys[from..]` lead to in the JSON value `text[start, end)`.
 *
 * @returns where the text goes on behind the last key, or -1.
 */
function search(text: string, start: number, end: number, keys: readonly string[], from: number): number {
  const wanted = keys.length - from;
  if (wanted === 0) {
    return start;
  }
  let level = 0;
  let keyLevel = 0;
  let isMatch = true;
  let at = start;
  while (at < end) {
    switch (text.charCodeAt(at)) {
      case quote: {
        const keyEnd = stringEnd(text, at + 1, end);
        const next = keyEnd === -1 ? end : skipSpace(text, keyEnd + 1, end);
        if (next === end) {
          return -1;
        }
        if (text.charCodeAt(next) !== colon) {
          at = next;
          break;
        }
        const key = unescapeJson(text.slice(at + 1, keyEnd));
        if (level < 1 || level > wanted || key === undefined) {
          return -1;
        }
        isMatch = key === keys[from + level - 1];
        if (isMatch && keyLevel === level - 1) {
          keyLevel += 1;
          if (keyLevel === wanted) {
            return next + 1;
          }
        }
        at = next + 1;
        break;
      }
      case openBrace: {
        if (isMatch) {
          level += 1;
          at += 1;
          break;
        }
        at = blockEnd(text, at, end, openBrace, closeBrace);
        if (at === -1) {
          return -1;
        }
        break;
      }
      case closeBrace:
        level -= 1;
        at += 1;
        if (level === keyLevel) {
          keyLevel -= 1;
        }
        break;
      case openBracket: {
        const step = keyLevel === level ? (keys[from + level] ?? "") : "";
        if (step.startsWith("[")) {
          return searchElement(text, at, end, step, keys, from + level + 1);
        }
        at = blockEnd(text, at, end, openBracket, closeBracket);
        if (at === -1) {
          return -1;
        }
        break;
      }
      case colon:
        return -1;
      default:
        at += 1;
    }
  }
  return -1;
}

/** {@link search} inside one element of the array that begins at `start`. */
function searchElement(
  text: string,
  start: number,
  end: number,
  step: string,
  keys: readonly string[],
  from: number,
): number {
  if (!/^\[[+-]?\d+\]$/u.test(step)) {
    return -1;
  }
  let found = { start: -1, end: -1 };
  eachElement(text, start, end, (element, index) => {
    if (index === indexOf(step)) {
      const quotes = element.kind === "string" ? 1 : 0;
      found = { start: element.start - quotes, end: element.end + quotes };
    }
  });
  return found.start === -1 ? -1 : search(text, found.start, found.end, keys, from);
}
