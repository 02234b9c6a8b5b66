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

/** How a query reads logfmt. */
export interface LogfmtOptions {
  /** `--strict`: a broken pair makes the line invalid; else it is passed over. */
  readonly isStrict: boolean;
  /** `--keep-empty`: a field without a value counts. */
  readonly keepEmpty: boolean;
  /** Read every line to its end, not only to its last wanted field: what is broken behind it counts as well. */
  readonly isWhole: boolean;
}

/**
 * Finds fields of lines in logfmt, as Loki's `| logfmt` does when a query needs these labels only: the first of two
 * fields with one name counts. The plain TypeScript twin of the kernel.
 *
 * @param lines which lines, by their numbers.
 * @throws {RangeError} when a line is none of `bytes`.
 */
export function logfmtFields(
  bytes: Uint8Array,
  lineStarts: Uint32Array,
  lineEnds: Uint32Array,
  lines: Uint32Array,
  names: FieldNames,
  options: LogfmtOptions,
): FieldColumns {
  spanOfLines(bytes, lineStarts, lineEnds, lines);
  const columns = emptyColumns(lines.length, names.names.length);
  for (const [i, line] of lines.entries()) {
    columns.status[i] = walkLine(bytes, lineStarts[line]!, lineEnds[line]!, names, options, columns, i);
  }
  return columns;
}

const space = 0x20;
const quote = 0x22;
const equals = 0x3d;
const backslash = 0x5c;

function walkLine(
  bytes: Uint8Array,
  start: number,
  end: number,
  names: FieldNames,
  { isStrict, keepEmpty, isWhole }: LogfmtOptions,
  { status, kinds, starts, ends }: FieldColumns,
  line: number,
): number {
  let missing = names.names.length;
  for (let at = skip(bytes, start, end, isSpace); at < end; at = skip(bytes, at, end, isSpace)) {
    const keyStart = at;
    at = skip(bytes, at, end, isPlain);
    const keyEnd = at;
    const stop = at < end ? bytes[at]! : 0;
    if (stop === quote || (stop === equals && keyEnd === keyStart)) {
      if (isStrict) {
        return fieldStatus.invalid;
      }
      at = skip(bytes, at, end, isNoSpace);
      continue;
    }
    const beginsWithDigit = isDigit(bytes[keyStart]!);
    if (isOddKey(bytes, keyStart, keyEnd) || (beginsWithDigit && names.mayBeginWithDigit)) {
      return fieldStatus.odd;
    }
    const value =
      stop === equals ? readValue(bytes, at + 1, end) : { kind: fieldKind.string, start: at, end: at, next: at };
    at = value.next;
    if (value.kind === fieldKind.none) {
      if (isStrict) {
        return fieldStatus.invalid;
      }
      continue;
    }
    const place = beginsWithDigit ? -1 : names.names.indexOf(sanitizedKey(bytes, keyStart, keyEnd));
    const index = place * status.length + line;
    if (place !== -1 && kinds[index] === fieldKind.none && (keepEmpty || value.end > value.start)) {
      kinds[index] = value.kind;
      starts[index] = value.start;
      ends[index] = value.end;
      missing -= 1;
      if (missing === 0 && !isWhole) {
        break;
      }
    }
  }
  return fieldStatus.good;
}

/** A value, and where to go on; its kind is `none` when it is broken. */
interface LogfmtValue {
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  readonly next: number;
}

function readValue(bytes: Uint8Array, start: number, end: number): LogfmtValue {
  if (start < end && bytes[start] === quote) {
    return readQuoted(bytes, start + 1, end);
  }
  const at = skip(bytes, start, end, isPlain);
  if (at < end && (bytes[at] === quote || bytes[at] === equals)) {
    return { kind: fieldKind.none, start, end: at, next: skip(bytes, at, end, isNoSpace) };
  }
  return { kind: fieldKind.string, start, end: at, next: at };
}

function readQuoted(bytes: Uint8Array, start: number, end: number): LogfmtValue {
  let at = start;
  let hasEscape = false;
  let isValid = true;
  let hasControl = false;
  while (at < end && bytes[at] !== quote) {
    hasControl ||= bytes[at]! < space;
    if (bytes[at] === backslash) {
      hasEscape = true;
      // Behind a \u there are only characters that stand for themselves, or it is wrong.
      isValid &&= isEscape(bytes, at + 1, end);
      hasControl ||= at + 1 < end && bytes[at + 1]! < space;
      at += 1;
    }
    at += 1;
  }
  if (at >= end) {
    return { kind: fieldKind.none, start, end, next: end };
  }
  const isBroken = hasEscape && (!isValid || hasControl);
  const kind = isBroken ? fieldKind.none : hasEscape ? fieldKind.escapedString : fieldKind.string;
  return { kind, start, end: at, next: at + 1 };
}

const escapeLetters = new Set(['"', "'", "\\", "/", "b", "f", "n", "r", "t"].map((letter) => letter.charCodeAt(0)));

/** Whether what is behind a backslash makes an escape. */
function isEscape(bytes: Uint8Array, at: number, end: number): boolean {
  if (at >= end || bytes[at] !== 0x75) {
    return at < end && escapeLetters.has(bytes[at]!);
  }
  for (let i = 1; i <= 4; i++) {
    const lower = at + i < end ? bytes[at + i]! | 0x20 : 0;
    if (!(isDigit(bytes[at + i] ?? 0) || (lower >= 0x61 && lower <= 0x66))) {
      return false;
    }
  }
  return true;
}

function skip(bytes: Uint8Array, start: number, end: number, test: (byte: number) => boolean): number {
  let at = start;
  while (at < end && test(bytes[at]!)) {
    at += 1;
  }
  return at;
}

function isSpace(byte: number): boolean {
  return byte <= space;
}

function isNoSpace(byte: number): boolean {
  return byte > space;
}

function isPlain(byte: number): boolean {
  return byte > space && byte !== equals && byte !== quote;
}
