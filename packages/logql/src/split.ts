import { compareLabels, nsPerMs, printLabels, type Direction, type QueryResult } from "@sluice/model";
import type { ResultEntry, ResultSeries, ResultStream } from "@sluice/model";
import { checkSeriesCount } from "./metric/result.ts";
import { labelsKey } from "./metric/series.ts";
import { stepsBetween } from "./metric/steps.ts";
import type { Expression } from "./syntax/index.ts";

/** A part of a query's range of time, as `startNs` and `endNs` of a range query mean it. */
export interface TimeSpan {
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/**
 * Whether a range query may be answered in parts of its time that are joined afterwards.
 *
 * @param intervalMs that of the query: which lines it keeps depends on all lines before.
 */
export function isSplittable(expression: Expression, intervalMs: number): boolean {
  return expression.kind === "log" ? intervalMs === 0 : true;
}

/**
 * Cuts the steps of a metric query into at most `parts` runs, about equally long, in the order of time. Every step is
 * evaluated by itself, so that the parts' matrices are those of the whole: see {@link joinMatrices}.
 *
 * @param stepMs distance of the steps, positive.
 */
export function splitSteps({ startNs, endNs }: TimeSpan, stepMs: number, parts: number): readonly TimeSpan[] {
  const stepNs = BigInt(stepMs) * nsPerMs;
  const { count } = stepsBetween(startNs, endNs, stepNs);
  const at = (step: number): bigint => startNs + stepNs * BigInt(step);
  return evenly(count, parts).map(([from, to]) => ({ startNs: at(from), endNs: at(to - 1) }));
}

/**
 * Cuts the time of a log query, `[startNs, endNs)`, into at most `parts` spans in the order of time.
 *
 * @param alignNs borders lie on multiples of it since the epoch, as long as that leaves spans, so that they fall
 *   together with those of blocks.
 */
export function splitTime({ startNs, endNs }: TimeSpan, parts: number, alignNs = 1n): readonly TimeSpan[] {
  if (endNs <= startNs) {
    return [{ startNs, endNs }];
  }
  const length = endNs - startNs;
  const borders = new Set<bigint>();
  for (let i = 1; i < parts; i++) {
    const exact = startNs + (length * BigInt(i)) / BigInt(parts);
    const border = exact - (exact % alignNs);
    if (border > startNs && border < endNs) {
      borders.add(border);
    }
  }
  const starts = [startNs, ...borders];
  return starts.map((start, i) => ({ startNs: start, endNs: starts[i + 1] ?? endNs }));
}

/** At most `parts` runs `[from, to)` of `[0, count)`. */
function evenly(count: number, parts: number): readonly (readonly [from: number, to: number])[] {
  const used = Math.max(1, Math.min(count, parts));
  const border = (i: number): number => Math.floor((count * i) / used);
  return Array.from({ length: used }, (_, i) => [border(i), border(i + 1)]);
}

/**
 * Joins the matrices of parts, in the order of time, into that of the whole query.
 *
 * @throws {ServiceError} `bad_data` with Loki's text when together they have more than `seriesMax` series.
 */
export function joinMatrices(parts: readonly (readonly ResultSeries[])[], seriesMax: number): QueryResult {
  const groups = [...Map.groupBy(parts.flat(), ({ labels }) => labelsKey(labels)).values()];
  checkSeriesCount(groups.length, seriesMax);
  const series = groups.map((group) => ({
    labels: group[0]!.labels,
    points: group.length === 1 ? group[0]!.points : group.flatMap(({ points }) => points),
  }));
  return { type: "matrix", series: series.sort((a, b) => compareLabels(a.labels, b.labels)) };
}

/** What became of a part that was given to a {@link StreamsJoin}: `again` asks for it once more, with a smaller limit. */
export type JoinOutcome = "taken" | "again";

/**
 * Joins the answers of a log query's parts. They are given in the query's direction: the oldest first when it goes
 * forward, the newest first when it goes backward. Every part is run with {@link remaining}, or more, as its limit.
 */
export class StreamsJoin {
  readonly #streams = new Map<string, { readonly labels: ResultStream["labels"]; readonly entries: ResultEntry[] }>();
  readonly #direction: Direction;
  #remaining: number;

  constructor(limit: number, direction: Direction) {
    this.#remaining = limit;
    this.#direction = direction;
  }

  /** How many lines the answer still has room for; at 0 no further part matters. */
  get remaining(): number {
    return this.#remaining;
  }

  /**
   * Takes the lines of the next part. A part that was run with a larger limit than {@link remaining} may have too many;
   * which of them count is clear, unless lines of several streams have the time of the last one. Then nothing is taken,
   * and the part has to be run again with {@link remaining} as its limit.
   */
  add(part: readonly ResultStream[]): JoinOutcome {
    const count = part.reduce((sum, { entries }) => sum + entries.length, 0);
    const chosen = count <= this.#remaining ? part : this.#firstOf(part);
    if (chosen === undefined) {
      return "again";
    }
    for (const { labels, entries } of chosen) {
      const text = printLabels(labels);
      const stream = this.#streams.get(text) ?? { labels, entries: [] };
      this.#streams.set(text, stream);
      // There may be more than a call can have arguments.
      for (const entry of entries) {
        stream.entries.push(entry);
      }
      this.#remaining -= entries.length;
    }
    return "taken";
  }

  /** The streams, in the order of their labels' text as the engine gives them. */
  finish(): QueryResult {
    const streams = [...this.#streams].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stream]) => stream);
    return { type: "streams", streams };
  }

  /** The first lines of a part, as many as there is room for; undefined when it cannot be told which they are. */
  #firstOf(part: readonly ResultStream[]): readonly ResultStream[] | undefined {
    const sign = this.#direction === "forward" ? 1 : -1;
    const times = part.flatMap(({ entries }) => entries.map(({ timestampNs }) => timestampNs));
    times.sort((a, b) => (a === b ? 0 : a < b ? -sign : sign));
    const lastNs = times[this.#remaining - 1];
    const isBefore = (timeNs: bigint): boolean =>
      lastNs !== undefined && (sign === 1 ? timeNs < lastNs : timeNs > lastNs);
    const atEdge = part.filter(({ entries }) => entries.some(({ timestampNs }) => timestampNs === lastNs));
    if (lastNs !== undefined && atEdge.length > 1 && times[this.#remaining] === lastNs) {
      return undefined;
    }
    let room = this.#remaining - times.filter(isBefore).length;
    return part
      .map(({ labels, entries }) => ({
        labels,
        entries: entries.filter(({ timestampNs }) => isBefore(timestampNs) || (timestampNs === lastNs && room-- > 0)),
      }))
      .filter(({ entries }) => entries.length > 0);
  }
}
