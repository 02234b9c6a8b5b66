import { isServiceError, noLabels, withMetadata, type EntryBatch, type Labels } from "@sluice/model";
import type { Limits } from "../limits.ts";
import type { DiscardReason } from "./discard-reasons.ts";
import { levelName } from "./detect-levels.ts";
import { normalizeMetadata } from "./metadata-names.ts";

/** What becomes of one set of structured metadata. */
export interface CheckedSet {
  /** As it is stored. */
  readonly set: Labels;
  /** Bytes of names and values as they came, as rates count them. */
  readonly bytes: number;
  /** Why entries with it are refused, if they are. */
  readonly problem?: { readonly reason: DiscardReason; readonly textFor: (stream: string) => string };
}

/** Checks and normalises every set of a batch once, however many entries have it. */
export function checkMetadata({ metadata }: EntryBatch, limits: Limits): readonly CheckedSet[] {
  return (metadata?.sets ?? [noLabels]).map((set) => checkSet(set, limits));
}

function checkSet(set: Labels, limits: Limits): CheckedSet {
  if (set.length === 0) {
    return { set, bytes: 0 };
  }
  const bytes = sizeOf(set);
  if (!limits.allow_structured_metadata) {
    const text =
      "includes structured metadata, but this feature is disallowed. Please see `limits_config.allow_structured_metadata` or contact your Loki administrator to enable it";
    return {
      set,
      bytes,
      problem: { reason: "disallowed_structured_metadata", textFor: (stream) => `stream '${stream}' ${text}` },
    };
  }
  const bytesMax = limits.max_structured_metadata_size;
  if (bytesMax > 0 && bytes > bytesMax) {
    const text = `has structured metadata too large: '${bytes}' bytes, limit: '${bytesMax}' bytes. Please see \`limits_config.max_structured_metadata_size\` or contact your Loki administrator to increase it`;
    return {
      set,
      bytes,
      problem: { reason: "structured_metadata_too_large", textFor: (stream) => `stream '${stream}' ${text}` },
    };
  }
  const countMax = limits.max_structured_metadata_entries_count;
  if (countMax > 0 && set.length > countMax) {
    const text = `has too many structured metadata labels: '${set.length}', limit: '${countMax}'. Please see \`limits_config.max_structured_metadata_entries_count\` or contact your Loki administrator to increase it`;
    return {
      set,
      bytes,
      problem: { reason: "structured_metadata_too_many", textFor: (stream) => `stream '${stream}' ${text}` },
    };
  }
  try {
    return { set: normalizeMetadata(set), bytes };
  } catch (error) {
    if (!isServiceError(error)) {
      throw error;
    }
    // Loki answers this with 500 for the whole push, which agents then send again for ever.
    return { set, bytes, problem: { reason: "invalid_structured_metadata_name", textFor: () => error.message } };
  }
}

/** The level does not count: it may have been added on the way. */
function sizeOf(set: Labels): number {
  return set.reduce(
    (sum, { name, value }) => (name === levelName ? sum : sum + Buffer.byteLength(name) + Buffer.byteLength(value)),
    0,
  );
}

/**
 * The batch with the sets as they are stored: equal ones became one, and those of refused entries are gone.
 *
 * @param isWhole whether no entry of the batch that was checked is missing.
 */
export function withStoredSets(batch: EntryBatch, checked: readonly CheckedSet[], isWhole: boolean): EntryBatch {
  const { metadata, ...columns } = batch;
  if (metadata === undefined || (isWhole && checked.every(({ set }, i) => set === metadata.sets[i]))) {
    return batch;
  }
  const sets: Labels[] = [noLabels];
  const placeOfText = new Map<string, number>([["[]", 0]]);
  const places: (number | undefined)[] = [];
  const index = metadata.index.map((old) => {
    places[old] ??= placeOf(checked[old]!.set, sets, placeOfText);
    return places[old];
  });
  return withMetadata(columns, sets.length > 1 ? { sets, index } : undefined);
}

/** Where a set is among those that are stored. */
function placeOf(set: Labels, sets: Labels[], placeOfText: Map<string, number>): number {
  const text = JSON.stringify(set.map(({ name, value }) => [name, value]));
  let place = placeOfText.get(text);
  if (place === undefined) {
    place = sets.push(set) - 1;
    placeOfText.set(text, place);
  }
  return place;
}
