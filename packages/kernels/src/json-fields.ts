import {
  emptyColumns,
  fieldKind,
  fieldStatus,
  isDigit,
  isOddKey,
  sanitizedKey,
  type FieldColumns,
  type FieldNames,
} from "./field-names.ts";
import { spanOfLines } from "./line-span.ts";

/**
 * Finds fields of the JSON objects that lines are, nested ones by their flattened names, as Loki's `| json` does when a
 * query needs these labels only: the first of two fields with one name counts, null and arrays do not, and a line is read
 * no further than its last wanted field. The plain TypeScript twin of the kernel.
 *
 * @param lines which lines, by their numbers.
 * @param isWhole read every line to its end, so that whatever is wrong with it is found; for queries of `__error__`.
 * @throws {RangeError} when a line is none of `bytes`.
 */
export function jsonFields(
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  lines: Uint32Array,
  names: FieldNames,
  isWhole: boolean,
): FieldColumns {
  spanOfLines(bytes, lineStarts, lineEnds, lines);
  const columns = emptyColumns(lines.length, names.names.length);
  for (const [i, line] of lines.entries()) {
    const walker = new JsonWalker(bytes, names, isWhole, columns, i);
    const ended = walker.walkObject(lineStarts[line]!, lineEnds[line]!, "");
    columns.status[i] = ended === "stop" ? fieldStatus.good : fieldStatus[ended];
  }
  return columns;
}

type Ended = keyof typeof fieldStatus | "stop";

const quote = 0x22;
const comma = 0x2c;
const colon = 0x3a;
const openBracket = 0x5b;
const backslash = 0x5c;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/** The walk over one line: what it accepts is what the `jsonparser` library does, that Loki uses. */
class JsonWalker {
  readonly #bytes: Uint8Array;
  readonly #names: FieldNames;
  readonly #isWhole: boolean;
  readonly #columns: FieldColumns;
  readonly #line: number;
  #missing: number;
  /** Whether the last string had a backslash. */
  #hasEscape = false;

  constructor(bytes: Uint8Array, names: FieldNames, isWhole: boolean, columns: FieldColumns, line: number) {
    this.#bytes = bytes;
    this.#names = names;
    this.#isWhole = isWhole;
    this.#columns = columns;
    this.#line = line;
    this.#missing = names.names.length;
  }

  /** @param prefix the label name of the object, with the `_` behind it. */
  walkObject(start: number, end: number, prefix: string): Ended {
    const bytes = this.#bytes;
    let at = this.#skipSpace(start, end);
    if (at === end || bytes[at] !== openBrace) {
      return "invalid";
    }
    at = this.#skipSpace(at + 1, end);
    while (at < end) {
      if (bytes[at] === closeBrace) {
        return "good";
      }
      const keyStart = at + 1;
      const keyEnd = bytes[at] === quote ? this.#stringEnd(keyStart, end) : -1;
      if (keyEnd === -1) {
        return "invalid";
      }
      if (this.#hasEscape || this.#isOdd(keyStart, keyEnd, prefix)) {
        return "odd";
      }
      at = this.#skipSpace(keyEnd + 1, end);
      if (at === end || bytes[at] !== colon) {
        return "invalid";
      }
      at = this.#skipSpace(at + 1, end);
      const valueEnd = at === end ? -1 : this.#valueEnd(at, end);
      if (valueEnd === -1) {
        return "invalid";
      }
      const ended = this.#visit(at, valueEnd, prefix, keyStart, keyEnd);
      if (ended !== "good") {
        return ended;
      }
      at = this.#skipSpace(valueEnd, end);
      if (at === end || (bytes[at] !== closeBrace && bytes[at] !== comma)) {
        return "invalid";
      }
      if (bytes[at] === closeBrace) {
        return "good";
      }
      at = this.#skipSpace(at + 1, end);
    }
    return "invalid";
  }

