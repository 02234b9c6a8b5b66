import { isServiceError, messageOf } from "@sluice/model";
import { decodeRecord, type ManifestRecord } from "../manifest/format.ts";
import { entryKey, manifestPrefix, parseManifestKey, snapshotKey } from "../manifest/keys.ts";
import { ManifestState } from "../manifest/state.ts";
import type { ReadableObjects } from "./read-only-directory.ts";

export interface CheckedManifest {
  /** What exists, as far as it can be told: from the newest snapshot that is whole and the entries behind it. */
  readonly state: ManifestState;
  readonly objectCount: number;
  /** Keys in the manifest's folder that are none of ours. */
  readonly foreign: readonly string[];
  /** Each in a sentence that names the object. */
  readonly problems: readonly string[];
}

/**
 * Reads every object of the manifest, checks that none is missing between the newest snapshot and the last entry, and
 * that a snapshot says the same as the one before it and the entries between them.
 */
export async function checkManifest(objects: ReadableObjects): Promise<CheckedManifest> {
  const problems: string[] = [];
  const foreign: string[] = [];
  const entries = new Map<number, ManifestRecord>();
  const snapshots: ManifestRecord[] = [];
  let objectCount = 0;
  let lastSequence = 0;
  for await (const { key } of objects.list(manifestPrefix)) {
    const named = parseManifestKey(key);
    if (named === undefined) {
      foreign.push(key);
      continue;
    }
    objectCount += 1;
    lastSequence = Math.max(lastSequence, named.sequence);
    const record = await read(objects, key, named, problems);
    if (record?.kind === "entry") {
      entries.set(record.sequence, record);
    } else if (record !== undefined) {
      snapshots.push(record);
    }
  }
  snapshots.sort((a, b) => a.sequence - b.sequence);
  for (const [i, snapshot] of snapshots.entries()) {
    const before = snapshots[i - 1];
    if (before !== undefined && !isContinued(before, entries, snapshot)) {
      problems.push(`manifest object ${snapshotKey(snapshot.sequence)} does not say what those before it do`);
    }
  }
  const newest = snapshots.at(-1);
  const state = ManifestState.of(newest === undefined ? [] : [newest]);
  for (let sequence = state.sequence + 1; sequence <= lastSequence; sequence++) {
    const entry = entries.get(sequence);
    if (entry === undefined) {
      const key = entryKey(sequence);
      if (!problems.some((problem) => problem.includes(key))) {
        problems.push(`manifest object ${key} is missing, but not later ones`);
      }
    } else {
      state.apply(entry);
    }
  }
  return { state, objectCount, foreign, problems };
}

async function read(
  objects: ReadableObjects,
  key: string,
  { kind, sequence }: Pick<ManifestRecord, "kind" | "sequence">,
  problems: string[],
): Promise<ManifestRecord | undefined> {
  try {
    return decodeRecord(await objects.get(key), key, kind, sequence);
  } catch (error) {
    if (isServiceError(error, "corrupt")) {
      problems.push(messageOf(error));
    } else if (!isServiceError(error, "not_found")) {
      // Not found: a server that is running has removed it meanwhile.
      throw error;
    }
    return undefined;
  }
}

/** Whether the entries between two snapshots lead from one to the other; also when some of them are gone, as they may. */
function isContinued(from: ManifestRecord, entries: ReadonlyMap<number, ManifestRecord>, to: ManifestRecord): boolean {
  const state = ManifestState.of([from]);
  for (let sequence = from.sequence + 1; sequence <= to.sequence; sequence++) {
    const entry = entries.get(sequence);
    if (entry === undefined) {
      return true;
    }
    state.apply(entry);
  }
  const keysOf = ({ added }: ManifestRecord): string => added.map(({ key }) => key).join("\n");
  return keysOf(state.snapshot()) === keysOf(to);
}
