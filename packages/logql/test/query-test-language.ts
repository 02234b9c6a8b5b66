import { labelsFrom, nsPerMs, printLabels, type Entry, type Labels, type QueryResult } from "@sluice/model";
import { runInstantQuery, runRangeQuery } from "../src/index.ts";
import { parseSelector } from "../src/syntax/index.ts";
import { parseGoDurationNs } from "../src/units/go-duration.ts";
import { printGoFloat } from "../src/units/go-float.ts";
import { memoryQuerier, type StoredStream } from "./memory-querier.ts";

/** One query of a file, with the answer it must have. The language is described in queries/README.md. */
export interface QueryCase {
  readonly title: string;
  readonly streams: readonly StoredStream[];
  readonly command: string;
  readonly query: string;
  readonly expected: readonly string[];
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
      streams.set(head, { labels, entries: rows.map(entryOf) });
    } else if (head === "clear") {
      streams.clear();
    } else if (head.startsWith("eval ")) {
      const [query = "", ...expected] = rows.map((row) => row.trim());
      const title = `${head}: ${query}`;
      cases.push({ title, streams: structuredClone([...streams.values()]), command: head, query, expected });
    } else if (head !== "") {
      throw new Error(`a block must begin with load, clear or eval: ${head}`);
    }
  }
  return cases;
}

function labelsOf(text: string): Labels {
  return text.trim() === "{}" ? [] : labelsFrom(parseSelector(text, { allowEmpty: true }));
}

/** `1s "line"` or `1s "line" {metadata="x"}`; the line is JSON, or anything between backquotes. */
function entryOf(row: string): Entry {
  const [, time, quoted, metadata] = /^\s*(\S+) ("(?:[^"\\]|\\.)*"|`[^`]*`)(?: (\{.*\}))?$/u.exec(row) ?? [];
  if (time === undefined || quoted === undefined) {
    throw new Error(`not an entry: ${row}`);
  }
  const line = quoted.startsWith("`") ? quoted.slice(1, -1) : (JSON.parse(quoted) as string);
  const entry = { timestampNs: timeOf(time), line };
  return metadata === undefined ? entry : { ...entry, metadata: labelsOf(metadata) };
}

function timeOf(text: string): bigint {
  return epochNs + BigInt(parseGoDurationNs(text));
}

function printTime(ns: bigint): string {
  return `${printGoFloat(Number(ns - epochNs) / 1e9)}s`;
}

/** Runs a case; gives the answer in the form of a file's expected rows. */
export async function answerOf({ streams, command, query }: QueryCase, blockSize: number): Promise<readonly string[]> {
  const querier = memoryQuerier(streams, blockSize);
  const [, kind, start, end, options = ""] = /^eval (\w+) (\w+)(?:\.\.(\w+))?(.*)$/u.exec(command) ?? [];
  const option = (name: string): string | undefined => new RegExp(`${name} (\\w+)`, "u").exec(options)?.[1];
  const direction = options.includes("backward") ? "backward" : "forward";
  const common = { querier, tenant: "tenant", query, limit: Number(option("limit") ?? 100), direction } as const;
  const { signal } = new AbortController();
  try {
    const { result } =
      kind === "instant"
        ? await runInstantQuery({ ...common, timeNs: timeOf(start!) }, signal)
        : await runRangeQuery(
            {
              ...common,
              startNs: timeOf(start!),
              endNs: timeOf(end!),
              stepMs: parseGoDurationNs(option("step") ?? "1m") / 1e6,
              intervalMs: parseGoDurationNs(option("interval") ?? "0") / 1e6,
            },
            signal,
          );
    return printResult(result);
  } catch (error) {
    return [`error: ${(error as Error).message.trimEnd().replaceAll("\n", " ")}`];
  }
}

function printResult(result: QueryResult): readonly string[] {
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
