import type { Entry, Labels } from "@sluice/model";
import { labelsFromRecord } from "@sluice/model";
import fc from "fast-check";

const metadataSets: readonly (Labels | undefined)[] = [
  undefined,
  labelsFromRecord({ trace: "1" }),
  labelsFromRecord({ trace: "2", user: "ä" }),
];

/** For property tests: entries within a few days, with equal times, repeats, newlines in lines and metadata. */
export const arbitraryEntries: fc.Arbitrary<Entry[]> = fc.array(
  fc
    .record({
      offsetNs: fc.oneof(
        fc.nat(5),
        fc.nat(1_000_000_000),
        fc.bigInt({ min: 0n, max: 200_000_000_000_000n }).map(Number),
      ),
      line: fc.oneof(
        fc.constantFrom(
          "a",
          "b",
          "",
          "two\nlines",
          "\n",
          "\x01",
          "id=6ba7b810-9dad-11d1-80b4-00c04fd430c8",
          "f".repeat(600),
        ),
        fc.uuid(),
        fc.string({ unit: "grapheme", maxLength: 40 }),
      ),
      metadata: fc.constantFrom(...metadataSets),
    })
    .map(({ offsetNs, line, metadata }) => {
      const timestampNs = 1_767_571_200_000_000_000n + BigInt(offsetNs);
      return metadata === undefined ? { timestampNs, line } : { timestampNs, line, metadata };
    }),
  { maxLength: 60 },
);

/** What every reader must see of entries that were appended in this order: by time, stable, repeats once. */
export function sortedOnce(entries: readonly Entry[]): Entry[] {
  const seen = new Set<string>();
  return entries
    .toSorted((a, b) => (a.timestampNs < b.timestampNs ? -1 : a.timestampNs > b.timestampNs ? 1 : 0))
    .filter((entry) => {
      const key = JSON.stringify([entry.timestampNs.toString(), entry.line, entry.metadata]);
      return !seen.has(key) && seen.add(key);
    });
}
