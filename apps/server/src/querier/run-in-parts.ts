import { deserialize, serialize } from "node:v8";
import { joinMatrices, runRangeQuery, StreamsJoin, type QueryAnswer } from "@sluice/logql";
import type { Expression } from "@sluice/logql/syntax";
import type { QueryStats, ResultSeries, ResultStream } from "@sluice/model";
import { boundReads } from "./bound-reads.ts";
import type { PartParams, PartRunner } from "./part-runner.ts";
import type { QueryPart } from "./plan-parts.ts";
import type { QueryContext } from "./query-context.ts";

type PartQuery = Omit<PartParams, "spent" | "startNs" | "endNs" | "seriesMax"> & { readonly seriesMax: number };

/** Answers a range query from the answers of its parts. */
export async function runInParts(
  query: PartQuery,
  expression: Expression,
  parts: readonly QueryPart[],
  runner: PartRunner,
  context: QueryContext,
): Promise<QueryAnswer> {
  const spent = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  const stats = { blocksTotal: 0, blocksLoaded: 0, bytesProcessed: 0, linesProcessed: 0, entriesReturned: 0 };
  const run = async ({ slot, startNs, endNs }: QueryPart, limit = query.limit): Promise<QueryAnswer["result"]> => {
    const bytes = await runner.run(slot, { ...query, startNs, endNs, limit, spent });
    const answer = deserialize(bytes) as QueryAnswer;
    addStats(stats, answer.stats);
    return answer.result;
  };
  if (expression.kind === "log") {
    const result = await joinStreams(query, parts, run);
    stats.entriesReturned = result.type === "streams" ? countOf(result.streams) : 0;
    return { result, stats };
  }
  await checkReads(query, parts, context);
  const results = await allOf(parts.map((part) => run(part)));
  const matrices = results.map((result): readonly ResultSeries[] => (result.type === "matrix" ? result.series : []));
  return { result: joinMatrices(matrices, query.seriesMax), stats };
}

/** Answers one part: the answer as bytes, that pass through other threads as they are. */
export async function runPart(
  { bytesMax, spent, ...query }: PartParams,
  { querier, kernels, signal }: QueryContext,
): Promise<Uint8Array<ArrayBuffer>> {
  const bounded = boundReads(querier, { bytesMax, readsAll: false, spent });
  const { result, stats } = await runRangeQuery({ ...query, querier: bounded, kernels }, signal);
  const plain =
    result.type === "streams"
      ? { ...result, streams: result.streams.map(({ labels, entries }) => ({ labels, entries })) }
      : result;
  return new Uint8Array(serialize({ result: plain, stats }));
}

/**
 * The part with which the answer begins comes alone, for often it is the whole answer; then the others at once.
 */
async function joinStreams(
  { limit, direction }: PartQuery,
  inTime: readonly QueryPart[],
  run: (part: QueryPart, limit: number) => Promise<QueryAnswer["result"]>,
): Promise<QueryAnswer["result"]> {
  const join = new StreamsJoin(limit, direction);
  const [first, ...others] = direction === "forward" ? inTime : inTime.toReversed();
  join.add(streamsOf(await run(first!, limit)));
  const wanted = join.remaining;
  const results = wanted === 0 ? [] : await allOf(others.map((part) => run(part, wanted)));
  for (const [i, result] of results.entries()) {
    if (join.remaining > 0 && join.add(streamsOf(result)) === "again") {
      join.add(streamsOf(await run(others[i]!, join.remaining)));
    }
  }
  return join.finish();
}

/** Before anything is read: what the whole query would read is refused as a whole. */
async function checkReads(
  { bytesMax, ...query }: PartQuery,
  parts: readonly QueryPart[],
  { querier, kernels, signal }: QueryContext,
): Promise<void> {
  if (bytesMax > 0) {
    const bounded = boundReads(querier, { bytesMax, readsAll: true });
    const planning = {
      ...bounded,
      select: async (...args: Parameters<typeof bounded.select>) => {
        await bounded.select(...args);
        return [];
      },
    };
    const { startNs } = parts[0]!;
    const { endNs } = parts.at(-1)!;
    await runRangeQuery({ ...query, startNs, endNs, querier: planning, kernels }, signal);
  }
}

/** All results; when several parts fail, the error of the first of them. */
async function allOf<Result>(results: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(results);
  return settled.map((one) => {
    if (one.status === "rejected") {
      throw one.reason;
    }
    return one.value;
  });
}

function streamsOf(result: QueryAnswer["result"]): readonly ResultStream[] {
  return result.type === "streams" ? result.streams : [];
}

function countOf(streams: readonly ResultStream[]): number {
  return streams.reduce((sum, { entries }) => sum + entries.length, 0);
}

function addStats(sum: QueryStats, part: QueryStats): void {
  sum.blocksTotal += part.blocksTotal;
  sum.blocksLoaded += part.blocksLoaded;
  sum.bytesProcessed += part.bytesProcessed;
  sum.linesProcessed += part.linesProcessed;
  sum.entriesReturned += part.entriesReturned;
}
