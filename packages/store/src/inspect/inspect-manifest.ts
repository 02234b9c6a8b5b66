import { printRfc3339Ns } from "@sluice/model";
import { decodeRecord, type ManifestRecord } from "../manifest/format.ts";
import type { InspectOptions } from "./inspect-options.ts";
import { bytesText, countText, dayText, visible } from "./text.ts";
import { attempt } from "./verify-segment.ts";

/** @see inspectFile */
export function inspectManifest(
  bytes: Uint8Array,
  name: string,
  { kind, sequence }: Pick<ManifestRecord, "kind" | "sequence">,
  { print }: InspectOptions,
): readonly string[] {
  const problems: string[] = [];
  const record = attempt(problems, () => decodeRecord(bytes, name, kind, sequence));
  if (record === undefined) {
    return problems;
  }
  print(`manifest ${record.kind} ${record.sequence}, ${bytesText(bytes.length)}`);
  for (const [wal, position] of record.walCovered) {
    print(`  WAL ${visible(wal)} covered up to ${position}`);
  }
  for (const key of record.removed) {
    print(`  - ${key}`);
  }
  for (const segment of record.added) {
    const { key, tenant, day, minNs, maxNs, entryCount, rawBytes, sizeBytes, blockCount, streamCount } = segment;
    print(`  + ${key}`);
    print(`      tenant ${visible(tenant)}, ${dayText(day)}, ${printRfc3339Ns(minNs)} to ${printRfc3339Ns(maxNs)}`);
    print(
      `      ${countText(streamCount, "stream")}, ${countText(blockCount, "block")}, ${countText(entryCount, "line")}, ` +
        `${bytesText(rawBytes)} in ${bytesText(sizeBytes)}`,
    );
  }
  return problems;
}
