import { labelsFromRecord, type Entry, type Labels } from "@sluice/model";
import fc from "fast-check";
import type { StoredStream } from "../memory-querier.ts";
import { brokenLine } from "./reference-pipeline.ts";

/** What the lines of a random data set are. */
export type LineFormat = "json" | "logfmt";

/** Times of random data: seconds after this; queries look at the minutes around it. */
export const originNs = 1_700_000_000_000_000_000n;
export const spanSeconds = 300;

const level = fc.constantFrom("info", "warn", "error", "");
const number = fc.constantFrom("0", "1", "2", "3", "10", "0.1", "0.25", "-1.5", "7.3", "oops", "");
const duration = fc.constantFrom("5ms", "1.5s", "2s", "0", "long");
const size = fc.constantFrom("1B", "2kB", "3KiB", "500", "big");

const fields = fc.record(
  { level, n: number, d: duration, s: size, app: fc.constantFrom("x", "y"), id: fc.constantFrom("1", "2") },
  { requiredKeys: [] },
);

const jsonLine = fc.oneof(
  { weight: 9, arbitrary: fc.tuple(fields, fc.boolean()).map(([record, nests]) => jsonOf(record, nests)) },
  { weight: 1, arbitrary: fc.constant(brokenLine) },
);

const logfmtLine = fields.map((record) => {
  const pairs = Object.entries(record).map(([name, value]) => `${name}=${value}`);
  return [...pairs, 'msg="hello there"'].join(" ");
});

/** Numbers that are written as such are so in JSON, too. */
function jsonOf(record: Readonly<Record<string, string | undefined>>, nests: boolean): string {
  const { n } = record;
  const typed = n !== undefined && n !== "" && n !== "oops" ? { ...record, n: Number(n) } : record;
  return JSON.stringify(nests ? { skipped: [1], none: null, inner: { id: "5" }, ...typed } : typed);
}

const metadata = fc.option(
  fc.record({ trace: fc.constantFrom("t1", "t2"), app: fc.constantFrom("m") }, { requiredKeys: ["trace"] }),
  { nil: undefined, freq: 3 },
);

const seconds = fc.oneof(
  fc.integer({ min: 0, max: spanSeconds }),
  fc.integer({ min: 0, max: spanSeconds * 10 }).map((tenths) => tenths / 10),
);

const labelSets: readonly Labels[] = [
  { app: "a", env: "prod" },
  { app: "a", env: "dev" },
  { app: "b", env: "prod" },
  { app: "b" },
].map(labelsFromRecord);

/** Streams with lines of one format, some of which it cannot read. No entry is there twice. */
export const randomStreams: fc.Arbitrary<{ readonly format: LineFormat; readonly streams: readonly StoredStream[] }> =
  fc.constantFrom<LineFormat>("json", "logfmt").chain((format) => {
    const line = format === "json" ? jsonLine : logfmtLine;
    const entry = fc.record({ at: seconds, line, metadata }).map(({ at, line: text, metadata: pairs }): Entry => {
      const timestampNs = originNs + BigInt(Math.round(at * 1e9));
      return pairs === undefined
        ? { timestampNs, line: text }
        : { timestampNs, line: text, metadata: labelsFromRecord(pairs) };
    });
    const entries = fc.array(entry, { maxLength: 25 }).map(inOrder);
    return fc
      .tuple(...labelSets.map(() => entries))
      .map((all) => ({ format, streams: all.map((list, i) => ({ labels: labelSets[i]!, entries: list })) }));
  });

function inOrder(entries: readonly Entry[]): readonly Entry[] {
  const unique = new Map(
    entries.map((entry) => [`${entry.timestampNs} ${entry.line} ${entry.metadata?.length}`, entry]),
  );
  return [...unique.values()].sort((a, b) => Number(a.timestampNs - b.timestampNs));
}
