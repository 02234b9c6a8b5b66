import {
  compareLabels,
  compileMatchers,
  printLabels,
  type Direction,
  type Labels,
  type QueryResult,
  type ResultEntry,
} from "@sluice/model";
import type { LogExpression } from "../../src/syntax/index.ts";
import type { StoredStream } from "../memory-querier.ts";
import { labelsOfMap, passesStages, referenceLine } from "./reference-pipeline.ts";

export interface ReferenceLogOptions {
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly limit: number;
  readonly direction: Direction;
  readonly intervalMs: number;
}

const everyLabel = { runs: true, preservesError: false };

/** Answers a log query: all entries in the range, in order, each through all stages; then interval, limit and streams. */
export function referenceStreams(
  { matchers, stages }: LogExpression,
  streams: readonly StoredStream[],
  { startNs, endNs, limit, direction, intervalMs }: ReferenceLogOptions,
): QueryResult {
  const fitsSelector = compileMatchers(matchers);
  const found: { labels: Labels; entry: ResultEntry }[] = [];
  for (const { labels, entries } of streams.toSorted((a, b) => compareLabels(a.labels, b.labels))) {
    for (const entry of fitsSelector(labels) ? entries : []) {
      const line = referenceLine(labels, entry);
      if (entry.timestampNs < startNs || entry.timestampNs >= endNs || !passesStages(line, stages, everyLabel)) {
        continue;
      }
      const parsed = new Map(line.parsed);
      if (line.error !== "") {
        parsed.set("__error__", line.error);
      }
      if (line.details !== "") {
        parsed.set("__error_details__", line.details);
      }
      found.push({
        labels: labelsOfMap(line.stream),
        entry: {
          timestampNs: entry.timestampNs,
          line: line.text,
          metadata: labelsOfMap(line.metadata),
          parsed: labelsOfMap(parsed),
        },
      });
    }
  }
  found.sort((a, b) => Number(a.entry.timestampNs - b.entry.timestampNs));
  if (direction === "backward") {
    found.reverse();
  }
  const kept: typeof found = [];
  for (const candidate of found) {
    const distanceNs = Number(candidate.entry.timestampNs - (kept.at(-1)?.entry.timestampNs ?? 0n));
    if (kept.length < limit && (kept.length === 0 || Math.abs(distanceNs) >= intervalMs * 1e6)) {
      kept.push(candidate);
    }
  }
  const groups = [...Map.groupBy(kept, ({ labels }) => printLabels(labels))].sort(([a], [b]) => (a < b ? -1 : 1));
  const result = groups.map(([, group]) => ({ labels: group[0]!.labels, entries: group.map(({ entry }) => entry) }));
  return { type: "streams", streams: result };
}
