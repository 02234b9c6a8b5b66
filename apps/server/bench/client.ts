import { makeCorpus, type CorpusOptions } from "./corpus.ts";
import type { ServerProcess } from "./server-process.ts";

export const mib = 1024 * 1024;
const connections = 4;

export type Corpus = Omit<CorpusOptions, "connection" | "connections">;

/** What was pushed. */
export interface Pushed {
  readonly rawBytes: number;
  readonly lines: number;
}

/** 512 MiB over 100 streams, and six hours that end a minute ago. */
export const manyLines: Corpus = {
  streamCount: 100,
  rawBytes: Number(process.env["BENCH_MIB"] ?? 512) * mib,
  endMs: Date.now() - 60_000,
  hours: 6,
};

/** Around all lines of a corpus, nanoseconds. */
export const wholeRange = {
  start: String((manyLines.endMs - 7 * 3_600_000) * 1e6),
  end: String((manyLines.endMs + 60_000) * 1e6),
};

/** No limits on how much may come how fast, and no housekeeping but when asked for. */
export function configOf(overrides: Record<string, unknown> = {}, limits: Record<string, unknown> = {}): unknown {
  return {
    limits_config: {
      ...limits,
      ingestion_rate_mb: 10_000,
      ingestion_burst_size_mb: 10_000,
      per_stream_rate_limit: "10GB",
      per_stream_rate_limit_burst: "10GB",
      max_global_streams_per_user: 0,
      max_query_length: "0",
      max_entries_limit_per_query: 100_000,
    },
    compactor: { compaction_interval: "1000h" },
    ...overrides,
  };
}

export async function pushAll(server: ServerProcess, options: Corpus): Promise<Pushed> {
  let rawBytes = 0;
  let lines = 0;
  const send = async (connection: number): Promise<void> => {
    for (const push of makeCorpus({ ...options, connection, connections })) {
      rawBytes += push.rawBytes;
      lines += push.lines;
      const response = await fetch(`${server.address}/loki/api/v1/push`, {
        method: "POST",
        headers: { "Content-Type": "application/x-protobuf" },
        body: push.body,
      });
      if (response.status !== 204) {
        throw new Error(`push: ${response.status} ${await response.text()}`);
      }
    }
  };
  await Promise.all(Array.from({ length: connections }, (_, connection) => send(connection)));
  return { rawBytes, lines };
}

export async function flush(server: ServerProcess): Promise<void> {
  const response = await fetch(`${server.address}/flush`, { method: "POST" });
  if (!response.ok) {
    throw new Error(`flush: ${response.status} ${await response.text()}`);
  }
}

/** The body of an answer to a request of the query API. */
export async function answerOf(
  server: ServerProcess,
  path: "query" | "query_range",
  parameters: Record<string, string>,
): Promise<ArrayBuffer> {
  const response = await fetch(`${server.address}/loki/api/v1/${path}?${new URLSearchParams(parameters).toString()}`);
  if (!response.ok) {
    throw new Error(`${parameters["query"]}: ${response.status} ${await response.text()}`);
  }
  return response.arrayBuffer();
}

interface Answer {
  readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] };
}

/** The sum of the values of an instant query at the corpus' end. */
export async function valueOf(server: ServerProcess, query: string): Promise<number> {
  const body = await answerOf(server, "query", { query, time: wholeRange.end });
  const { data } = JSON.parse(new TextDecoder().decode(body)) as Answer;
  return data.result.reduce((sum, { value }) => sum + Number(value[1]), 0);
}

/** CPU seconds of the server for one such query, the mean of so many. */
export async function cpuOf(server: ServerProcess, query: string, expected: number, rounds: number): Promise<number> {
  return cpuSecondsOf(server, rounds, async () => {
    const value = await valueOf(server, query);
    if (value !== expected) {
      throw new Error(`${query}: ${value} instead of ${expected}`);
    }
  });
}

/** CPU seconds of the server for one call of `run`, the mean of so many. */
export async function cpuSecondsOf(
  server: ServerProcess,
  rounds: number,
  run: () => Promise<unknown>,
): Promise<number> {
  const before = await server.cpuSeconds();
  for (let round = 0; round < rounds; round++) {
    await run();
  }
  return ((await server.cpuSeconds()) - before) / rounds;
}
