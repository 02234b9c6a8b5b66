import { plainKernels } from "@sluice/kernels";
import { nsPerMs, ServiceError, type Direction, type Querier, type QueryResult, type QueryStats } from "@sluice/model";
import { newStats, Pacer, type Execution, type SearchKernels } from "./execution.ts";
import { runLogQuery } from "./log/log-query.ts";
import { evaluate } from "./metric/evaluate.ts";
import { matrixOf, vectorOf } from "./metric/result.ts";
import { singleStep, stepsBetween } from "./metric/steps.ts";
import { parseQuery } from "./syntax/index.ts";

interface QueryOptions {
  /** Where entries come from. */
  readonly querier: Querier;
  readonly tenant: string;
  /** LogQL. */
  readonly query: string;
  /** How many lines a log query answers at most, over all streams. */
  readonly limit: number;
  readonly direction: Direction;
  /** How many series a metric query may answer; Loki's `max_query_series`, 500 by default. */
  readonly seriesMax?: number;
  /** The kernels of the calling thread; the plain TypeScript ones when absent. */
  readonly kernels?: SearchKernels;
}

export interface RangeQuery extends QueryOptions {
  /** Nanoseconds since the epoch. Lines are wanted from here on; the first evaluation of a metric query is here. */
  readonly startNs: bigint;
  /** Lines before this are wanted; the last evaluation of a metric query is here or less than a step before. */
  readonly endNs: bigint;
  /** Distance of a metric query's evaluations, milliseconds; positive. */
  readonly stepMs: number;
  /** Of log lines nearer than this to the one before only the first counts; absent or 0 keeps all. */
  readonly intervalMs?: number;
}

export interface InstantQuery extends QueryOptions {
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint;
}

export interface QueryAnswer {
  readonly result: QueryResult;
  readonly stats: QueryStats;
}

const seriesMaxDefault = 500;

/**
 * Runs a query over a range of time. A log query answers streams, a metric query a matrix.
 *
 * Steps begin at `startNs` as it is: aligning start and end to multiples of the step, as Loki's frontend does, and
 * bounding limit, range and number of steps is the caller's part.
 *
 * @throws {ServiceError} `bad_data` for a query that is wrong, `cancelled` when the signal aborts, and whatever the
 * querier throws.
 */
export async function runRangeQuery(query: RangeQuery, signal: AbortSignal): Promise<QueryAnswer> {
  const expression = parseQuery(query.query);
  const execution = newExecution(query, signal);
  const { stats } = execution;
  if (expression.kind === "log") {
    const { startNs, endNs, limit, direction } = query;
    const intervalNs = BigInt(query.intervalMs ?? 0) * nsPerMs;
    const log = { log: expression, startNs, endNs, limit, direction, intervalNs };
    const streams = startNs < endNs ? await runLogQuery(log, execution) : [];
    return { result: { type: "streams", streams }, stats };
  }
  const steps = stepsBetween(query.startNs, query.endNs, BigInt(query.stepMs) * nsPerMs);
  const series = await evaluate(expression, steps, execution);
  return { result: matrixOf(series, steps, query.seriesMax ?? seriesMaxDefault), stats };
}

/**
 * Runs a metric query at one instant. It answers a vector, or a scalar when the query is a number.
 *
 * @throws {ServiceError} as {@link runRangeQuery}; `bad_data` for a log query, which needs a range.
 */
export async function runInstantQuery(query: InstantQuery, signal: AbortSignal): Promise<QueryAnswer> {
  const expression = parseQuery(query.query);
  const execution = newExecution(query, signal);
  const { stats } = execution;
  if (expression.kind === "log") {
    throw new ServiceError(
      "bad_data",
      "log queries are not supported as an instant query type, please change your query to a range query type",
    );
  }
  if (expression.kind === "literal") {
    const timestampMs = Number(query.timeNs / nsPerMs);
    return { result: { type: "scalar", timestampMs, value: expression.value }, stats };
  }
  const steps = singleStep(query.timeNs);
  const series = await evaluate(expression, steps, execution);
  return { result: vectorOf(series, steps, query.seriesMax ?? seriesMaxDefault, expression), stats };
}

function newExecution({ querier, tenant, kernels = plainKernels }: QueryOptions, signal: AbortSignal): Execution {
  return { querier, tenant, kernels, stats: newStats(), signal, pacer: new Pacer(signal) };
}
