/** What {@link packIds} makes of a text. */
export interface PackedIds {
  /** The text with a mark in the place of every id. */
  readonly text: Uint8Array;
  /** The ids' bytes, one behind the other. */
  readonly ids: Uint8Array;
}

/** In the text, a mark for a UUID: 36 characters, 16 bytes. */
const uuidMark = 1;
/** A mark for a run of hexadecimal digits; the next byte says how many pairs of them. */
const runMark = 2;

const uuidLength = 36;
const uuidGroups = [8, 4, 4, 4, 12] as const;
const runDigitsMin = 16;
const runPairsMax = 255;
const hexDigits = new TextEncoder().encode("0123456789abcdef");

/**
 * Takes the ids out of a text, since as random bytes they take half the room that their digits take, and no compressor
 * can do better: UUIDs in lower case, and runs of at least 16 hexadecimal digits in lower case among which is a letter.
 * {@link unpackIds} puts them back.
 *
 * @returns undefined for a text that holds a byte that marks an id.
 */
export function packIds(bytes: Uint8Array): PackedIds | undefined {
  const text = new Uint8Array(bytes.length);
  const ids = new Uint8Array(bytes.length >> 1);
  let textLength = 0;
  let idsLength = 0;
  let copied = 0;
  const mark = (start: number, end: number): void => {
    text.set(bytes.subarray(copied, start), textLength);
    textLength += start - copied;
    copied = end;
  };
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at]!;
    if (byte === uuidMark || byte === runMark) {
      return undefined;
    }
    if (!isHexDigit(byte)) {
      at += 1;
      continue;
    }
    let end = at + 1;
    while (end < bytes.length && isHexDigit(bytes[end]!)) {
      end += 1;
    }
    if (end - at === uuidGroups[0] && isUuid(bytes, at)) {
      end = at + uuidLength;
      mark(at, end);
      text[textLength++] = uuidMark;
      let from = at;
      for (const group of uuidGroups) {
        idsLength = writePairs(bytes, from, group / 2, ids, idsLength);
        from += group + 1;
      }
    } else if (end - at >= runDigitsMin && bytes.subarray(at, end).some((digit) => digit > 0x39)) {
      const pairs = Math.min((end - at) >> 1, runPairsMax);
      end = at + pairs * 2;
      mark(at, end);
      text[textLength++] = runMark;
      text[textLength++] = pairs;
      idsLength = writePairs(bytes, at, pairs, ids, idsLength);
    }
    at = end;
  }
  mark(bytes.length, bytes.length);
  return { text: text.subarray(0, textLength), ids: ids.subarray(0, idsLength) };
}

/**
 * Puts ids back into a text.
 *
 * @param length of the text with them.
 * @returns undefined when text and ids are not what {@link packIds} made of a text of this length.
 */
export function unpackIds(text: Uint8Array, ids: Uint8Array, length: number): Uint8Array | undefined {
  const out = new Uint8Array(length);
  return unpackIdsInto(text, ids, out) ? out : undefined;
}

/** {@link unpackIds} into memory that is there; false when text and ids do not fit it. */
export function unpackIdsInto(text: Uint8Array, ids: Uint8Array, out: Uint8Array): boolean {
  const { length } = out;
  let at = 0;
  let id = 0;
  const writeDigits = (pairs: number): void => {
    for (let i = 0; i < pairs; i++) {
      const byte = ids[id++]!;
      out[at++] = hexDigits[byte >> 4]!;
      out[at++] = hexDigits[byte & 15]!;
    }
  };
  for (let from = 0; from < text.length;) {
    const byte = text[from++]!;
    if (byte === uuidMark) {
      if (at + uuidLength > length || id + uuidLength / 2 - 2 > ids.length) {
        return false;
      }
      for (const group of uuidGroups) {
        writeDigits(group / 2);
        if (group !== uuidGroups[4]) {
          out[at++] = 0x2d;
        }
      }
    } else if (byte === runMark) {
      const pairs = text[from++];
      if (pairs === undefined || at + pairs * 2 > length || id + pairs > ids.length) {
        return false;
      }
      writeDigits(pairs);
    } else {
      if (at === length) {
        return false;
      }
      out[at++] = byte;
    }
  }
  return at === length && id === ids.length;
}

function isHexDigit(byte: number): boolean {
  return (byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x66);
}

/** Whether the 8 digits at `start`, which are a whole run, begin a UUID; what follows its end does not matter. */
function isUuid(bytes: Uint8Array, start: number): boolean {
  if (start + uuidLength > bytes.length) {
    return false;
  }
  for (let i = uuidGroups[0]; i < uuidLength; i++) {
    const byte = bytes[start + i]!;
    const isDash = i === 8 || i === 13 || i === 18 || i === 23;
    if (isDash ? byte !== 0x2d : !isHexDigit(byte)) {
      return false;
    }
  }
  return true;
}

function writePairs(bytes: Uint8Array, start: number, pairs: number, ids: Uint8Array, to: number): number {
  for (let i = 0; i < pairs; i++) {
    ids[to + i] = (digitValue(bytes[start + 2 * i]!) << 4) | digitValue(bytes[start + 2 * i + 1]!);
  }
  return to + pairs;
}

function digitValue(byte: number): number {
  return byte <= 0x39 ? byte - 0x30 : byte - 0x57;
}
