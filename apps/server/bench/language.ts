import { createKernels } from "@sluice/kernels";
import { batchOf, labelsFromRecord, noLabels } from "@sluice/model";
import { logLine, seededRng } from "@sluice/testkit";
import { writeQueryResponse } from "../src/api/write-result.ts";
import { answerOf, configOf, cpuSecondsOf, valueOf, wholeRange, type Pushed } from "./client.ts";
import type { Report } from "./report.ts";
import { startServerProcess, type ServerProcess } from "./server-process.ts";

/*
 * What LogQL costs: queries over the stored corpus, raw bytes of the lines that they are about per CPU-second of the
 * server. Blocks are compressed on disk, and none is kept in memory; the server has run for a while.
 */

/** Streams of JSON, and of logfmt, by the names of their pods; see corpus.ts. */
const json = '{pod=~".*-[024]"}';
const logfmt = '{pod=~"app-(0|1|2|3|16|17|18|19)-[13]"}';
const all = '{app=~".+"}';

const rounds = 3;

interface Case {
  readonly name: string;
  readonly selector: string;
  readonly query: string;
  readonly step?: string;
  readonly goal: string;
}

const cases: readonly Case[] = [
  {
    name: '|= "error" counted per minute',
    selector: all,
    query: `sum(count_over_time(${all} |= "error" [1m]))`,
    step: "60",
    goal: ">= 650 (Loki 245)",
  },
  {
    name: '| json | level="error" counted',
    selector: json,
    query: `sum(count_over_time(${json} | json | level="error" [7h]))`,
    goal: ">= 600 (Loki 115)",
  },
  {
    name: "sum by (status) (... | json)",
    selector: json,
    query: `sum by (status) (count_over_time(${json} | json [7h]))`,
    goal: ">= 450 (Loki 68)",
  },
  {
    name: "p99 by unwrap over JSON",
    selector: json,
    query: `quantile_over_time(0.99, ${json} | json | unwrap latency_ms [7h]) by (method)`,
    goal: ">= 350 (Loki 66)",
  },
  {
    name: '| logfmt | level="error" counted',
    selector: logfmt,
    query: `sum(count_over_time(${logfmt} | logfmt | level="error" [7h]))`,
    goal: ">= 450 (Loki 105)",
  },
  {
    name: '|~ with a literal: "status\\W+5\\d\\d"',
    selector: all,
    query: `sum(count_over_time(${all} |~ "status\\\\W+5\\\\d\\\\d" [7h]))`,
    goal: ">= 550",
  },
  {
    name: '|~ "(?i)timeout"',
    selector: all,
    query: `sum(count_over_time(${all} |~ "(?i)timeout" [7h]))`,
    goal: ">= 600 (Loki 195)",
  },
];

/** @param directory that of a server that holds the corpus and does not run. */
export async function measureLanguage(directory: string, { rawBytes }: Pushed, report: Report): Promise<void> {
  await withServer(directory, async (server) => {
    const sizes = new Map([[all, rawBytes]]);
    for (const { name, selector, query, step, goal } of cases) {
      const size = sizes.get(selector) ?? (await valueOf(server, `sum(bytes_over_time(${selector} [7h]))`));
      sizes.set(selector, size);
      const run = (): Promise<ArrayBuffer> =>
        step === undefined
          ? answerOf(server, "query", { query, time: wholeRange.end })
          : answerOf(server, "query_range", { query, ...wholeRange, step });
      await run();
      report(name, size / (await cpuSecondsOf(server, rounds, run)) / 1e6, "MB/s/CPU-s", goal);
    }
    await measureLines(server, report);
    report("peak memory after the queries", server.peakMib(), "MiB");
  });
}

async function measureLines(server: ServerProcess, report: Report): Promise<void> {
  const lines = (query: string, limit: number): Promise<ArrayBuffer> =>
    answerOf(server, "query_range", { query, ...wholeRange, limit: String(limit) });
  const newest = `${all} |= "error"`;
  await lines(newest, 5000);
  const startMs = performance.now();
  const cpu = await cpuSecondsOf(server, rounds, () => lines(newest, 5000));
  report('5,000 newest lines of |= "error"', (performance.now() - startMs) / 1000 / rounds, "s", "<= 0.1");
  report("the same", cpu, "CPU-s");
  let bytes = (await lines(all, 100_000)).byteLength;
  const many = await cpuSecondsOf(server, 3, async () => {
    bytes = (await lines(all, 100_000)).byteLength;
  });
  report("100,000 lines: found, read, written", bytes / many / 1e6, "MB/s/CPU-s");
  report("100,000 lines written", writeLinesPerCpuSecond(), "MB/s/CPU-s", ">= 250");
}

async function withServer(directory: string, run: (server: ServerProcess) => Promise<void>): Promise<void> {
  const server = await startServerProcess(directory, configOf({ querier: { block_cache_bytes_max: "1KB" } }));
  try {
    await run(server);
  } finally {
    await server.kill("SIGTERM");
  }
}

/** Of the bytes of an answer with 100,000 generated lines, how many are written in a CPU-second. */
function writeLinesPerCpuSecond(): number {
  const rng = seededRng(1);
  const batch = batchOf(Array.from({ length: 100_000 }, (_, i) => ({ timestampNs: BigInt(i), line: logLine(rng, i) })));
  const { count, bytes, lineStarts, lineEnds } = batch;
  const levels = ["info", "error", "debug"].map((level) => labelsFromRecord({ detected_level: level }));
  const columns = {
    count,
    seconds: new Float64Array(count).fill(1.7e9),
    nanos: lineStarts,
    bytes,
    lineStarts,
    lineEnds,
    metadata: Array.from({ length: count }, (_, i) => levels[i % levels.length]!),
    parsed: Array.from({ length: count }, () => noLabels),
  };
  const result = {
    type: "streams" as const,
    streams: [{ labels: labelsFromRecord({ app: "a" }), entries: [], columns }],
  };
  const stats = { blocksTotal: 1, blocksLoaded: 1, bytesProcessed: 1, linesProcessed: count, entriesReturned: count };
  const kernels = createKernels();
  const write = (): number => writeQueryResponse(result, stats, { execSeconds: 1 }, [], kernels).length;
  let written = write() + write();
  const before = process.cpuUsage();
  written = 0;
  for (let round = 0; round < 2 * rounds; round++) {
    written += write();
  }
  const { user, system } = process.cpuUsage(before);
  return written / (user + system);
}
