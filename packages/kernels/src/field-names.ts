/** How a field's value is written in a line. */
export const fieldKind = Object.freeze({
  /** There is no such field, or only one whose value is no label: null, an array, an object, an empty logfmt value. */
  none: 0,
  /** The bytes are the value's text. */
  string: 1,
  /** The bytes are the value's text with escapes in it: those of JSON, or of a quoted logfmt value. */
  escapedString: 2,
  number: 3,
  boolean: 4,
});

/** What became of a line. */
export const fieldStatus = Object.freeze({
  /** Its fields are in the columns. */
  good: 0,
  /** The parser would set `__error__`. */
  invalid: 1,
  /** Something in it (see README.md) has to be looked at by a full parser. */
  odd: 2,
});

/** The fields of lines. Field `n` of the line `lines[i]` that was asked for is at `n * lines.length + i`. */
export interface FieldColumns {
  /** One of {@link fieldStatus} a line; unless it is good, what the columns say of the line is of no use. */
  readonly status: Uint8Array;
  /** One of {@link fieldKind}. */
  readonly kinds: Uint8Array;
  /** Where the value begins and ends in the bytes, without quotes; both zero where there is none. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/** Names of fields to look for, prepared once for all blocks. */
export interface FieldNames {
  readonly names: readonly string[];
  /** The names as the kernels read them. */
  readonly table: Uint8Array;
  /** Whether a name is what sanitizing makes of a key that begins with a digit. */
  readonly mayBeginWithDigit: boolean;
}

export const fieldNamesMax = 16;
export const fieldNameLengthMax = 64;

/** In the table: a name and the bytes that a vector may read behind it; then words, the lengths; then words, by length the mask of the names. */
const nameBytes = fieldNameLengthMax + 16;
const lengthsOffset = fieldNamesMax * nameBytes;
const masksOffset = lengthsOffset + fieldNamesMax * 4;
const tableBytes = masksOffset + (fieldNameLengthMax + 1) * 4;

/**
 * @param names label names, as a query has them: `status`, or `http_status` for `{"http": {"status": 200}}`.
 * @throws {RangeError} when there are none or more than 16, one is longer than 64 characters or comes twice, or is no
 * label name.
 */
export function fieldNames(names: readonly string[]): FieldNames {
  if (names.length === 0 || names.length > fieldNamesMax || new Set(names).size < names.length) {
    throw new RangeError(`${names.length} names of fields, of 1 to ${fieldNamesMax} different ones`);
  }
  const table = new Uint8Array(tableBytes);
  const words = new Uint32Array(table.buffer);
  for (const [i, name] of names.entries()) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/u.test(name) || name.length > fieldNameLengthMax) {
      throw new RangeError(`"${name}" is no name of a field`);
    }
    table.set(new TextEncoder().encode(name), i * nameBytes);
    words[lengthsOffset / 4 + i] = name.length;
    words[masksOffset / 4 + name.length]! |= 1 << i;
  }
  return { names, table, mayBeginWithDigit: names.some((name) => /^_\d/u.test(name)) };
}

/** Columns for what a twin finds: everything good, nothing found. */
export function emptyColumns(lineCount: number, nameCount: number): FieldColumns {
  const fieldCount = lineCount * nameCount;
  return {
    status: new Uint8Array(lineCount),
    kinds: new Uint8Array(fieldCount),
    starts: new Uint32Array(fieldCount),
    ends: new Uint32Array(fieldCount),
  };
}

/** A key that is more than the bytes of its label name: empty, not ASCII, or trimmed by the parser. */
export function isOddKey(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end || bytes[start]! <= 0x20 || bytes[end - 1]! <= 0x20) {
    return true;
  }
  for (let at = start; at < end; at++) {
    if (bytes[at]! >= 0x80) {
      return true;
    }
  }
  return false;
}

/** An ASCII key as the label name that Loki makes of it, but for a leading digit. */
export function sanitizedKey(bytes: Uint8Array, start: number, end: number): string {
  let name = "";
  for (let at = start; at < end; at++) {
    const char = String.fromCharCode(bytes[at]!);
    name += /\w/u.test(char) ? char : "_";
  }
  return name;
}

export function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}
