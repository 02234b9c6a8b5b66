import { plainKernels, type Kernels } from "@sluice/kernels";
import {
  labelsFrom,
  nsPerMs,
  printLabels,
  type Direction,
  type Entry,
  type Labels,
  type QueryResult,
  type ResultSeries,
} from "@sluice/model";
import {
  isSplittable,
  joinMatrices,
  parseQuery,
  runInstantQuery,
  runRangeQuery,
  splitSteps,
  splitTime,
  StreamsJoin,
  type RangeQuery,
} from "../src/index.ts";
import { parseSelector } from "../src/syntax/index.ts";
import { parseGoDurationNs } from "../src/units/go-duration.ts";
import { printGoFloat } from "../src/units/go-float.ts";
import { memoryQuerier, type StoredStream } from "./memory-querier.ts";

/** One query of a file, with the answer it must have. The language is described in queries/README.md. */
export interface QueryCase {
  readonly title: string;
  readonly streams: readonly StoredStream[];
  readonly command: EvalCommand;
  readonly query: string;
  readonly expected: readonly string[];
}

/** The first row of an `eval` block. */
export interface EvalCommand {
  readonly kind: "logs" | "range" | "instant";
  /** Time of an instant query, too. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly stepMs: number;
  readonly intervalMs: number;
  readonly limit: number;
  readonly direction: Direction;
  readonly seriesMax: number;
}

/** How a query is run, which must not show in its answer. */
export interface RunOptions {
  /** Entries of a stream that go into one block. */
  readonly blockSize: number;
  /** Into how many parts the query's time is cut. */
  readonly parts: number;
  /** The plain ones when absent. */
  readonly kernels?: Kernels;
}

/** Times of a test file count from here. */
const epochNs = 1_700_000_000_000_000_000n;

export function parseQueryTests(text: string): readonly QueryCase[] {
  const streams = new Map<string, { labels: Labels; entries: Entry[] }>();
  const cases: QueryCase[] = [];
  for (const block of text.replaceAll(/^#.*\n/gmu, "").split(/\n\n+/u)) {
    const [head = "", ...rows] = block.split("\n").filter((row) => row.trim() !== "");
    if (head.startsWith("load ")) {
      const labels = labelsOf(head.slice("load ".length));
      const entries = rows.flatMap(entriesOf).sort((a, b) => Number(a.timestampNs - b.timestampNs));
      streams.set(head, { labels, entries });
    } else if (head === "clear") {
      streams.clear();
    } else if (head.startsWith("eval ")) {
      const last = rows.findIndex((row) => !row.endsWith(" \\"));
      const query = rows
        .slice(0, last + 1)
        .map((row) => row.trim().replace(/ \\$/u, ""))
        .join("\n");
      const expected = rows.slice(last + 1).map((row) => row.trim());
      const title = `${head}: ${query}`;
      const command = commandOf(head);
      cases.push({ title, streams: structuredClone([...streams.values()]), command, query, expected });
    } else if (head !== "") {
      throw new Error(`a block must begin with load, clear or eval: ${head}`);
    }
  }
  return cases;
}

function labelsOf(text: string): Labels {
  return text.trim() === "{}" ? [] : labelsFrom(parseSelector(text, { allowEmpty: true }));
}

const entryRow =
  /^\s*(?<time>\S+) (?<quoted>"(?:[^"\\]|\\.)*"|`[^`]*`)(?: (?<metadata>\{.*\}))?(?: (?<count>\d+) times every (?<every>\S+))?$/u;

/** `1s "line" {metadata="x"} 3 times every 10s`; the line is JSON, or anything between backquotes. */
function entriesOf(row: string): readonly Entry[] {
  const { time, quoted, metadata, count = "1", every = "0s" } = entryRow.exec(row)?.groups ?? {};
  if (time === undefined || quoted === undefined) {
    throw new Error(`not an entry: ${row}`);
  }
  const line = quoted.startsWith("`") ? quoted.slice(1, -1) : (JSON.parse(quoted) as string);
  return Array.from({ length: Number(count) }, (_, i) => {
    const timestampNs = timeOf(time) + BigInt(parseGoDurationNs(every)) * BigInt(i);
    const entry = { timestampNs, line: line.replaceAll("<i>", String(i)) };
    return metadata === undefined ? entry : { ...entry, metadata: labelsOf(metadata) };
  });
}

function commandOf(head: string): EvalCommand {
  const [, kind, start, end, options = ""] = /^eval (logs|range|instant) (\S+?)(?:\.\.(\S+))?( .*)?$/u.exec(head) ?? [];
  if (kind === undefined || start === undefined) {
    throw new Error(`not an eval: ${head}`);
  }
  const option = (name: string): string | undefined => new RegExp(`${name} (\\S+)`, "u").exec(options)?.[1];
  return {
    kind: kind as EvalCommand["kind"],
    startNs: timeOf(start),
    endNs: timeOf(end ?? start),
    stepMs: parseGoDurationNs(option("step") ?? "1m") / 1e6,
    intervalMs: parseGoDurationNs(option("interval") ?? "0") / 1e6,
    limit: Number(option("limit") ?? 100),
    direction: options.includes("backward") ? "backward" : "forward",
    seriesMax: Number(option("series") ?? 500),
  };
}

function timeOf(text: string): bigint {
  return epochNs + BigInt(parseGoDurationNs(text));
}

function printTime(ns: bigint): string {
  return `${printGoFloat(Number(ns - epochNs) / 1e9)}s`;
}

/** Runs a case; gives the answer in the form of a file's expected rows. */
export async function answerOf(queryCase: QueryCase, options: RunOptions): Promise<readonly string[]> {
  try {
    return printResult(await runCase(queryCase, options));
  } catch (error) {
    return [`error: ${(error as Error).message.trimEnd().replaceAll("\n", " ")}`];
  }
}

/** Runs a case; throws what the engine throws. */
export async function runCase(
  { streams, command, query }: Pick<QueryCase, "streams" | "command" | "query">,
  { blockSize, parts, kernels = plainKernels }: RunOptions,
): Promise<QueryResult> {
  const querier = memoryQuerier(streams, blockSize);
  const { kind, startNs, endNs, stepMs, intervalMs, limit, direction, seriesMax } = command;
  const common = { querier, tenant: "tenant", query, limit, direction, seriesMax, kernels };
  const { signal } = new AbortController();
  if (kind === "instant") {
    return (await runInstantQuery({ ...common, timeNs: startNs }, signal)).result;
  }
  return runInParts({ ...common, startNs, endNs, stepMs, intervalMs }, parts, seriesMax);
}

/** Runs a range query cut into parts of its time, where that can be done. */
async function runInParts(query: RangeQuery, parts: number, seriesMax: number): Promise<QueryResult> {
  const { signal } = new AbortController();
  const expression = parseQuery(query.query);
  if (parts === 1 || !isSplittable(expression, query.intervalMs ?? 0)) {
    return (await runRangeQuery(query, signal)).result;
  }
  if (expression.kind !== "log") {
    const matrices: (readonly ResultSeries[])[] = [];
    for (const span of splitSteps(query, query.stepMs, parts)) {
      const { result } = await runRangeQuery({ ...query, ...span }, signal);
      matrices.push(result.type === "matrix" ? result.series : []);
    }
    return joinMatrices(matrices, seriesMax);
  }
  const join = new StreamsJoin(query.limit, query.direction);
  const spans = splitTime(query, parts);
  for (const span of query.direction === "forward" ? spans : spans.toReversed()) {
    // As parts that run at the same time do, each with the limit of the whole.
    for (let limit = query.limit, outcome = "again"; outcome === "again"; limit = join.remaining) {
      const { result } = await runRangeQuery({ ...query, ...span, limit }, signal);
      outcome = join.add(result.type === "streams" ? result.streams : []);
    }
  }
  return join.finish();
}

export function printResult(result: QueryResult): readonly string[] {
  switch (result.type) {
    case "streams":
      return result.streams.flatMap(({ labels, entries }) =>
        entries.map(({ timestampNs, line, metadata, parsed }) => {
          const more = [
            ...(metadata.length === 0 ? [] : [`metadata ${printLabels(metadata)}`]),
            ...(parsed.length === 0 ? [] : [`parsed ${printLabels(parsed)}`]),
          ];
          return [printLabels(labels), printTime(timestampNs), JSON.stringify(line), ...more].join(" ");
        }),
      );
    case "vector":
      return result.samples.map(({ labels, value }) => `${printLabels(labels)} ${printGoFloat(value)}`);
    case "matrix":
      return result.series.map(({ labels, points }) => {
        const printed = points.map(({ timestampMs, value }) => {
          return `${printTime(BigInt(timestampMs) * nsPerMs)}=${printGoFloat(value)}`;
        });
        return [printLabels(labels), ...printed].join(" ");
      });
    case "scalar":
      return [printGoFloat(result.value)];
  }
}
