/** The levels that lines are given, as `detected_level` tells them. Their places are what detectors return. */
export const levels = ["unknown", "trace", "debug", "info", "warn", "error", "critical", "fatal"] as const;

/** A place in {@link levels}: 0 is `unknown`. */
export type LevelIndex = number;

export const unknownLevel: LevelIndex = 0;

/** What means a level when a field, a label or metadata holds it, in any case. */
const indexOfWord: ReadonlyMap<string, LevelIndex> = new Map(
  [
    [],
    ["trace", "trc"],
    ["debug", "dbg"],
    ["info", "inf", "information"],
    ["warn", "wrn", "warning"],
    ["error", "err"],
    ["critical"],
    ["fatal"],
  ].flatMap((words, index) => words.map((word) => [word, index] as const)),
);
const wordLengthMax = Math.max(...indexOfWord.keys().map((word) => word.length));
/** The same words as bytes, by their length. */
const wordsOfLength = Array.from({ length: wordLengthMax + 1 }, (_, length) =>
  [...indexOfWord]
    .filter(([word]) => word.length === length)
    .map(([word, index]) => ({ letters: new TextEncoder().encode(word), index })),
);

/** The level that a value means, or {@link unknownLevel}. */
export function levelOfText(text: string): LevelIndex {
  return text.length > wordLengthMax ? unknownLevel : (indexOfWord.get(text.toLowerCase()) ?? unknownLevel);
}

/** The same for the bytes `[start, end)` of a line, without a text for each. */
export function levelOfBytes(bytes: Uint8Array, start: number, end: number): LevelIndex {
  for (const { letters, index } of wordsOfLength[end - start] ?? none) {
    if (equalsFolded(bytes, start, letters)) {
      return index;
    }
  }
  return unknownLevel;
}

const none: (typeof wordsOfLength)[number] = [];

/** Whether the bytes from `start` on are these letters, in any case. */
export function equalsFolded(bytes: Uint8Array, start: number, letters: Uint8Array): boolean {
  for (let i = 0; i < letters.length; i++) {
    if ((bytes[start + i]! | 0x20) !== letters[i]) {
      return false;
    }
  }
  return true;
}

/** A level as Loki normalises it: a known one by its usual name, another as it came. */
export function normalizeLevel(text: string): string {
  const index = levelOfText(text);
  return index === unknownLevel ? text : levels[index]!;
}
