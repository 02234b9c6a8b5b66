// Twin: src/snappy-encode.ts. The scheme is that of google/snappy's CompressFragment.

const fragmentBytes: u32 = 65536;
/** A table of 2^14 offsets of 16 bits. */
const tableBits: u32 = 14;
/** No match begins in the last bytes of a fragment: they are read eight at a time. */
const margin: u32 = 15;

/**
 * Encodes [source, sourceEnd) as elements, without the declared length. `target` has room for
 * `32 + length + length / 6` bytes, `table` for 32 KiB. Reads up to 8 bytes behind the source.
 *
 * @returns the end of the elements.
 */
export function snappyEncode(source: usize, sourceEnd: usize, target: usize, table: usize): usize {
  let out = target;
  for (let at = source; at < sourceEnd; at += fragmentBytes) {
    out = encodeFragment(at, min(at + fragmentBytes, sourceEnd), out, table);
  }
  return out;
}

function encodeFragment(start: usize, end: usize, target: usize, table: usize): usize {
  let out = target;
  let emitted = start;
  if (end - start > margin) {
    memory.fill(table, 0, 2 << tableBits);
    const limit = end - margin;
    let at = start + 1;
    let hash = hashAt(at);
    while (true) {
      // Text that does not match is passed over faster and faster.
      let skip: u32 = 32;
      let next = at;
      let candidate: usize;
      do {
        at = next;
        next = at + (skip >> 5);
        skip += 1;
        if (next > limit) {
          return emitLiteral(out, emitted, end);
        }
        const slot = table + (hash << 1);
        hash = hashAt(next);
        candidate = start + load<u16>(slot);
        store<u16>(slot, at - start);
      } while (load<u32>(at) != load<u32>(candidate));
      out = emitLiteral(out, emitted, at);
      do {
        const length = 4 + matchLength(candidate + 4, at + 4, end);
        out = emitCopy(out, (at - candidate) as u32, length);
        at += length;
        emitted = at;
        if (at >= limit) {
          return emitLiteral(out, emitted, end);
        }
        store<u16>(table + (hashAt(at - 1) << 1), at - 1 - start);
        const slot = table + (hashAt(at) << 1);
        candidate = start + load<u16>(slot);
        store<u16>(slot, at - start);
      } while (load<u32>(at) == load<u32>(candidate));
      at += 1;
      hash = hashAt(at);
    }
  }
  return emitLiteral(out, emitted, end);
}

function hashAt(at: usize): u32 {
  return (load<u32>(at) * 0x1e35a7bd) >> (32 - tableBits);
}

/** How many bytes at `a` and `b` are equal before `b` reaches `end`. */
function matchLength(a: usize, b: usize, end: usize): u32 {
  let length: usize = 0;
  const max = end - b;
  while (length < max) {
    const difference = load<u64>(a + length) ^ load<u64>(b + length);
    if (difference != 0) {
      return min(length + ((ctz(difference) >> 3) as usize), max) as u32;
    }
    length += 8;
  }
  return max as u32;
}

function emitLiteral(target: usize, from: usize, to: usize): usize {
  const length = (to - from) as u32;
  if (length == 0) {
    return target;
  }
  let out = target;
  const value = length - 1;
  if (value < 60) {
    store<u8>(out, value << 2);
    out += 1;
  } else if (value < 256) {
    store<u8>(out, 60 << 2);
    store<u8>(out + 1, value);
    out += 2;
  } else {
    // A fragment's literal is 64 KiB at most.
    store<u8>(out, 61 << 2);
    store<u16>(out + 1, value);
    out += 3;
  }
  memory.copy(out, from, length);
  return out + length;
}

/** One copy after the other, of 64 bytes at most; the last of them never below 4. */
function emitCopy(target: usize, distance: u32, length: u32): usize {
  let out = target;
  let rest = length;
  while (rest >= 68) {
    out = emitShortCopy(out, distance, 64);
    rest -= 64;
  }
  if (rest > 64) {
    out = emitShortCopy(out, distance, 60);
    rest -= 60;
  }
  return emitShortCopy(out, distance, rest);
}

function emitShortCopy(out: usize, distance: u32, length: u32): usize {
  if (length < 12 && distance < 2048) {
    store<u8>(out, 1 | ((length - 4) << 2) | ((distance >> 8) << 5));
    store<u8>(out + 1, distance);
    return out + 2;
  }
  store<u8>(out, 2 | ((length - 1) << 2));
  store<u16>(out + 1, distance);
  return out + 3;
}
