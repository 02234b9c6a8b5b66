import { levelOfBytes, unknownLevel, type LevelIndex } from "./level.ts";
import type { LevelFields } from "./level-fields.ts";
import { quotedEnd } from "./quoted-end.ts";

const quote = 0x22;
const braceOpen = 0x7b;
const braceClose = 0x7d;
const bracketOpen = 0x5b;
const bracketClose = 0x5d;
const colon = 0x3a;
const comma = 0x2c;

/** Whether the first character that is no space is `{` and the last one `}`: then Loki takes the line for JSON. */
export function looksLikeJson(bytes: Uint8Array, start: number, end: number): boolean {
  let first = start;
  while (first < end && isSpace(bytes[first]!)) {
    first += 1;
  }
  let last = end - 1;
  while (last > first && isSpace(bytes[last]!)) {
    last -= 1;
  }
  return first < last && bytes[first] === braceOpen && bytes[last] === braceClose;
}

/** Objects inside each other, whatever is configured: each is gone through as often as it is deep, and takes a call. */
const depthMost = 100;

/**
 * The level in the leftmost text field that may hold one, not deeper than `depthMax` objects (0: as deep as any). It is
 * read as Loki's JSON parser does: what stands behind the field does not matter, be it broken or not. Names that are
 * written with escapes are passed over.
 *
 * @returns `unknown` when there is no such field, or its value is no level.
 * @see Loki's pkg/distributor/field_detection.go getLevelUsingJSONParser
 */
export function levelInJson(
  bytes: Uint8Array,
  start: number,
  end: number,
  fields: LevelFields,
  depthMax: number,
): LevelIndex {
  const found = findInObject(bytes, start, end, fields, depthMax <= 0 ? depthMost : Math.min(depthMax, depthMost));
  return found === notFound || found === broken ? unknownLevel : found;
}

/** Results beside a level. */
const notFound = -1;
const broken = -2;

/** The level in the object that begins at or after `start`; `levelsLeft` objects may be inside each other. */
function findInObject(bytes: Uint8Array, start: number, end: number, fields: LevelFields, levelsLeft: number): number {
  let offset = nextToken(bytes, start, end);
  if (bytes[offset] !== braceOpen || offset === end) {
    return broken;
  }
  offset = nextToken(bytes, offset + 1, end);
  while (offset < end && bytes[offset] === quote) {
    const keyStart = offset + 1;
    const keyEnd = quotedEnd(bytes, keyStart, end);
    offset = nextToken(bytes, keyEnd + 1, end);
    if (offset >= end || bytes[offset] !== colon) {
      return broken;
    }
    const valueStart = nextToken(bytes, offset + 1, end);
    const valueEnd = endOfValue(bytes, valueStart, end);
    if (valueEnd === broken) {
      return broken;
    }
    if (bytes[valueStart] === quote) {
      if (fields.has(bytes, keyStart, keyEnd)) {
        return levelOfBytes(bytes, valueStart + 1, valueEnd - 1);
      }
    } else if (bytes[valueStart] === braceOpen && levelsLeft > 1) {
      const found = findInObject(bytes, valueStart, valueEnd, fields, levelsLeft - 1);
      if (found !== notFound) {
        return found;
      }
    }
    offset = nextToken(bytes, valueEnd, end);
    if (offset < end && bytes[offset] === braceClose) {
      return notFound;
    }
    if (offset >= end || bytes[offset] !== comma) {
      return broken;
    }
    offset = nextToken(bytes, offset + 1, end);
  }
  return offset < end && bytes[offset] === braceClose ? notFound : broken;
}

/** Where a value ends (exclusive), or `broken`. Containers end where their brackets are even. */
function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) {
    return broken;
  }
  switch (bytes[start]) {
    case quote: {
      const last = quotedEnd(bytes, start + 1, end);
      return last < end ? last + 1 : broken;
    }
    case braceOpen:
      return blockEnd(bytes, start, end, braceOpen, braceClose);
    case bracketOpen:
      return blockEnd(bytes, start, end, bracketOpen, bracketClose);
    default:
      return endOfLiteral(bytes, start, end);
  }
}

/** Numbers end anywhere; of words only true, false and null are values. */
function endOfLiteral(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && !isLiteralEnd(bytes[at]!)) {
    at += 1;
  }
  const first = bytes[start]!;
  if (first === 0x2d || (first >= 0x30 && first <= 0x39)) {
    return at;
  }
  const text = at - start > 5 ? "" : String.fromCharCode(...bytes.subarray(start, at));
  return text === "true" || text === "false" || text === "null" ? at : broken;
}

function blockEnd(bytes: Uint8Array, start: number, end: number, open: number, close: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const code = bytes[at];
    if (code === quote) {
      at = quotedEnd(bytes, at + 1, end);
    } else if (code === open) {
      depth += 1;
    } else if (code === close) {
      depth -= 1;
      if (depth === 0) {
        return at + 1;
      }
    }
  }
  return broken;
}

function nextToken(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && isJsonSpace(bytes[at]!)) {
    at += 1;
  }
  return at;
}

function isJsonSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

function isLiteralEnd(code: number): boolean {
  return isJsonSpace(code) || code === comma || code === braceClose || code === bracketClose;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
