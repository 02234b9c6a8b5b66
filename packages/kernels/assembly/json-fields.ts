// Twin: src/json-fields.ts.
import {
  allNames,
  beginFields,
  beginLine,
  good,
  invalid,
  isDigit,
  isOddKey,
  keepField,
  kindBoolean,
  kindEscapedString,
  kindNone,
  kindNumber,
  kindString,
  nameOf,
  namesInside,
  namesWith,
  odd,
  stopped,
} from "./fields";

const quote: u8 = 0x22;
const comma: u8 = 0x2c;
const colon: u8 = 0x3a;
const openBracket: u8 = 0x5b;
const backslash: u8 = 0x5c;
const closeBracket: u8 = 0x5d;
const openBrace: u8 = 0x7b;
const closeBrace: u8 = 0x7d;

/** Whether the last string had a backslash. */
let hasEscape: bool = false;

/**
 * Finds the fields of lines that are JSON objects. A line's number is a word of `lines`; starts and ends of lines are
 * words, offsets from `from`. Reads up to 16 bytes behind a line and behind the table of names.
 */
export function jsonFields(
  from: usize,
  lineStarts: usize,
  lineEnds: usize,
  lines: usize,
  count: u32,
  names: usize,
  nameCount: u32,
  digits: bool,
  isWhole: bool,
  status: usize,
  kinds: usize,
  starts: usize,
  ends: usize,
): void {
  beginFields(from, count, names, nameCount, digits, isWhole, kinds, starts, ends);
  for (let i: u32 = 0; i < count; i++) {
    const line = (load<u32>(lines + ((i as usize) << 2)) as usize) << 2;
    beginLine(i);
    const start = from + (load<u32>(lineStarts + line) as usize);
    const end = from + (load<u32>(lineEnds + line) as usize);
    const ended = walkObject(start, end, 0, allNames());
    store<u8>(status + (i as usize), (ended == stopped ? good : ended) as u8);
  }
}

/**
 * @param prefix how many bytes of the names stand for the objects around this one.
 * @param candidates the names that begin with them. Every level takes bytes of a name, so that there are few.
 */
function walkObject(start: usize, end: usize, prefix: u32, candidates: u32): u32 {
  let at = skipSpace(start, end);
  if (at == end || load<u8>(at) != openBrace) {
    return invalid;
  }
  at = skipSpace(at + 1, end);
  while (at < end) {
    const first = load<u8>(at);
    if (first == closeBrace) {
      return good;
    }
    const keyStart = at + 1;
    const keyEnd = first == quote ? stringEnd(keyStart, end) : 0;
    if (keyEnd == 0) {
      return invalid;
    }
    if (hasEscape || isOddKey(keyStart, keyEnd, prefix == 0)) {
      return odd;
    }
    at = skipSpace(keyEnd + 1, end);
    if (at == end || load<u8>(at) != colon) {
      return invalid;
    }
    at = skipSpace(at + 1, end);
    if (at == end) {
      return invalid;
    }
    const value = load<u8>(at);
    const valueStart = at;
    let kind = kindNone;
    if (value == quote) {
      at = stringEnd(at + 1, end);
      kind = hasEscape ? kindEscapedString : kindString;
      at = at == 0 ? 0 : at + 1;
    } else if (value == openBrace) {
      at = blockEnd(at, end, openBrace, closeBrace);
    } else if (value == openBracket) {
      at = blockEnd(at, end, openBracket, closeBracket);
    } else {
      at = wordEnd(at, end);
      kind = value == 0x6e ? kindNone : value == 0x74 || value == 0x66 ? kindBoolean : kindNumber;
    }
    if (at == 0) {
      return invalid;
    }
    const names = prefix == 0 && isDigit(load<u8>(keyStart)) ? 0 : candidates;
    if (names != 0) {
      if (kind != kindNone) {
        const name = nameOf(names, prefix, keyStart, keyEnd);
        const inside: usize = value == quote ? 1 : 0;
        if (name < 32 && keepField(name, kind, valueStart + inside, at - inside)) {
          return stopped;
        }
      } else if (value == openBrace) {
        const below = namesWith(names, prefix, keyStart, keyEnd);
        if (below != 0) {
          const length = prefix + ((keyEnd - keyStart) as u32);
          const ended = walkObject(valueStart, at, length + 1, namesInside(below, length));
          if (ended != good) {
            return ended;
          }
        }
      }
    }
    at = skipSpace(at, end);
    if (at == end) {
      return invalid;
    }
    const next = load<u8>(at);
    if (next != comma) {
      return next == closeBrace ? good : invalid;
    }
    at = skipSpace(at + 1, end);
  }
  return invalid;
}

function isSpace(byte: u32): bool {
  return byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09;
}

function skipSpace(start: usize, end: usize): usize {
  let at = start;
  while (at < end && isSpace(load<u8>(at))) {
    at += 1;
  }
  return at;
}

/** Where the quote is that ends the string, or 0. */
function stringEnd(start: usize, end: usize): usize {
  hasEscape = false;
  let at = start;
  while (at < end) {
    const bytes = v128.load(at);
    const signs = v128.or(i8x16.eq(bytes, i8x16.splat(quote)), i8x16.eq(bytes, i8x16.splat(backslash)));
    const mask = i8x16.bitmask(signs) as u32;
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask) as usize;
    if (at >= end) {
      return 0;
    }
    if (load<u8>(at) == quote) {
      return at;
    }
    hasEscape = true;
    at += 2;
  }
  return 0;
}

/** Behind the bracket that closes the one at `start`, or 0; only brackets of this kind and strings are looked at. */
function blockEnd(start: usize, end: usize, open: u8, close: u8): usize {
  let depth: u32 = 0;
  let at = start;
  while (at < end) {
    const bytes = v128.load(at);
    const signs = v128.or(
      i8x16.eq(bytes, i8x16.splat(quote)),
      v128.or(i8x16.eq(bytes, i8x16.splat(open)), i8x16.eq(bytes, i8x16.splat(close))),
    );
    const mask = i8x16.bitmask(signs) as u32;
    if (mask == 0) {
      at += 16;
      continue;
    }
    at += ctz(mask) as usize;
    if (at >= end) {
      return 0;
    }
    const byte = load<u8>(at);
    if (byte == quote) {
      at = stringEnd(at + 1, end);
      if (at == 0) {
        return 0;
      }
    } else if (byte == open) {
      depth += 1;
    } else {
      depth -= 1;
      if (depth == 0) {
        return at + 1;
      }
    }
    at += 1;
  }
  return 0;
}

/** Behind a number, true, false or null, or 0. Of a number only the first byte is looked at. */
function wordEnd(start: usize, end: usize): usize {
  let at = start;
  while (at < end && !endsWord(load<u8>(at))) {
    at += 1;
  }
  const first = load<u8>(start);
  if (isDigit(first) || first == 0x2d) {
    return at;
  }
  const length = at - start;
  const word = load<u32>(start);
  // true, null, fals and e.
  const isWord =
    length == 4
      ? word == 0x65757274 || word == 0x6c6c756e
      : length == 5 && word == 0x736c6166 && load<u8>(start + 4) == 0x65;
  return isWord ? at : 0;
}

function endsWord(byte: u32): bool {
  return isSpace(byte) || byte == comma || byte == closeBrace || byte == closeBracket;
}
