// Twin: src/packed-ids.ts.

const uuidMark: u8 = 1;
const runMark: u8 = 2;
const uuidLength: usize = 36;
const runDigitsMin: usize = 16;
const runPairsMax: usize = 255;

/**
 * Takes the ids out of the text [start, end). Reads up to 128 bytes behind `end`, which it first fills with zeros.
 *
 * @param text gets the text with marks, at most as long as the original; written up to 16 bytes further.
 * @param ids gets the ids, at most half as long; written up to 16 bytes further.
 * @param lengths gets the lengths of both.
 * @returns 1; 0 when the text holds a mark.
 */
export function packIds(start: usize, end: usize, text: usize, ids: usize, lengths: usize): u32 {
  memory.fill(end, 0, 128);
  let out = text;
  let id = ids;
  let copied = start;
  // Everything before is done with: a run that reaches over a border is looked at once.
  let done = start;
  let digits = digitsAt(start);
  for (let at = start; at < end; at += 64) {
    if (marksAt(at, end) != 0) {
      return 0;
    }
    const next = digitsAt(at + 64);
    // Where eight digits follow each other.
    let runs = digits & shifted(digits, next, 1);
    const nextPairs = next & (next >> 1);
    let pairs = runs;
    runs = pairs & shifted(pairs, nextPairs, 2);
    const nextFours = nextPairs & (nextPairs >> 2);
    runs = runs & shifted(runs, nextFours, 4);
    digits = next;
    while (runs != 0) {
      const place = at + <usize>ctz(runs);
      runs &= runs - 1;
      if (place < done) {
        continue;
      }
      let runEnd = place + 8;
      while (isDigit(load<u8>(runEnd))) {
        runEnd += 1;
      }
      const count = runEnd - place;
      if (count == 8 && isUuid(place, end)) {
        const literal = place - copied;
        memory.copy(out, copied, literal);
        out += literal;
        store<u8>(out, uuidMark);
        out += 1;
        writePairs8(place, id);
        store<u16>(id + 4, pairs4(place + 9));
        store<u16>(id + 6, pairs4(place + 14));
        store<u16>(id + 8, pairs4(place + 19));
        store<u16>(id + 10, pairs4(place + 24));
        writePairs8(place + 28, id + 12);
        id += 16;
        runEnd = place + uuidLength;
        copied = runEnd;
      } else if (count >= runDigitsMin && hasLetter(place, runEnd)) {
        const literal = place - copied;
        memory.copy(out, copied, literal);
        out += literal;
        const pairCount = min(count >> 1, runPairsMax);
        store<u8>(out, runMark);
        store<u8>(out + 1, <u8>pairCount);
        out += 2;
        for (let i: usize = 0; i < pairCount; i++) {
          store<u8>(id + i, <u8>((valueOf(load<u8>(place + 2 * i)) << 4) | valueOf(load<u8>(place + 2 * i + 1))));
        }
        id += pairCount;
        runEnd = place + pairCount * 2;
        copied = runEnd;
      }
      done = runEnd;
    }
  }
  const literal = end - copied;
  memory.copy(out, copied, literal);
  store<u32>(lengths, <u32>(out + literal - text));
  store<u32>(lengths + 4, <u32>(id - ids));
  return 1;
}

/**
 * Puts the ids [ids, idsEnd) back into the text [text, textEnd). Reads up to 16 bytes behind both, writes up to 16 bytes
 * behind `outEnd`.
 *
 * @returns 1; 0 when they do not make a text of exactly [out, outEnd).
 */
export function unpackIds(text: usize, textEnd: usize, ids: usize, idsEnd: usize, out: usize, outEnd: usize): u32 {
  let from = text;
  let to = out;
  let id = ids;
  const highest = i8x16.splat(2);
  const lowest = i8x16.splat(1);
  while (from < textEnd) {
    // Copies whole vectors up to the next mark.
    const vector = v128.load(from);
    const mask = i8x16.bitmask(v128.and(i8x16.le_u(vector, highest), i8x16.ge_u(vector, lowest)));
    if (to > outEnd) {
      return 0;
    }
    v128.store(to, vector);
    if (mask == 0) {
      from += 16;
      to += 16;
      continue;
    }
    const literal = <usize>ctz(mask);
    from += literal;
    to += literal;
    if (from >= textEnd) {
      break;
    }
    if (load<u8>(from) == uuidMark) {
      from += 1;
      if (to + uuidLength > outEnd || id + 16 > idsEnd) {
        return 0;
      }
      const high = digitsOf(v128.load(id));
      const low = digitsOf(
        i8x16.shuffle(v128.load(id), v128.load(id), 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15),
      );
      // xxxxxxxx-xxxx-xx | xx-xxxx-xxxxxxxx | xxxx
      const dash = i8x16.splat(0x2d);
      v128.store(to, i8x16.shuffle(high, dash, 0, 1, 2, 3, 4, 5, 6, 7, 16, 8, 9, 10, 11, 16, 12, 13));
      v128.store(
        to + 16,
        i8x16.shuffle(
          i8x16.shuffle(high, low, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29),
          dash,
          0,
          1,
          16,
          2,
          3,
          4,
          5,
          16,
          6,
          7,
          8,
          9,
          10,
          11,
          12,
          13,
        ),
      );
      store<u32>(to + 32, i32x4.extract_lane(low, 3));
      to += uuidLength;
      id += 16;
    } else {
      if (from + 2 > textEnd) {
        return 0;
      }
      const pairs = <usize>load<u8>(from + 1);
      from += 2;
      if (to + 2 * pairs > outEnd || id + pairs > idsEnd) {
        return 0;
      }
      for (let i: usize = 0; i < pairs; i += 8) {
        v128.store(to + 2 * i, digitsOf(v128.load64_zero(id + i)));
      }
      to += 2 * pairs;
      id += pairs;
    }
  }
  // The last vector may have brought what lies behind the text.
  const over = from - textEnd;
  return to - over == outEnd && id == idsEnd ? 1 : 0;
}

