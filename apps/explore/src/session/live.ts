import type { Client, TailFrame } from "@sluice/api";
import { messageOf, nsPerMs } from "@sluice/model";
import { lineKey, linesOf, nsOf, splitNs, type LogLine } from "../log/log-line.ts";
import { LogStore } from "../log/log-store.ts";
import { createObservable, type Observable } from "./observable.ts";
import { createRateMeter } from "./rate-meter.ts";

export interface SocketEvents {
  readonly onOpen: () => void;
  readonly onText: (text: string) => void;
  /** Once, whether it was open or not. */
  readonly onClose: (code: number, reason: string) => void;
}

/** An open WebSocket, or one that is being opened. After `close` it has no more events. */
export interface Socket {
  close(): void;
}

export type OpenSocket = (url: string, events: SocketEvents) => Socket;

export interface LiveState {
  readonly phase: "idle" | "connecting" | "live" | "reconnecting" | "ended";
  readonly query: string;
  /** Paused: lines still arrive, the view stays. */
  readonly paused: boolean;
  /** Lines that came since the pause began. */
  readonly sincePause: number;
  readonly errorsSincePause: number;
  /** Lines and errors per second, and lines in each of the last seconds, oldest first. */
  readonly rate: number;
  readonly errorRate: number;
  readonly history: readonly number[];
  /** Lines that the server left out because this page was too slow. */
  readonly dropped: number;
  /** Why the tail ended or is being reopened. */
  readonly reason: string;
  /** Counts the tries to reconnect. */
  readonly attempt: number;
  /** When the last line came; 0 before the first. Milliseconds since the epoch. */
  readonly lastLineMs: number;
  readonly revision: number;
}

export interface LiveSession {
  readonly state: Observable<LiveState>;
  readonly store: LogStore;
  readonly start: (query: string) => void;
  readonly stop: () => void;
  readonly setPaused: (paused: boolean) => void;
  readonly clear: () => void;
}

export interface LiveOptions {
  readonly client: Client;
  readonly openSocket: OpenSocket;
  readonly nowMs: () => number;
  readonly setTimer: (run: () => void, ms: number) => number;
  readonly clearTimer: (timer: number) => void;
  readonly linesMax?: number;
}

const linesMaxDefault = 50_000;
/** Lines of the past that a new tail begins with. */
const historyLines = 500;
const backoffMs = [250, 500, 1000, 2000, 5000, 10_000];
/** A gap is filled page by page, up to what the buffer holds. */
const gapPageLines = 5000;
/** Lines may reach the server a little after their time: a gap is searched from so long before its beginning. */
const lateMs = 5000;
const rateEveryMs = 500;
const publishEveryMs = 40;
/** For so long after opening, old lines are taken for the history that the server sends first. */
const historyPeriodMs = 3000;

const idle: LiveState = {
  phase: "idle",
  query: "",
  paused: false,
  sincePause: 0,
  errorsSincePause: 0,
  rate: 0,
  errorRate: 0,
  history: [],
  dropped: 0,
  reason: "",
  attempt: 0,
  lastLineMs: 0,
  revision: 0,
};

