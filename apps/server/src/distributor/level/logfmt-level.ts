import { quotedEnd } from "./quoted-end.ts";
import { levelOfBytes, levelOfText, unknownLevel, type LevelIndex } from "./level.ts";
import type { LevelFields } from "./level-fields.ts";

const space = 0x20;
const quote = 0x22;
const equalSign = 0x3d;
const backslash = 0x5c;

/**
 * The level in the logfmt field whose name comes first in the list of names, wherever in the line it is; case does not
 * count. The line is read up to its first mistake, as Loki's decoder does.
 *
 * @returns `unknown` when there is no such field, or its value is no level.
 * @see Loki's pkg/distributor/field_detection.go getValueUsingLogfmtParser
 */
export function levelInLogfmt(bytes: Uint8Array, start: number, end: number, fields: LevelFields): LevelIndex {
  let level = unknownLevel;
  let bestPlace = fields.names.length;
  let at = start;
  while (at < end) {
    if (bytes[at]! <= space) {
      at += 1;
      continue;
    }
    const keyStart = at;
    while (at < end && endsWord[bytes[at]!] === 0) {
      at += 1;
    }
    const keyEnd = at;
    const code = at < end ? bytes[at]! : space;
    if (code === quote || keyEnd === keyStart) {
      return level;
    }
    const hasValue = code === equalSign;
    const valueStart = hasValue ? at + 1 : at;
    const valueEnd = hasValue ? endOfValue(bytes, valueStart, end) : at;
    if (valueEnd === broken) {
      return level;
    }
    const place = fields.placeOf(bytes, keyStart, keyEnd);
    if (place !== -1 && place < bestPlace) {
      bestPlace = place;
      level = levelOfValue(bytes, valueStart, valueEnd);
      if (place === 0) {
        return level;
      }
    }
    at = valueEnd;
  }
  return level;
}

const broken = -1;

/** What ends a key, or a value without quotes: spaces, `=` and `"`. */
const endsWord = Uint8Array.from({ length: 256 }, (_, code) =>
  code <= space || code === equalSign || code === quote ? 1 : 0,
);

/** Where a value ends, with its quotes, or `broken`. */
function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  if (bytes[at] === quote && at < end) {
    const last = quotedEnd(bytes, start + 1, end);
    return last < end ? last + 1 : broken;
  }
  while (at < end && endsWord[bytes[at]!] === 0) {
    at += 1;
  }
  return at < end && bytes[at]! > space ? broken : at;
}

function levelOfValue(bytes: Uint8Array, start: number, end: number): LevelIndex {
  if (start === end || bytes[start] !== quote) {
    return levelOfBytes(bytes, start, end);
  }
  return bytes.subarray(start, end).includes(backslash)
    ? levelOfQuoted(bytes.subarray(start, end))
    : levelOfBytes(bytes, start + 1, end - 1);
}

function levelOfQuoted(value: Uint8Array): LevelIndex {
  try {
    return levelOfText(JSON.parse(new TextDecoder().decode(value)) as string);
  } catch {
    return unknownLevel;
  }
}
