import { categorizeLabels } from "@sluice/api";
import {
  labelsFrom,
  labelsToRecord,
  printLabels,
  type Labels,
  type QueryResult,
  type QueryStats,
  type ResultEntry,
  type ResultStream,
} from "@sluice/model";

/** How long a query took, for the answer's statistics. */
export interface QueryTiming {
  readonly execSeconds: number;
}

/** The flags of `X-Loki-Response-Encoding-Flags`; unknown ones are echoed as Loki does. */
export function parseEncodingFlags(header: string | readonly string[] | undefined): readonly string[] {
  const text = typeof header === "string" ? header : (header ?? []).join(",");
  return text
    .split(",")
    .map((flag) => flag.trim())
    .filter((flag) => flag !== "");
}

/**
 * Writes an answer of `query` or `query_range` in Loki's JSON.
 *
 * @param flags what {@link parseEncodingFlags} found.
 * @see Loki's "HTTP API" page, "Query logs within a range of time"
 */
export function writeQueryResponse(
  result: QueryResult,
  stats: QueryStats,
  timing: QueryTiming,
  flags: readonly string[],
): string {
  const resultType = result.type;
  const encodingFlags = flags.length > 0 && result.type === "streams" ? { encodingFlags: flags } : {};
  const data = { resultType, ...encodingFlags, result: resultBody(result, flags), stats: statsBody(stats, timing) };
  return JSON.stringify({ status: "success", data });
}

/** Streams as an answer has them: by their own labels with `categorize-labels`, else by all labels of their lines. */
export function streamsBody(streams: readonly ResultStream[], flags: readonly string[]): readonly unknown[] {
  return flags.includes(categorizeLabels) ? categorizedStreams(streams) : flatStreams(streams);
}

/** Prints a sample as Go's strconv does for Loki: no exponent. */
export function printSample(value: number): string {
  if (Number.isNaN(value)) {
    return "NaN";
  }
  if (!Number.isFinite(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  const text = Object.is(value, -0) ? "-0" : String(value);
  return /e/u.test(text) ? expandExponent(text) : text;
}

function resultBody(result: QueryResult, flags: readonly string[]): unknown {
  switch (result.type) {
    case "streams":
      return streamsBody(result.streams, flags);
    case "vector":
      return result.samples.map(({ labels, timestampMs, value }) => ({
        metric: labelsToRecord(labels),
        value: [timestampMs / 1000, printSample(value)],
      }));
    case "matrix":
      return result.series.map(({ labels, points }) => ({
        metric: labelsToRecord(labels),
        values: points.map(({ timestampMs, value }) => [timestampMs / 1000, printSample(value)]),
      }));
    case "scalar":
      return [result.timestampMs / 1000, printSample(result.value)];
  }
}

/** With `categorize-labels` a stream keeps its own labels, and each line tells where its other labels are from. */
function categorizedStreams(streams: readonly ResultStream[]): readonly unknown[] {
  return streams.map(({ labels, entries }) => ({
    stream: labelsToRecord(labels),
    values: entries.map((entry) => [entry.timestampNs.toString(), entry.line, categories(entry)]),
  }));
}

function categories({ metadata, parsed }: ResultEntry): unknown {
  return {
    ...(metadata.length > 0 ? { structuredMetadata: labelsToRecord(metadata) } : {}),
    ...(parsed.length > 0 ? { parsed: labelsToRecord(parsed) } : {}),
  };
}

/** Without the flag every distinct set of all labels is a stream of its own, ordered by its text. */
function flatStreams(streams: readonly ResultStream[]): readonly unknown[] {
  const byText = new Map<string, { readonly stream: Record<string, string>; readonly values: [string, string][] }>();
  for (const { labels, entries } of streams) {
    for (const entry of entries) {
      const all = allLabels(labels, entry);
      const text = printLabels(all);
      let stream = byText.get(text);
      if (stream === undefined) {
        stream = { stream: labelsToRecord(all), values: [] };
        byText.set(text, stream);
      }
      stream.values.push([entry.timestampNs.toString(), entry.line]);
    }
  }
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stream]) => stream);
}

function allLabels(labels: Labels, { metadata, parsed }: ResultEntry): Labels {
  return metadata.length === 0 && parsed.length === 0 ? labels : labelsFrom([...labels, ...metadata, ...parsed]);
}

function statsBody(stats: QueryStats, { execSeconds }: QueryTiming): unknown {
  const perSecond = (count: number): number => (execSeconds > 0 ? Math.round(count / execSeconds) : 0);
  return {
    summary: {
      bytesProcessedPerSecond: perSecond(stats.bytesProcessed),
      linesProcessedPerSecond: perSecond(stats.linesProcessed),
      totalBytesProcessed: stats.bytesProcessed,
      totalLinesProcessed: stats.linesProcessed,
      execTime: execSeconds,
      queueTime: 0,
      subqueries: 0,
      totalEntriesReturned: stats.entriesReturned,
      splits: 0,
      shards: 0,
    },
    querier: { store: { totalChunksRef: stats.blocksTotal, totalChunksDownloaded: stats.blocksLoaded } },
  };
}

function expandExponent(text: string): string {
  const [mantissa, exponentText] = text.split("e") as [string, string];
  const exponent = Number(exponentText);
  const sign = mantissa.startsWith("-") ? "-" : "";
  const [whole, fraction = ""] = mantissa.replace("-", "").split(".") as [string, string?];
  const digits = whole + fraction;
  const point = whole.length + exponent;
  if (point <= 0) {
    return `${sign}0.${"0".repeat(-point)}${digits}`;
  }
  return point >= digits.length
    ? `${sign}${digits}${"0".repeat(point - digits.length)}`
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}
