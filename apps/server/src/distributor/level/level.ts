/** The levels that lines are given, as `detected_level` tells them. Their places are what detectors return. */
export const levels = ["unknown", "trace", "debug", "info", "warn", "error", "critical", "fatal"] as const;

/** A place in {@link levels}: 0 is `unknown`. */
export type LevelIndex = number;

export const unknownLevel: LevelIndex = 0;

/** What means a level when a field, a label or metadata holds it, in any case. */
const indexOfWord: ReadonlyMap<string, LevelIndex> = new Map(
  [[], ["trace", "trc"], ["debug", "dbg"], ["info", "inf", "information"], ["warn", "wrn", "warning"], ["error", "err"]]
    .concat([["critical"], ["fatal"]])
    .flatMap((words, index) => words.map((word) => [word, index] as const)),
);
const wordLengthMax = Math.max(...indexOfWord.keys().map((word) => word.length));

/** The level that a value means, or {@link unknownLevel}. */
export function levelOfText(text: string): LevelIndex {
  return text.length > wordLengthMax ? unknownLevel : (indexOfWord.get(text.toLowerCase()) ?? unknownLevel);
}

/** The same for the bytes `[start, end)` of a line. */
export function levelOfBytes(bytes: Uint8Array, start: number, end: number): LevelIndex {
  if (end - start > wordLengthMax) {
    return unknownLevel;
  }
  let text = "";
  for (let i = start; i < end; i++) {
    text += String.fromCharCode(bytes[i]!);
  }
  return indexOfWord.get(text.toLowerCase()) ?? unknownLevel;
}

/** A level as Loki normalises it: a known one by its usual name, another as it came. */
export function normalizeLevel(text: string): string {
  const index = levelOfText(text);
  return index === unknownLevel ? text : levels[index]!;
}
