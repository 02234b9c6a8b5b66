import type { Client, MatrixSeries, SampleValue, StatsSummary, VectorSample } from "@sluice/api";
import { isServiceError, messageOf, nsPerMs, ServiceError, type Direction } from "@sluice/model";
import { lineKey, linesOf, type LogLine } from "../log/log-line.ts";
import { LogStore } from "../log/log-store.ts";
import { isLogQuery, volumeQuery } from "../query/log-query.ts";
import { roundStepMs } from "../time/round-step.ts";
import { volumeOf, volumeStepMs, type Volume } from "../volume/volume.ts";
import { explainEmpty, type EmptyReason } from "./explain-empty.ts";
import { createObservable, type Observable } from "./observable.ts";

export interface SearchRequest {
  readonly query: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly direction: Direction;
  /** Evaluate a metric query once, at the end of the range. */
  readonly instant: boolean;
}

export type SearchResult =
  | { readonly type: "logs"; readonly store: LogStore }
  | { readonly type: "matrix"; readonly series: readonly MatrixSeries[]; readonly stepMs: number }
  | { readonly type: "vector"; readonly samples: readonly VectorSample[] }
  | { readonly type: "scalar"; readonly sample: SampleValue };

export interface SearchState {
  readonly phase: "idle" | "loading" | "ready" | "stopped" | "failed";
  /** What was asked last. */
  readonly request: SearchRequest | undefined;
  /** The newest answer; while the next one loads it is still the one before. */
  readonly result: SearchResult | undefined;
  /** What `result` answers. */
  readonly resultOf: SearchRequest | undefined;
  readonly error: ServiceError | undefined;
  readonly volume: Volume | undefined;
  readonly volumeError: string | undefined;
  readonly emptyReason: EmptyReason | undefined;
  readonly loadingMore: boolean;
  /** Why the next page did not come. */
  readonly moreError: string | undefined;
  /** Every line of the range is loaded. */
  readonly complete: boolean;
  readonly elapsedMs: number;
  readonly stats: StatsSummary | undefined;
  /** Counts the changes of a log result's store. */
  readonly revision: number;
}

export interface SearchSession {
  readonly state: Observable<SearchState>;
  readonly run: (request: SearchRequest) => Promise<void>;
  /** Gives up what runs; what came stays. */
  readonly stop: () => void;
  /** Appends the next page to a log result. */
  readonly loadMore: () => Promise<void>;
  /** Forgets everything. */
  readonly reset: () => void;
}

export interface SearchOptions {
  readonly client: Client;
  readonly nowMs: () => number;
  readonly pageLines?: number;
  readonly linesMax?: number;
}

const pageLinesDefault = 1000;
const linesMaxDefault = 100_000;
/** Points of a metric query: more than a chart can show help nobody. */
const pointsMax = 400;

const idle: SearchState = {
  phase: "idle",
  request: undefined,
  result: undefined,
  resultOf: undefined,
  error: undefined,
  volume: undefined,
  volumeError: undefined,
  emptyReason: undefined,
  loadingMore: false,
  moreError: undefined,
  complete: false,
  elapsedMs: 0,
  stats: undefined,
  revision: 0,
};

