import { labelsFrom, labelValue, noLabels, type EntryBatch, type LabelPair, type Labels } from "@sluice/model";
import { levelOfText, levels, normalizeLevel } from "./level/level.ts";
import { LineLevels, type LineLevelOptions } from "./level/line-level.ts";

/** The structured metadata that tells a line's level. */
export const levelName = "detected_level";
const severityNumberName = "severity_number";

/** Sets that hold nothing but a level, shared by all batches: most lines have no other metadata. */
const setOfLevel: readonly Labels[] = levels.map((value) => Object.freeze([Object.freeze({ name: levelName, value })]));

/**
 * Adds `detected_level` to the structured metadata of every entry that has none: from a label of the stream, from the
 * entry's metadata, else from its line.
 *
 * @param batch its metadata is normalised.
 * @see Loki's pkg/distributor/field_detection.go for the order in which the sources are asked
 */
export function detectLevels(labels: Labels, batch: EntryBatch, options: LineLevelOptions): EntryBatch {
  const levelOfStream = valueOfAny(labels, options.fields.names);
  const { count } = batch;
  const oldSets = batch.metadata?.sets ?? [noLabels];
  const oldIndex = batch.metadata?.index;
  const sets = new GrowingSets();
  // Once for each set of metadata: what it decides, or that its lines decide.
  const places = oldSets.map((set) => {
    const decided = decidedSet(set, levelOfStream, options.fields.names);
    return decided === undefined ? undecided : sets.add(decided);
  });
  const index = new Uint32Array(count);
  if (oldIndex === undefined && places[0] !== undecided) {
    return { ...batch, metadata: { sets: sets.all, index: index.fill(places[0]!) } };
  }
  const lines = new LineLevels(batch.bytes, options);
  /** Places of sets with a level of the line added: by the old set's place, then the level. */
  const added = new Int32Array(oldSets.length * levels.length).fill(undecided);
  for (let i = 0; i < count; i++) {
    const old = oldIndex === undefined ? 0 : oldIndex[i]!;
    let place = places[old]!;
    if (place === undecided) {
      const level = lines.levelOf(batch.lineStarts[i]!, batch.lineEnds[i]!);
      const cell = old * levels.length + level;
      place = added[cell]!;
      if (place === undecided) {
        place = sets.add(withLevel(oldSets[old]!, levels[level]!));
        added[cell] = place;
      }
    }
    index[i] = place;
  }
  return { ...batch, metadata: { sets: sets.all, index } };
}

const undecided = -1;

/** The set with the level that it or the stream's labels tell, or undefined when only the line can. */
function decidedSet(set: Labels, levelOfStream: string | undefined, names: readonly string[]): Labels | undefined {
  const present = labelValue(set, levelName);
  if (present !== "") {
    const level = normalizeLevel(present);
    return level === present ? set : withLevel(set, level);
  }
  const level = levelOfStream ?? valueOfAny(set, names);
  if (level !== undefined) {
    return withLevel(set, normalizeLevel(level));
  }
  const severity = labelValue(set, severityNumberName);
  return severity === "" ? undefined : withLevel(set, levelOfSeverityNumber(severity));
}

function withLevel(set: Labels, level: string): Labels {
  const index = levelOfText(level);
  if (set.length === 0 && (levels[index] as string) === level) {
    return setOfLevel[index]!;
  }
  return labelsFrom([...set, { name: levelName, value: level }]);
}

/** The value of the first of the names that the labels have. */
function valueOfAny(labels: Labels, names: readonly string[]): string | undefined {
  if (labels.length === 0) {
    return undefined;
  }
  const found = new Map(labels.map(({ name, value }: LabelPair) => [name, value]));
  const name = names.find((candidate) => found.has(candidate));
  return name === undefined ? undefined : found.get(name);
}

/** The upper ends of OpenTelemetry's ranges of severity numbers. */
const severityRanges = [
  [4, "trace"],
  [8, "debug"],
  [12, "info"],
  [16, "warn"],
  [20, "error"],
  [24, "fatal"],
] as const;

function levelOfSeverityNumber(text: string): string {
  if (!/^[+-]?\d+$/u.test(text)) {
    return "info";
  }
  const number = Number(text);
  return number === 0 ? "unknown" : (severityRanges.find(([highest]) => number <= highest)?.[1] ?? "unknown");
}

/** The sets of a metadata column while it is made; the first one is empty, as everywhere. */
class GrowingSets {
  readonly all: Labels[] = [noLabels];

  add(set: Labels): number {
    this.all.push(set);
    return this.all.length - 1;
  }
}
