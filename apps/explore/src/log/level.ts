import type { LabelRecord } from "@sluice/api";

/** How bad a line is, ascending; 0 is unknown. A number, so that a hundred thousand of them are one small array. */
export type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6;

export const levelNames = ["unknown", "trace", "debug", "info", "warn", "error", "fatal"] as const;
export type LevelName = (typeof levelNames)[number];

/** One letter each, so that colour is never the only sign. */
export const levelLetters = ["·", "T", "D", "I", "W", "E", "F"] as const;

const namesOfLevels: Readonly<Record<Exclude<LevelName, "unknown">, readonly string[]>> = {
  trace: ["trc"],
  debug: ["dbg"],
  info: ["inf", "information", "informational", "notice"],
  warn: ["warning", "wrn"],
  error: ["err", "eror"],
  fatal: ["critical", "crit", "panic", "alert", "emerg", "emergency"],
};

const levelByName: ReadonlyMap<string, Level> = new Map(
  Object.entries(namesOfLevels).flatMap(([name, others]) => {
    const level = levelNames.indexOf(name as LevelName) as Level;
    return [name, ...others].map((each) => [each, level] as const);
  }),
);

/** Labels that tell a level, the server's own finding first. */
const levelLabels = ["detected_level", "level", "severity", "lvl", "loglevel", "severity_text"] as const;

/** A level stands near a line's start; what comes later is not searched, so that huge lines cost nothing. */
const searchedLengthMax = 512;

const klog = /^([IWEF])\d{4} /u;
const klogLevels: Readonly<Record<string, Level>> = { I: 3, W: 4, E: 5, F: 6 };
const field =
  /(?:^|[\s,{"'[(])(?:level|lvl|severity|loglevel|log_level|levelname|severityText)["']?\s*[=:]\s*["']?(\w+)/giu;
const word = /\b(?:TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERR(?:OR)?|CRIT(?:ICAL)?|FATAL|PANIC)\b/u;
const bracketed = /[[<](trace|debug|info|notice|warn(?:ing)?|err(?:or)?|crit(?:ical)?|fatal|panic|alert|emerg)[\]>]/iu;

/** The level that a word or one of pino's and bunyan's numbers stands for. */
export function levelOfName(name: string): Level {
  const known = levelByName.get(name.toLowerCase());
  if (known !== undefined) {
    return known;
  }
  return /^[1-6]0$/u.test(name) ? (Number(name[0]) as Level) : 0;
}

/** The level that a line's labels tell. */
export function levelOfLabels(labels: LabelRecord): Level {
  for (const name of levelLabels) {
    const value = labels[name];
    const level = value === undefined ? 0 : levelOfName(value);
    if (level !== 0) {
      return level;
    }
  }
  return 0;
}

/** The level that a line's own text tells: a field of JSON or logfmt, klog's first letter, or a word. */
export function levelOfText(line: string): Level {
  const head = line.length > searchedLengthMax ? line.slice(0, searchedLengthMax) : line;
  for (const [, name] of head.matchAll(field)) {
    const level = levelOfName(name!);
    if (level !== 0) {
      return level;
    }
  }
  const byKlog = klog.exec(head);
  if (byKlog !== null) {
    return klogLevels[byKlog[1]!]!;
  }
  const byBracket = bracketed.exec(head);
  if (byBracket !== null) {
    return levelOfName(byBracket[1]!);
  }
  const byWord = word.exec(head);
  return byWord === null ? 0 : levelOfName(byWord[0]);
}