  #isOdd(keyStart: number, keyEnd: number, prefix: string): boolean {
    const isChanged = prefix === "" && this.#names.mayBeginWithDigit && isDigit(this.#bytes[keyStart]!);
    return isChanged || isOddKey(this.#bytes, keyStart, keyEnd);
  }

  #visit(start: number, end: number, prefix: string, keyStart: number, keyEnd: number): Ended {
    const key = sanitizedKey(this.#bytes, keyStart, keyEnd);
    if (prefix === "" && isDigit(this.#bytes[keyStart]!)) {
      return "good";
    }
    const name = prefix + key;
    const first = this.#bytes[start]!;
    if (first === openBrace) {
      return this.#names.names.some((wanted) => wanted.startsWith(name))
        ? this.walkObject(start, end, `${name}_`)
        : "good";
    }
    const place = this.#names.names.indexOf(name);
    const kind = this.#kindOf(first);
    if (place !== -1 && kind !== fieldKind.none) {
      const isString = first === quote ? 1 : 0;
      this.#keep(place, kind, start + isString, end - isString);
    }
    return this.#missing === 0 && !this.#isWhole ? "stop" : "good";
  }

  #keep(place: number, kind: number, start: number, end: number): void {
    const { status, kinds, starts, ends } = this.#columns;
    const index = place * status.length + this.#line;
    if (kinds[index] === fieldKind.none) {
      kinds[index] = kind;
      starts[index] = start;
      ends[index] = end;
      this.#missing -= 1;
    }
  }

  /** Of a value that was read. */
  #kindOf(first: number): number {
    switch (first) {
      case quote:
        return this.#hasEscape ? fieldKind.escapedString : fieldKind.string;
      case openBracket:
      case 0x6e:
        return fieldKind.none;
      case 0x66:
      case 0x74:
        return fieldKind.boolean;
      default:
        return fieldKind.number;
    }
  }

  #valueEnd(at: number, end: number): number {
    switch (this.#bytes[at]) {
      case quote: {
        const close = this.#stringEnd(at + 1, end);
        return close === -1 ? -1 : close + 1;
      }
      case openBracket:
        return this.#blockEnd(at, end, openBracket, closeBracket);
      case openBrace:
        return this.#blockEnd(at, end, openBrace, closeBrace);
      default:
        return this.#wordEnd(at, end);
    }
  }

  #wordEnd(start: number, end: number): number {
    let at = start;
    while (at < end && !this.#endsWord(this.#bytes[at]!)) {
      at += 1;
    }
    const first = this.#bytes[start]!;
    if (at > start && (isDigit(first) || first === 0x2d)) {
      return at;
    }
    const word = String.fromCharCode(...this.#bytes.subarray(start, Math.min(at, start + 6)));
    return word === "true" || word === "false" || word === "null" ? at : -1;
  }

  #endsWord(byte: number): boolean {
    return isSpace(byte) || byte === comma || byte === closeBrace || byte === closeBracket;
  }

  /** Behind the bracket that closes the one at `start`; only brackets of this kind and strings are looked at. */
  #blockEnd(start: number, end: number, open: number, close: number): number {
    let depth = 0;
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at];
      if (byte === quote) {
        at = this.#stringEnd(at + 1, end);
        if (at === -1) {
          return -1;
        }
      } else if (byte === open) {
        depth += 1;
      } else if (byte === close) {
        depth -= 1;
        if (depth === 0) {
          return at + 1;
        }
      }
    }
    return -1;
  }

  #stringEnd(start: number, end: number): number {
    this.#hasEscape = false;
    for (let at = start; at < end; at++) {
      const byte = this.#bytes[at];
      if (byte === quote) {
        return at;
      }
      if (byte === backslash) {
        this.#hasEscape = true;
        at += 1;
      }
    }
    return -1;
  }

  #skipSpace(start: number, end: number): number {
    let at = start;
    while (at < end && isSpace(this.#bytes[at]!)) {
      at += 1;
    }
    return at;
  }
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}
