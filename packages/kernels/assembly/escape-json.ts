// Twin: src/escape-json.ts.

const quote: u8 = 0x22;
const backslash: u8 = 0x5c;

/**
 * By the mask of those of eight bytes that get a backslash, the places that make their escaped text: 0 to 7 for a byte,
 * 8 for the backslash. Filled by the first call, at the end of the module's own page: as data it would be most of the module.
 */
const escapes: usize = 61_440;

/**
 * Writes `count` lines as the insides of JSON strings, one behind the other. Starts and ends are words, offsets from
 * `base`, and so are the ends in the output, from `out`. Reads up to 16 bytes behind a line and writes as many behind
 * its text, which is at most six times as long.
 *
 * @returns the end of the output.
 */
export function escapeJsonLines(
  base: usize,
  starts: usize,
  ends: usize,
  count: u32,
  out: usize,
  outEnds: usize,
): usize {
  // The places for the mask 1 begin with the backslash.
  if (load<u8>(escapes + 16) == 0) {
    fillEscapes();
  }
  let to = out;
  for (let i: usize = 0; i < (count as usize) << 2; i += 4) {
    to = escapeLine(base + (load<u32>(starts + i) as usize), base + (load<u32>(ends + i) as usize), to);
    store<u32>(outEnds + i, (to - out) as u32);
  }
  return to;
}

function fillEscapes(): void {
  for (let mask: u32 = 0; mask < 256; mask++) {
    let at = escapes + ((mask as usize) << 4);
    for (let i: u32 = 0; i < 8; i++) {
      if (mask & (1 << i)) {
        store<u8>(at, 8);
        at += 1;
      }
      store<u8>(at, i as u8);
      at += 1;
    }
  }
}

function escapeLine(start: usize, end: usize, out: usize): usize {
  let at = start;
  let to = out;
  while (at < end) {
    const bytes = v128.load(at);
    const escaped = v128.or(i8x16.eq(bytes, i8x16.splat(quote)), i8x16.eq(bytes, i8x16.splat(backslash)));
    // Control characters and all bytes that are not ASCII: those are negative.
    const odd = i8x16.bitmask(i8x16.lt_s(bytes, i8x16.splat(0x20))) as u32;
    const plain = min(min((end - at) as u32, 16), ctz(odd | 0x10000));
    const mask = (i8x16.bitmask(escaped) as u32) & ((1 << plain) - 1);
    if (mask == 0) {
      v128.store(to, bytes);
      to += plain as usize;
    } else {
      to = writeEscaped(to, at, mask & 0xff, min(plain, 8));
      if (plain > 8) {
        to = writeEscaped(to, at + 8, mask >> 8, plain - 8);
      }
    }
    at += plain as usize;
    // One after the other: in many languages most characters are of this kind.
    while (at < end) {
      const byte = load<u8>(at);
      if (byte >= 0x80) {
        const length = sequenceLength(at, end);
        if (length > 0) {
          // Two to four bytes are right, the rest is written over.
          store<u32>(to, load<u32>(at));
          to += length as usize;
          at += length as usize;
        } else {
          store<u32>(to, 0xbdbfef);
          to += 3;
          at += -length as usize;
        }
      } else if (byte < 0x20) {
        to = writeControl(to, byte);
        at += 1;
      } else {
        break;
      }
    }
  }
  return to;
}

/** Writes `length` of eight bytes, those of the mask with a backslash before them. */
function writeEscaped(to: usize, at: usize, mask: u32, length: u32): usize {
  const bytes = i64x2.replace_lane(i8x16.splat(backslash), 0, load<u64>(at));
  v128.store(to, i8x16.swizzle(bytes, v128.load(escapes + ((mask as usize) << 4))));
  return to + ((length + popcnt(mask)) as usize);
}

function writeControl(to: usize, byte: u32): usize {
  let letter: u32 = 0;
  switch (byte) {
    case 0x08:
      letter = 0x62;
      break;
    case 0x09:
      letter = 0x74;
      break;
    case 0x0a:
      letter = 0x6e;
      break;
    case 0x0c:
      letter = 0x66;
      break;
    case 0x0d:
      letter = 0x72;
      break;
    default:
      // \u00 and two digits.
      store<u32>(to, 0x3030755c);
      store<u8>(to + 4, (0x30 + (byte >> 4)) as u8);
      store<u8>(to + 5, ((byte & 15) + ((byte & 15) < 10 ? 0x30 : 0x57)) as u8);
      return to + 6;
  }
  store<u16>(to, (backslash as u32) | (letter << 8));
  return to + 2;
}

/**
 * How long the UTF-8 sequence at `at` is, which does not begin with an ASCII byte; when it is none, minus the number of
 * bytes that one U+FFFD stands for: as many as begin some sequence, but at least one (the Encoding Standard's decoder).
 */
function sequenceLength(at: usize, end: usize): i32 {
  const first = load<u8>(at) as u32;
  // The second byte's bounds: no longer form than needed, no surrogates, nothing above U+10FFFF.
  let lower: u32 = 0x80;
  let upper: u32 = 0xbf;
  let length: i32;
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3;
    lower = first == 0xe0 ? 0xa0 : 0x80;
    upper = first == 0xed ? 0x9f : 0xbf;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4;
    lower = first == 0xf0 ? 0x90 : 0x80;
    upper = first == 0xf4 ? 0x8f : 0xbf;
  } else {
    return -1;
  }
  for (let i: i32 = 1; i < length; i++) {
    const next = load<u8>(at + (i as usize)) as u32;
    if (at + (i as usize) >= end || next < lower || next > upper) {
      return -i;
    }
    lower = 0x80;
    upper = 0xbf;
  }
  return length;
}
