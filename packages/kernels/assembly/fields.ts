// Twin: src/field-names.ts, which also lays out the table of names.
import { wordBytes } from "./tokens";

export const kindNone: u32 = 0;
export const kindString: u32 = 1;
export const kindEscapedString: u32 = 2;
export const kindNumber: u32 = 3;
export const kindBoolean: u32 = 4;

export const good: u32 = 0;
export const invalid: u32 = 1;
export const odd: u32 = 2;
/** A good line, all of whose fields were found. */
export const stopped: u32 = 3;

const nameBytes: u32 = 80;
const lengthsOffset: usize = 1280;
const masksOffset: usize = 1344;
const nameLengthMax: u32 = 64;

/** The table of names, how many there are, and whether one may come from a key that begins with a digit. */
let table: usize = 0;
let nameCount: u32 = 0;
let mayBeginWithDigit: bool = false;
/** The names that a line must have before it is left; more than there are when it is to be read to its end. */
let wanted: u32 = 0;
/** The names that it has. */
let found: u32 = 0;

let base: usize = 0;
let line: u32 = 0;
let lineCount: u32 = 0;
let kinds: usize = 0;
let starts: usize = 0;
let ends: usize = 0;

/** Begins the work on lines: where names and columns are. Offsets are written from `from`. */
export function beginFields(
  from: usize,
  count: u32,
  names: usize,
  namesUsed: u32,
  digits: bool,
  isWhole: bool,
  outKinds: usize,
  outStarts: usize,
  outEnds: usize,
): void {
  base = from;
  lineCount = count;
  table = names;
  nameCount = namesUsed;
  mayBeginWithDigit = digits;
  wanted = isWhole ? 0xffffffff : (1 << namesUsed) - 1;
  kinds = outKinds;
  starts = outStarts;
  ends = outEnds;
  memory.fill(kinds, 0, (count * namesUsed) as usize);
  memory.fill(starts, 0, (count * namesUsed * 4) as usize);
  memory.fill(ends, 0, (count * namesUsed * 4) as usize);
}

export function beginLine(number: u32): void {
  line = number;
  found = 0;
}

export function allNames(): u32 {
  return (1 << nameCount) - 1;
}

/** Notes the field's value, unless there is one; answers whether the line can be left. */
export function keepField(name: u32, kind: u32, start: usize, end: usize): bool {
  if ((found & (1 << name)) == 0) {
    const index = (name * lineCount + line) as usize;
    found |= 1 << name;
    store<u8>(kinds + index, kind as u8);
    store<u32>(starts + (index << 2), (start - base) as u32);
    store<u32>(ends + (index << 2), (end - base) as u32);
  }
  return found == wanted;
}

/** Whether a key is more than the bytes of its label name. */
export function isOddKey(start: usize, end: usize, isTop: bool): bool {
  if (start == end || load<u8>(start) <= 0x20 || load<u8>(end - 1) <= 0x20) {
    return true;
  }
  if (isTop && mayBeginWithDigit && isDigit(load<u8>(start))) {
    return true;
  }
  for (let at = start; at < end; at += 16) {
    const above = i8x16.bitmask(v128.load(at)) as u32;
    if ((above & ((1 << (min(end - at, 16) as u32)) - 1)) != 0) {
      return true;
    }
  }
  return false;
}

export function isDigit(byte: u32): bool {
  return byte - 0x30 < 10;
}

/** The name that is the first `prefix` bytes of one of `candidates`, followed by the key; 32 when there is none. */
export function nameOf(candidates: u32, prefix: u32, start: usize, end: usize): u32 {
  const length = prefix + ((end - start) as u32);
  if (end - start > (nameLengthMax as usize) || length > nameLengthMax) {
    return 32;
  }
  let left = candidates & load<u32>(table + masksOffset + ((length as usize) << 2));
  while (left != 0) {
    const name = ctz(left);
    if (isKeyOf(name, prefix, start, end)) {
      return name;
    }
    left &= left - 1;
  }
  return 32;
}

/** Those of `candidates` that go on with the key behind their first `prefix` bytes. */
export function namesWith(candidates: u32, prefix: u32, start: usize, end: usize): u32 {
  const length = prefix + ((end - start) as u32);
  let names: u32 = 0;
  if (end - start > (nameLengthMax as usize)) {
    return 0;
  }
  for (let left = candidates; left != 0; left &= left - 1) {
    const name = ctz(left);
    if (lengthOf(name) >= length && isKeyOf(name, prefix, start, end)) {
      names |= 1 << name;
    }
  }
  return names;
}

/** Those of `candidates` that have an underscore there and something behind it. */
export function namesInside(candidates: u32, at: u32): u32 {
  let names: u32 = 0;
  for (let left = candidates; left != 0; left &= left - 1) {
    const name = ctz(left);
    if (lengthOf(name) > at && load<u8>(table + ((name * nameBytes + at) as usize)) == 0x5f) {
      names |= 1 << name;
    }
  }
  return names;
}

function lengthOf(name: u32): u32 {
  return load<u32>(table + lengthsOffset + ((name as usize) << 2));
}

/** Whether the name has the key, with underscores in the place of what is no letter and no digit, at `prefix`. */
function isKeyOf(name: u32, prefix: u32, start: usize, end: usize): bool {
  let at = table + ((name * nameBytes + prefix) as usize);
  for (let from = start; from < end; from += 16) {
    const bytes = v128.load(from);
    const sanitized = v128.bitselect(bytes, i8x16.splat(0x5f), wordBytes(bytes));
    const equal = i8x16.bitmask(i8x16.eq(sanitized, v128.load(at))) as u32;
    const all: u32 = (1 << (min(end - from, 16) as u32)) - 1;
    if ((equal & all) != all) {
      return false;
    }
    at += 16;
  }
  return true;
}