/** Follows a query. When the connection breaks it reopens it and fills the gap, and says in the list what it did. */
export function createLiveSession(options: LiveOptions): LiveSession {
  const { client, openSocket, nowMs, setTimer, clearTimer, linesMax = linesMaxDefault } = options;
  const store = new LogStore(linesMax);
  const state = createObservable(idle);
  const meter = createRateMeter();
  let socket: Socket | undefined;
  let reconnectTimer = 0;
  let rateTimer = 0;
  let openedMs = 0;
  let publishTimer = 0;
  let publishedMs = 0;
  let unpublished = { lines: 0, errors: 0 };
  /** Since when lines may be missing; undefined while connected. Milliseconds. */
  let gapSinceMs: number | undefined;
  /** Frames that came while a gap is being filled. */
  let waiting: LogLine[] | undefined;
  let abort = new AbortController();

  function start(query: string): void {
    stop();
    store.clear();
    meter.reset();
    gapSinceMs = undefined;
    state.set({ ...idle, phase: "connecting", query, revision: state.get().revision + 1 });
    tickRate();
    connect();
  }

  function stop(): void {
    abort.abort();
    abort = new AbortController();
    clearTimer(reconnectTimer);
    clearTimer(rateTimer);
    clearTimer(publishTimer);
    publishTimer = 0;
    unpublished = { lines: 0, errors: 0 };
    socket?.close();
    socket = undefined;
    waiting = undefined;
    state.patch({ phase: "idle" });
  }

  function connect(): void {
    const { query } = state.get();
    const isFirst = gapSinceMs === undefined;
    // After a break the past is asked for by query, which says whether it is complete.
    const url = client.tailUrl({
      query,
      ...(isFirst ? { limit: historyLines } : { limit: 1, startNs: BigInt(nowMs()) * nsPerMs }),
    });
    let wasOpen = false;
    socket = openSocket(url, {
      onOpen: () => {
        wasOpen = true;
        openedMs = nowMs();
        state.patch({ phase: "live", reason: "", attempt: 0 });
        if (gapSinceMs !== undefined) {
          void fillGap(gapSinceMs, abort.signal);
        }
      },
      onText: receive,
      onClose: (code, reason) => {
        socket = undefined;
        gapSinceMs ??= nowMs();
        void lost(code, reason, wasOpen, isFirst);
      },
    });
  }

  function receive(text: string): void {
    let frame: TailFrame;
    try {
      frame = JSON.parse(text) as TailFrame;
    } catch {
      state.patch({ reason: "the server sent a frame that is not JSON" });
      return;
    }
    const lines = linesOf(frame.streams ?? [], "forward");
    const dropped = frame.dropped_entries?.length ?? 0;
    if (dropped > 0) {
      state.patch({ dropped: state.get().dropped + dropped });
    }
    if (waiting === undefined) {
      append(lines);
    } else {
      waiting.push(...lines);
    }
  }

  function append(lines: readonly LogLine[]): void {
    if (lines.length === 0) {
      return;
    }
    const { added } = store.append(lines);
    let errors = 0;
    let live = 0;
    for (let i = store.count - added; i < store.count; i++) {
      if (!isHistory(store.secondsAt(i))) {
        live += 1;
        errors += store.levelAt(i) >= 5 ? 1 : 0;
      }
    }
    meter.add(nowMs(), live, errors);
    unpublished.lines += lines.length;
    unpublished.errors += errors;
    if (publishTimer === 0) {
      publishTimer = setTimer(publish, Math.max(0, publishedMs + publishEveryMs - nowMs()));
    }
  }

  /** Tells the watchers what came. Frames may come by the hundred, and each telling draws the page. */
  function publish(): void {
    publishTimer = 0;
    publishedMs = nowMs();
    const { paused, sincePause, errorsSincePause, revision } = state.get();
    state.patch({
      sincePause: paused ? sincePause + unpublished.lines : 0,
      errorsSincePause: paused ? errorsSincePause + unpublished.errors : 0,
      lastLineMs: publishedMs,
      revision: revision + 1,
    });
    unpublished = { lines: 0, errors: 0 };
  }

  /** A new tail begins with lines of the past; they say nothing about the rate. */
  function isHistory(seconds: number): boolean {
    return nowMs() - openedMs < historyPeriodMs && seconds * 1000 < openedMs - lateMs;
  }

  /** The connection closed. A refused query is final; anything else is tried again. */
  async function lost(code: number, reason: string, wasOpen: boolean, isFirst: boolean): Promise<void> {
    if (!wasOpen && isFirst) {
      const { signal } = abort;
      // A browser does not tell why a WebSocket was refused; the same query by HTTP does.
      const refusal = await refusalOf(client, state.get().query, nowMs(), signal);
      if (signal.aborted) {
        return;
      }
      if (refusal !== undefined) {
        state.patch({ phase: "ended", reason: refusal });
        return;
      }
      gapSinceMs = undefined;
    }
    const { attempt } = state.get();
    state.patch({
      phase: "reconnecting",
      reason: reason === "" ? `connection closed (${code})` : reason,
      attempt: attempt + 1,
    });
    reconnectTimer = setTimer(connect, backoffMs[Math.min(attempt, backoffMs.length - 1)]!);
  }

  async function fillGap(sinceMs: number, signal: AbortSignal): Promise<void> {
    waiting = [];
    const untilMs = nowMs();
    const known = knownSince(sinceMs - lateMs);
    let filled = 0;
    let note = "complete";
    try {
      for await (const page of gapPages(sinceMs - lateMs, untilMs + 1000, signal)) {
        const fresh = page.filter((line) => !known.has(lineKey(line)));
        for (const line of fresh) {
          known.add(lineKey(line));
        }
        filled += fresh.length;
        append(fresh);
      }
      if (filled >= linesMax) {
        note = "the rest is out of the buffer";
      }
    } catch (error) {
      note = `incomplete: ${messageOf(error)}`;
    }
    if (signal.aborted) {
      return;
    }
    const came = waiting.filter((line) => !known.has(lineKey(line)));
    waiting = undefined;
    gapSinceMs = undefined;
    append([
      noteLine(nowMs(), `reconnected after ${gapSeconds(untilMs - sinceMs)}, ${filled} lines filled in, ${note}`),
    ]);
    append(came);
  }

  function knownSince(ms: number): Set<string> {
    const known = new Set<string>();
    const sinceNs = BigInt(ms) * nsPerMs;
    for (let i = store.count - 1; i >= 0; i--) {
      const line = store.entryAt(i);
      // Lines come in nearly the order of their times; a few hundred older ones do not end the search.
      if (nsOf(line) < sinceNs && store.count - i > historyLines) {
        break;
      }
      known.add(lineKey(line));
    }
    return known;
  }

  async function* gapPages(startMs: number, endMs: number, signal: AbortSignal): AsyncGenerator<readonly LogLine[]> {
    const { query } = state.get();
    let startNs = BigInt(startMs) * nsPerMs;
    const endNs = BigInt(endMs) * nsPerMs;
    for (let total = 0; total < linesMax;) {
      const data = await client.queryRange(
        { query, startNs, endNs, limit: gapPageLines, direction: "forward" },
        signal,
      );
      const lines = data.resultType === "streams" ? linesOf(data.result, "forward") : [];
      yield lines;
      total += lines.length;
      if (lines.length < gapPageLines) {
        return;
      }
      const lastNs = nsOf(lines.at(-1)!);
      startNs = lastNs > startNs ? lastNs : lastNs + 1n;
    }
  }

  function tickRate(): void {
    rateTimer = setTimer(tickRate, rateEveryMs);
    const { rate, errorRate, history } = meter.read(nowMs());
    const before = state.get();
    if (rate !== before.rate || rate > 0 || before.history.some((count) => count > 0)) {
      state.patch({ rate, errorRate, history });
    }
  }

  return {
    state,
    store,
    start,
    stop,
    setPaused: (paused) => state.patch({ paused, sincePause: 0, errorsSincePause: 0 }),
    clear: () => {
      store.clear();
      state.patch({ sincePause: 0, errorsSincePause: 0, dropped: 0, revision: state.get().revision + 1 });
    },
  };
}

async function refusalOf(
  client: Client,
  query: string,
  nowMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const endNs = BigInt(nowMs) * nsPerMs;
    const data = await client.queryRange({ query, startNs: endNs - 1_000_000_000n, endNs, limit: 1 }, signal);
    return data.resultType === "streams" ? undefined : "only a log query can be followed, not a metric query";
  } catch (error) {
    const code = (error as { readonly code?: string }).code;
    return code === "unavailable" || code === "timeout" || code === "rate_limited" ? undefined : messageOf(error);
  }
}

function noteLine(ms: number, text: string): LogLine {
  return { ...splitNs(BigInt(ms) * nsPerMs), line: text, labels: {}, note: true };
}

function gapSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