/** Which of 64 bytes are hexadecimal digits in lower case. */
function digitsAt(at: usize): u64 {
  return (
    digitMask(v128.load(at)) |
    (digitMask(v128.load(at + 16)) << 16) |
    (digitMask(v128.load(at + 32)) << 32) |
    (digitMask(v128.load(at + 48)) << 48)
  );
}

function digitMask(vector: v128): u64 {
  const isNumber = i8x16.le_u(i8x16.sub(vector, i8x16.splat(0x30)), i8x16.splat(9));
  const isLetter = i8x16.le_u(i8x16.sub(vector, i8x16.splat(0x61)), i8x16.splat(5));
  return <u64>(<u32>i8x16.bitmask(v128.or(isNumber, isLetter)));
}

/** Which of the bytes at `at` before `end` are marks, of 64. */
function marksAt(at: usize, end: usize): u64 {
  const all =
    markMask(v128.load(at)) |
    (markMask(v128.load(at + 16)) << 16) |
    (markMask(v128.load(at + 32)) << 32) |
    (markMask(v128.load(at + 48)) << 48);
  return all;
}

function markMask(vector: v128): u64 {
  return <u64>(<u32>i8x16.bitmask(i8x16.le_u(i8x16.sub(vector, i8x16.splat(1)), i8x16.splat(1))));
}

/** The bits of 128, of which `low` are the first 64, moved down. */
function shifted(low: u64, high: u64, by: u64): u64 {
  return (low >> by) | (high << (64 - by));
}

function isDigit(byte: u8): bool {
  return byte - 0x30 <= 9 || byte - 0x61 <= 5;
}

function valueOf(byte: u8): u32 {
  return byte <= 0x39 ? byte - 0x30 : byte - 0x57;
}

function isUuid(start: usize, end: usize): bool {
  if (start + uuidLength > end) {
    return false;
  }
  if (
    load<u8>(start + 8) != 0x2d ||
    load<u8>(start + 13) != 0x2d ||
    load<u8>(start + 18) != 0x2d ||
    load<u8>(start + 23) != 0x2d
  ) {
    return false;
  }
  const digits = digitsAt(start);
  // 8, 4, 4, 4 and 12 digits with a byte between them.
  const wanted: u64 = 0b111111111111_0_1111_0_1111_0_1111_0_11111111;
  return (digits & wanted) == wanted;
}

function hasLetter(start: usize, end: usize): bool {
  for (let at = start; at < end; at++) {
    if (load<u8>(at) > 0x39) {
      return true;
    }
  }
  return false;
}

/** Two bytes from four digits. */
function pairs4(at: usize): u16 {
  return <u16>(
    ((valueOf(load<u8>(at)) << 4) |
      valueOf(load<u8>(at + 1)) |
      (valueOf(load<u8>(at + 2)) << 12) |
      (valueOf(load<u8>(at + 3)) << 8))
  );
}

/** Four bytes from eight digits. */
function writePairs8(at: usize, to: usize): void {
  store<u16>(to, pairs4(at));
  store<u16>(to + 2, pairs4(at + 4));
}

/** The digits of the first eight bytes. */
function digitsOf(bytes: v128): v128 {
  const high = i8x16.shr_u(bytes, 4);
  const low = v128.and(bytes, i8x16.splat(15));
  const nibbles = i8x16.shuffle(high, low, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const letters = v128.and(i8x16.gt_u(nibbles, i8x16.splat(9)), i8x16.splat(0x27));
  return i8x16.add(i8x16.add(nibbles, i8x16.splat(0x30)), letters);
}
