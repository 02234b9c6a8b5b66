import {
  labelsFrom,
  printLabels,
  printRfc3339Ns,
  type QueryStats,
  type ResultEntry,
  type ResultStream,
} from "@sluice/model";
import { statsBody, type QueryTiming } from "./write-result.ts";

/** A line as Loki gave it before its API had a version. */
interface LegacyEntry {
  readonly ts: string;
  readonly line: string;
}

export interface LegacyStream {
  /** The text of all labels that its lines have. */
  readonly labels: string;
  readonly entries: readonly LegacyEntry[];
}

/**
 * Streams in the old shape: each set of all labels of a line is a stream, ordered by its text.
 *
 * @see Loki's pkg/loghttp/legacy
 */
export function legacyStreams(streams: readonly ResultStream[]): readonly LegacyStream[] {
  const byText = new Map<string, LegacyEntry[]>();
  for (const { labels, entries } of streams) {
    const ownText = printLabels(labels);
    for (const entry of entries) {
      const text = hasOthers(entry)
        ? printLabels(labelsFrom([...labels, ...entry.metadata, ...entry.parsed]))
        : ownText;
      const found = byText.get(text) ?? [];
      byText.set(text, found);
      found.push({ ts: printRfc3339Ns(entry.timestampNs), line: entry.line });
    }
  }
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([labels, entries]) => ({ labels, entries }));
}

/** Writes the answer of `/api/prom/query`. */
export function writeLegacyResponse(
  streams: readonly ResultStream[],
  stats: QueryStats,
  timing: QueryTiming,
): Uint8Array<ArrayBuffer> {
  const body = { streams: legacyStreams(streams), stats: statsBody(stats, timing) };
  return new TextEncoder().encode(JSON.stringify(body));
}

function hasOthers({ metadata, parsed }: ResultEntry): boolean {
  return metadata.length > 0 || parsed.length > 0;
}
