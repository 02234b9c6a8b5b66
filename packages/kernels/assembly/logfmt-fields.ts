// Twin: src/logfmt-fields.ts.
import {
  allNames,
  beginFields,
  beginLine,
  good,
  invalid,
  isDigit,
  isOddKey,
  keepField,
  kindEscapedString,
  kindNone,
  kindString,
  nameOf,
  odd,
} from "./fields";

const space: u32 = 0x20;
const quote: u32 = 0x22;
const equals: u32 = 0x3d;
const backslash: u32 = 0x5c;

/** What the last value was, kindNone for a broken one, and where it lies. */
let kind: u32 = 0;
let valueStart: usize = 0;
let valueEnd: usize = 0;

/** Finds the fields of lines in logfmt; its arguments are those of jsonFields. */
export function logfmtFields(
  from: usize,
  lineStarts: usize,
  lineEnds: usize,
  lines: usize,
  count: u32,
  names: usize,
  nameCount: u32,
  digits: bool,
  isWhole: bool,
  isStrict: bool,
  keepEmpty: bool,
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
    store<u8>(status + (i as usize), walkLine(start, end, isStrict, keepEmpty) as u8);
  }
}

function walkLine(start: usize, end: usize, isStrict: bool, keepEmpty: bool): u32 {
  const names = allNames();
  let at = start;
  while (true) {
    while (at < end && load<u8>(at) <= (space as u8)) {
      at += 1;
    }
    if (at >= end) {
      return good;
    }
    const keyStart = at;
    at = plainEnd(at, end);
    const keyEnd = at;
    const stop: u32 = at < end ? load<u8>(at) : 0;
    if (stop == quote || (stop == equals && keyEnd == keyStart)) {
      if (isStrict) {
        return invalid;
      }
      at = wordEnd(at, end);
      continue;
    }
    if (isOddKey(keyStart, keyEnd, true)) {
      return odd;
    }
    if (stop == equals) {
      at = readValue(at + 1, end);
    } else {
      kind = kindString;
      valueStart = at;
      valueEnd = at;
    }
    if (kind == kindNone) {
      if (isStrict) {
        return invalid;
      }
      continue;
    }
    if ((keepEmpty || valueEnd > valueStart) && !isDigit(load<u8>(keyStart))) {
      const name = nameOf(names, 0, keyStart, keyEnd);
      if (name < 32 && keepField(name, kind, valueStart, valueEnd)) {
        return good;
      }
    }
  }
}

/** Reads a value into the variables above; answers with where to go on. */
function readValue(start: usize, end: usize): usize {
  if (start < end && load<u8>(start) == (quote as u8)) {
    return readQuoted(start + 1, end);
  }
  const at = plainEnd(start, end);
  valueStart = start;
  valueEnd = at;
  // It ended before a space, or it is broken.
  if (at < end && load<u8>(at) > (space as u8)) {
    kind = kindNone;
    return wordEnd(at, end);
  }
  kind = kindString;
  return at;
}

function readQuoted(start: usize, end: usize): usize {
  let at = start;
  let hasEscape = false;
  let isValid = true;
  let controls: u32 = 0;
  valueStart = start;
  while (true) {
    const bytes = v128.load(at);
    const signs = v128.or(i8x16.eq(bytes, i8x16.splat(quote as u8)), i8x16.eq(bytes, i8x16.splat(backslash as u8)));
    const signed = i8x16.bitmask(signs) as u32;
    const below = i8x16.bitmask(i8x16.lt_u(bytes, i8x16.splat(space as u8))) as u32;
    const step = min(signed == 0 ? 16 : ctz(signed), at < end ? ((end - at) as u32) : 0);
    controls |= below & ((1 << step) - 1);
    at += step as usize;
    if (at >= end) {
      kind = kindNone;
      valueEnd = end;
      return end;
    }
    if (step == 16) {
      continue;
    }
    if (load<u8>(at) == (quote as u8)) {
      break;
    }
    hasEscape = true;
    // What is escaped is passed over, since it may be a quote; it is a control character or a good one.
    isValid = isValid && isEscape(at + 1, end);
    at += 2;
  }
  const isBroken = hasEscape && (!isValid || controls != 0);
  kind = isBroken ? kindNone : hasEscape ? kindEscapedString : kindString;
  valueEnd = at;
  return at + 1;
}

/** Whether what is behind a backslash makes an escape. */
function isEscape(at: usize, end: usize): bool {
  if (at >= end) {
    return false;
  }
  switch (load<u8>(at) as u32) {
    case 0x22:
    case 0x27:
    case 0x2f:
    case 0x5c:
    case 0x62:
    case 0x66:
    case 0x6e:
    case 0x72:
    case 0x74:
      return true;
    case 0x75:
      for (let i: usize = 1; i <= 4; i++) {
        const digit = load<u8>(at + i) as u32;
        if (at + i >= end || !(isDigit(digit) || (digit | 0x20) - 0x61 < 6)) {
          return false;
        }
      }
      return true;
    default:
      return false;
  }
}

/** Where the run of bytes ends that are no space, no quote and no equals sign. */
function plainEnd(start: usize, end: usize): usize {
  for (let at = start; at < end; at += 16) {
    const bytes = v128.load(at);
    const signs = v128.or(
      i8x16.le_u(bytes, i8x16.splat(space as u8)),
      v128.or(i8x16.eq(bytes, i8x16.splat(quote as u8)), i8x16.eq(bytes, i8x16.splat(equals as u8))),
    );
    const mask = i8x16.bitmask(signs) as u32;
    if (mask != 0) {
      return min(at + (ctz(mask) as usize), end);
    }
  }
  return end;
}

/** Where the next space is. */
function wordEnd(start: usize, end: usize): usize {
  let at = start;
  while (at < end && load<u8>(at) > (space as u8)) {
    at += 1;
  }
  return at;
}
