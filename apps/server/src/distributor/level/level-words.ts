import { equalsFolded, levelOfText, unknownLevel, type LevelIndex } from "./level.ts";

/** Words that tell a level wherever they stand in a line. */
const words = ["trace", "debug", "fatal", "critical", "error", "err", "warning", "warn", "info"].map((word) => ({
  letters: new TextEncoder().encode(word),
  level: levelOfText(word),
}));

/** By a letter's code, in either case: the second letter of the words that begin with it, 0 where none does. */
const secondLetter = new Uint8Array(256);
/** By the same, the words, long ones first. */
const wordsOfLetter: (typeof words)[] = Array.from({ length: 256 }, () => []);
for (const word of words) {
  for (const code of [word.letters[0]!, word.letters[0]! & ~0x20]) {
    secondLetter[code] = word.letters[1]!;
    wordsOfLetter[code]!.push(word);
  }
}

/** What may stand before such a word. A colon may not: `misc:error` is a word of its own. */
const before = flagsOf((code) => " \t\n[({\"'=|".includes(String.fromCharCode(code)));
const after = flagsOf((code) => " \t\n[](){}:,!\"'=|".includes(String.fromCharCode(code)));

/**
 * The level that the leftmost whole word among trace, debug, fatal, critical, error, err, warning, warn and info tells.
 *
 * @see Loki's pkg/distributor/field_detection.go detectLevelFromLogLine
 */
export function levelOfWords(bytes: Uint8Array, start: number, end: number): LevelIndex {
  let level = levelOfWordAt(bytes, start, end);
  for (let i = start + 1; level === unknownLevel && i < end; i++) {
    // Few bytes are borders, and few words begin like these: this is what nearly every byte costs.
    if (before[bytes[i - 1]!] === 1 && secondLetter[bytes[i]!] !== 0) {
      level = levelOfWordAt(bytes, i, end);
    }
  }
  return level;
}

/** The level that a whole word tells which begins at `offset`, behind a border. */
function levelOfWordAt(bytes: Uint8Array, offset: number, end: number): LevelIndex {
  if (offset + 2 > end || (bytes[offset + 1]! | 0x20) !== secondLetter[bytes[offset]!]) {
    return unknownLevel;
  }
  for (const { letters, level } of wordsOfLetter[bytes[offset]!]!) {
    const wordEnd = offset + letters.length;
    if (wordEnd <= end && equalsFolded(bytes, offset, letters) && (wordEnd === end || after[bytes[wordEnd]!] === 1)) {
      return level;
    }
  }
  return unknownLevel;
}

function flagsOf(isSet: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (isSet(code) ? 1 : 0));
}
