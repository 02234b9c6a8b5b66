// Twin: src/snappy-decode.ts. The format: google/snappy, format_description.txt.

/** Offsets of a copy below 16 bytes: which of the 16 bytes before it each of the next 16 is. Row d repeats d bytes. */
// prettier-ignore
const repeats = memory.data<u8>([
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1,
  0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0,
  0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0,
  0, 1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 4, 5, 6, 7,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 1, 2, 3, 4, 5, 6,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 0, 1, 2, 3, 4,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 1, 2, 3,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0, 1, 2,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 0, 1,
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0,
]);

/** How far one store of 16 bytes of such a copy gets: the largest multiple of the distance that is at most 16. */
const repeatSteps = memory.data<u8>([16, 16, 16, 15, 16, 15, 12, 14, 16, 9, 10, 11, 12, 13, 14, 15]);

/**
 * Decodes the elements of a block (behind its declared length) from [source, sourceEnd) to [target, targetEnd). Reads
 * up to 16 bytes behind the source and writes up to 80 behind the target.
 *
 * @returns 1 when the elements make exactly the bytes of the target, 0 when they are damaged.
 */
export function snappyDecode(source: usize, sourceEnd: usize, target: usize, targetEnd: usize): u32 {
  let at = source;
  let out = target;
  while (at < sourceEnd) {
    const tag = load<u8>(at) as u32;
    at += 1;
    if ((tag & 3) == 0) {
      let length = tag >> 2;
      if (length < 16) {
        length += 1;
        if (length > sourceEnd - at || length > targetEnd - out) {
          return 0;
        }
        v128.store(out, v128.load(at));
      } else {
        if (length >= 60) {
          const sizeOfLength = length - 59;
          if (sizeOfLength > sourceEnd - at) {
            return 0;
          }
          length = load<u32>(at) & (0xffffffff >> ((4 - sizeOfLength) << 3));
          at += sizeOfLength;
        }
        // Compared before 1 is added: 2^32 - 1 must not become 0.
        if (length >= sourceEnd - at || length >= targetEnd - out) {
          return 0;
        }
        length += 1;
        if (length <= 64) {
          copy64(out, at);
        } else {
          memory.copy(out, at, length);
        }
      }
      at += length;
      out += length;
      continue;
    }
    let length: u32;
    let distance: u32;
    if ((tag & 3) == 1) {
      length = ((tag >> 2) & 7) + 4;
      distance = ((tag >> 5) << 8) | load<u8>(at);
      at += 1;
    } else if ((tag & 3) == 2) {
      length = (tag >> 2) + 1;
      distance = load<u16>(at);
      at += 2;
    } else {
      length = (tag >> 2) + 1;
      distance = load<u32>(at);
      at += 4;
    }
    // A distance of zero wraps to the largest number.
    if (at > sourceEnd || distance - 1 >= out - target || length > targetEnd - out) {
      return 0;
    }
    if (distance >= 16) {
      const from = out - distance;
      v128.store(out, v128.load(from));
      if (length > 16) {
        v128.store(out + 16, v128.load(from + 16));
        if (length > 32) {
          v128.store(out + 32, v128.load(from + 32));
          v128.store(out + 48, v128.load(from + 48));
        }
      }
    } else {
      const pattern = i8x16.swizzle(v128.load(out - distance), v128.load(repeats + (distance << 4)));
      const step = load<u8>(repeatSteps + distance) as u32;
      let to = out;
      const end = out + length;
      do {
        v128.store(to, pattern);
        to += step;
      } while (to < end);
    }
    out += length;
  }
  return out == targetEnd ? 1 : 0;
}

function copy64(to: usize, from: usize): void {
  v128.store(to, v128.load(from));
  v128.store(to + 16, v128.load(from + 16));
  v128.store(to + 32, v128.load(from + 32));
  v128.store(to + 48, v128.load(from + 48));
}
