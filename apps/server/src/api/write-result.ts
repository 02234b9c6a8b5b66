import { plainKernels } from "@sluice/kernels";
import { labelsToRecord, type QueryResult, type QueryStats, type ResultPoint } from "@sluice/model";
import { JsonBytes } from "./json-bytes.ts";
import { writeStreams, type EscapeKernels } from "./write-streams.ts";

/** How long a query took, for the answer's statistics, and what else is to be told. */
export interface QueryTiming {
  readonly execSeconds: number;
  readonly warnings?: readonly string[];
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
 * @param kernels those of the calling thread; the default is several times slower at escaping lines.
 * @see Loki's "HTTP API" page, "Query logs within a range of time"
 */
export function writeQueryResponse(
  result: QueryResult,
  stats: QueryStats,
  timing: QueryTiming,
  flags: readonly string[],
  kernels: EscapeKernels = plainKernels,
): Uint8Array<ArrayBuffer> {
  const out = new JsonBytes();
  const { warnings = [] } = timing;
  const warned = warnings.length > 0 ? `"warnings":${JSON.stringify(warnings)},` : "";
  out.text(`{"status":"success",${warned}"data":{"resultType":"${result.type}",`);
  if (result.type === "streams") {
    out.text(flags.length > 0 ? `"encodingFlags":${JSON.stringify(flags)},"result":` : '"result":');
    writeStreams(out, result.streams, flags, kernels);
  } else {
    out.text('"result":');
    writeSamples(out, result);
  }
  out.text(`,"stats":${JSON.stringify(statsBody(stats, timing))}}}`);
  return out.take();
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

/** Series by series: all of them as one text may be more than one text can be. */
function writeSamples(out: JsonBytes, result: Exclude<QueryResult, { readonly type: "streams" }>): void {
  switch (result.type) {
    case "vector":
      writeArray(out, result.samples, ({ labels, ...sample }) => ({
        metric: labelsToRecord(labels),
        value: pointBody(sample),
      }));
      break;
    case "matrix":
      writeArray(out, result.series, ({ labels, points }) => ({
        metric: labelsToRecord(labels),
        values: points.map(pointBody),
      }));
      break;
    case "scalar":
      out.text(JSON.stringify(pointBody(result)));
  }
}

function writeArray<Item>(out: JsonBytes, items: readonly Item[], bodyOf: (item: Item) => unknown): void {
  out.text("[");
  for (const [i, item] of items.entries()) {
    out.text(`${i === 0 ? "" : ","}${JSON.stringify(bodyOf(item))}`);
  }
  out.text("]");
}

function pointBody({ timestampMs, value }: ResultPoint): unknown {
  return [timestampMs / 1000, printSample(value)];
}

/** Loki's statistics of an answer, as far as there is something to tell. */
export function statsBody(stats: QueryStats, { execSeconds }: QueryTiming): unknown {
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