/** Runs one query at a time, page by page, together with its histogram. */
export function createSearchSession(options: SearchOptions): SearchSession {
  const { client, nowMs, pageLines = pageLinesDefault, linesMax = linesMaxDefault } = options;
  const state = createObservable(idle);
  let abort = new AbortController();

  function restart(): AbortSignal {
    abort.abort();
    abort = new AbortController();
    return abort.signal;
  }

  async function run(request: SearchRequest): Promise<void> {
    const signal = restart();
    const startedMs = nowMs();
    state.patch({
      phase: "loading",
      request,
      error: undefined,
      emptyReason: undefined,
      loadingMore: false,
      moreError: undefined,
    });
    const volume = loadVolume(request, signal);
    try {
      const { result, stats, complete } = await ask(request, signal);
      signal.throwIfAborted();
      const elapsedMs = nowMs() - startedMs;
      const revision = state.get().revision + 1;
      state.patch({ phase: "ready", result, resultOf: request, stats, complete, elapsedMs, revision });
      if (result.type === "logs" && result.store.count === 0) {
        const emptyReason = await explainEmpty(client, request, signal);
        signal.throwIfAborted();
        state.patch({ emptyReason });
      }
      await volume;
    } catch (error) {
      if (!signal.aborted) {
        state.patch({ phase: "failed", error: asServiceError(error), elapsedMs: nowMs() - startedMs });
      }
    }
  }

  async function ask(
    request: SearchRequest,
    signal: AbortSignal,
  ): Promise<{ readonly result: SearchResult; readonly stats: StatsSummary | undefined; readonly complete: boolean }> {
    const { query, startNs, endNs, direction } = request;
    const stepMs = metricStepMs(Number((endNs - startNs) / nsPerMs));
    const data =
      request.instant && !isLogQuery(query)
        ? await client.query({ query, timeNs: endNs }, signal)
        : await client.queryRange({ query, startNs, endNs, direction, limit: pageLines, stepMs }, signal);
    const stats = data.stats?.summary;
    switch (data.resultType) {
      case "streams": {
        const store = new LogStore(linesMax);
        const lines = linesOf(data.result, direction);
        store.append(lines);
        return { result: { type: "logs", store }, stats, complete: lines.length < pageLines };
      }
      case "matrix":
        return { result: { type: "matrix", series: data.result, stepMs }, stats, complete: true };
      case "vector":
        return { result: { type: "vector", samples: data.result }, stats, complete: true };
      case "scalar":
        return { result: { type: "scalar", sample: data.result }, stats, complete: true };
    }
  }

  async function loadVolume({ query, startNs, endNs }: SearchRequest, signal: AbortSignal): Promise<void> {
    const startMs = Number(startNs / nsPerMs);
    const endMs = Number(endNs / nsPerMs);
    const stepMs = volumeStepMs(endMs - startMs);
    const counting = isLogQuery(query) ? volumeQuery(query, stepMs) : undefined;
    if (counting === undefined) {
      state.patch({ volume: undefined, volumeError: undefined });
      return;
    }
    try {
      const data = await client.queryRange({ query: counting, startNs, endNs, stepMs }, signal);
      if (!signal.aborted && data.resultType === "matrix") {
        state.patch({ volume: volumeOf(data.result, startMs, endMs, stepMs), volumeError: undefined });
      }
    } catch (error) {
      if (!signal.aborted) {
        state.patch({ volume: undefined, volumeError: messageOf(error) });
      }
    }
  }

  async function loadMore(): Promise<void> {
    const { result, resultOf, complete, loadingMore, phase } = state.get();
    if (result?.type !== "logs" || resultOf === undefined || complete || loadingMore || phase === "loading") {
      return;
    }
    const { store } = result;
    if (store.count + pageLines > linesMax) {
      state.patch({ moreError: `${linesMax} lines are as many as this page holds: narrow the query or the range` });
      return;
    }
    const { signal } = abort.signal.aborted ? (abort = new AbortController()) : abort;
    state.patch({ loadingMore: true, moreError: undefined });
    try {
      const page = await nextPage(client, resultOf, store, pageLines, signal);
      signal.throwIfAborted();
      store.append(page.lines);
      state.patch({ loadingMore: false, complete: page.complete, revision: state.get().revision + 1 });
    } catch (error) {
      if (!signal.aborted) {
        state.patch({ loadingMore: false, moreError: messageOf(error) });
      }
    }
  }

  return {
    state,
    run,
    loadMore,
    stop: () => {
      abort.abort();
      const { phase, result } = state.get();
      state.patch({ loadingMore: false, phase: phase === "loading" ? "stopped" : phase, result });
    },
    reset: () => {
      abort.abort();
      state.set({ ...idle, revision: state.get().revision + 1 });
    },
  };
}

/** A round step, at least a second. */
function metricStepMs(rangeMs: number): number {
  return Math.max(1000, roundStepMs(rangeMs, pointsMax));
}

interface Page {
  readonly lines: readonly LogLine[];
  readonly complete: boolean;
}

/**
 * The lines after the last loaded one. The page starts at that line's own nanosecond, because there may be more lines
 * in it, and leaves out those that are loaded.
 */
async function nextPage(
  client: Client,
  { query, startNs, endNs, direction }: SearchRequest,
  store: LogStore,
  pageLines: number,
  signal: AbortSignal,
): Promise<Page> {
  const lastNs = store.nsAt(store.count - 1);
  const known = new Set<string>();
  for (let i = store.count - 1; i >= 0 && store.nsAt(i) === lastNs; i--) {
    known.add(lineKey(store.entryAt(i)));
  }
  // The known ones come again: with them the page has as many new lines as was asked for.
  const limit = Math.min(pageLines + known.size, 2 * pageLines);
  const ask = async (start: bigint, end: bigint): Promise<LogLine[]> => {
    if (start >= end) {
      return [];
    }
    const data = await client.queryRange({ query, startNs: start, endNs: end, direction, limit }, signal);
    return data.resultType === "streams" ? linesOf(data.result, direction) : [];
  };
  const isForward = direction === "forward";
  const page = isForward ? await ask(lastNs, endNs) : await ask(startNs, lastNs + 1n);
  const lines = page.filter((line) => !known.has(lineKey(line)));
  const complete = page.length < limit;
  if (lines.length > 0 || complete) {
    return { lines, complete };
  }
  // One nanosecond holds more lines than a page: the rest of it cannot be asked for, so go on behind it.
  const beyond = isForward ? await ask(lastNs + 1n, endNs) : await ask(startNs, lastNs);
  return { lines: beyond, complete: beyond.length < limit };
}

function asServiceError(error: unknown): ServiceError {
  return isServiceError(error) ? error : new ServiceError("unavailable", messageOf(error), { cause: error });
}
