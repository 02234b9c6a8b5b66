/** Every key of the manifest begins with this. Entries sort before snapshots, so one listing gives both in order. */
export const manifestPrefix = "manifest/";

const entryPattern = /^manifest\/(\d{12})$/u;
const snapshotPattern = /^manifest\/snapshot-(\d{12})$/u;

export function entryKey(sequence: number): string {
  return `${manifestPrefix}${digits(sequence)}`;
}

export function snapshotKey(sequence: number): string {
  return `${manifestPrefix}snapshot-${digits(sequence)}`;
}

/** What a key names, or undefined when it is none of ours. */
export function parseManifestKey(key: string): { kind: "entry" | "snapshot"; sequence: number } | undefined {
  const entry = entryPattern.exec(key);
  if (entry !== null) {
    return { kind: "entry", sequence: Number(entry[1]) };
  }
  const snapshot = snapshotPattern.exec(key);
  return snapshot === null ? undefined : { kind: "snapshot", sequence: Number(snapshot[1]) };
}

function digits(sequence: number): string {
  return String(sequence).padStart(12, "0");
}
