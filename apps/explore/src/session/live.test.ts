import { createClient } from "@sluice/api";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { createLiveSession, type LiveSession, type SocketEvents } from "./live.ts";

interface OpenedSocket extends SocketEvents {
  readonly url: URL;
  closed: boolean;
}

/** One world: sockets that the test opens and breaks, and a server whose lines `query_range` finds. */
function world(linesMax = 1000) {
  const sockets: OpenedSocket[] = [];
  const stored: [ns: string, line: string, meta: string][] = [];
  let refusal: Response | undefined;
  const client = createClient({
    baseUrl: "http://test",
    fetch: async (input) => {
      if (refusal !== undefined) {
        return refusal.clone();
      }
      const params = new URL(input).searchParams;
      const values = stored
        .filter(([ns]) => BigInt(ns) >= BigInt(params.get("start")!) && BigInt(ns) < BigInt(params.get("end")!))
        .slice(0, Number(params.get("limit")))
        .map(([ns, line, trace]) => [ns, line, { structuredMetadata: { trace } }]);
      return Response.json({
        status: "success",
        data: { resultType: "streams", result: [{ stream: { app: "a" }, values }] },
      });
    },
  });
  const session = createLiveSession({
    client,
    nowMs: () => Date.now(),
    setTimer: (run, ms) => setTimeout(run, ms),
    clearTimer: (timer) => clearTimeout(timer),
    linesMax,
    openSocket: (url, events) => {
      const socket = { ...events, url: new URL(url), closed: false };
      sockets.push(socket);
      return { close: () => (socket.closed = true) };
    },
  });
  return { sockets, stored, session, refuse: (response: Response) => (refusal = response) };
}

/** A frame as servers send it to browsers: all labels of a line are its stream's. */
function frame(lines: readonly (readonly [ns: string, line: string, trace: string])[], dropped = 0): string {
  const streams = lines.map(([ns, line, trace]) => ({ stream: { app: "a", trace }, values: [[ns, line]] }));
  const entries = Array.from({ length: dropped }, () => ({ timestamp: "1", labels: {} }));
  return JSON.stringify({ streams, ...(dropped > 0 ? { dropped_entries: entries } : {}) });
}

const startMs = 1_767_607_200_000;
const nsAt = (ms: number): string => (BigInt(startMs + ms) * 1_000_000n).toString();
const shown = ({ store }: LiveSession): string[] => Array.from({ length: store.count }, (_, i) => store.lineAt(i));

beforeEach(() => {
  vi.useFakeTimers({ now: startMs });
});

afterEach(() => {
  vi.useRealTimers();
});

test("lines appear well under a second after they came", async () => {
  const { sockets, session } = world();
  session.start('{app="a"}');
  expect(session.state.get().phase).toBe("connecting");
  sockets[0]!.onOpen();
  sockets[0]!.onText(
    frame([
      [nsAt(1), "one", "t1"],
      [nsAt(2), "two", "t2"],
    ]),
  );
  await vi.advanceTimersByTimeAsync(50);
  expect(session.state.get()).toMatchObject({ phase: "live", revision: 2 });
  expect(shown(session)).toEqual(["one", "two"]);
});

test("the watchers are told at most 25 times a second, whatever the number of frames", async () => {
  const { sockets, session } = world(50_000);
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  let told = 0;
  session.state.subscribe(() => (told += 1));
  for (let ms = 0; ms < 1000; ms += 5) {
    sockets[0]!.onText(frame([[nsAt(ms), `line ${ms}`, "t"]]));
    await vi.advanceTimersByTimeAsync(5);
  }
  expect(session.store.count).toBe(200);
  expect(told).toBeLessThanOrEqual(30);
});

test("pause keeps receiving and counts what waits", async () => {
  const { sockets, session } = world();
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  session.setPaused(true);
  sockets[0]!.onText(
    frame([
      [nsAt(1), "level=error x", "t1"],
      [nsAt(2), "two", "t2"],
    ]),
  );
  await vi.advanceTimersByTimeAsync(50);
  expect(session.state.get()).toMatchObject({ paused: true, sincePause: 2, errorsSincePause: 1 });
  expect(session.store.count).toBe(2);
  session.setPaused(false);
  expect(session.state.get().sincePause).toBe(0);
});

test("a broken connection is reopened, the gap filled, and nothing is there twice", async () => {
  const { sockets, stored, session } = world();
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  const seen = [
    [nsAt(1), "seen 1", "t1"],
    [nsAt(2), "seen 2", "t2"],
  ] as const;
  sockets[0]!.onText(frame(seen));
  await vi.advanceTimersByTimeAsync(100);
  sockets[0]!.onClose(1006, "");
  await vi.advanceTimersByTimeAsync(10);
  expect(session.state.get()).toMatchObject({ phase: "reconnecting", attempt: 1 });

  stored.push([...seen[0]], [...seen[1]], [nsAt(120), "missed 1", "t3"], [nsAt(130), "missed 2", "t4"]);
  await vi.advanceTimersByTimeAsync(300);
  expect(sockets).toHaveLength(2);
  sockets[1]!.onOpen();
  // The new connection repeats one of them, and brings a new one while the gap is being filled.
  sockets[1]!.onText(
    frame([
      [nsAt(130), "missed 2", "t4"],
      [nsAt(400), "new", "t5"],
    ]),
  );
  await vi.advanceTimersByTimeAsync(100);
  expect(shown(session)).toEqual([
    "seen 1",
    "seen 2",
    "missed 1",
    "missed 2",
    "reconnected after 0.3 s, 2 lines filled in, complete",
    "new",
  ]);
  expect(session.store.isNoteAt(4)).toBe(true);
  expect(session.state.get().phase).toBe("live");
});

test("it keeps trying, ever less often", async () => {
  const { sockets, session } = world();
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  for (let i = 0; i < 5; i++) {
    sockets.at(-1)!.onClose(1006, "");
    await vi.advanceTimersByTimeAsync(5000);
  }
  expect(sockets).toHaveLength(6);
  expect(session.state.get()).toMatchObject({ phase: "reconnecting", attempt: 5 });
});

test("a refused query ends the tail with the server's words", async () => {
  const { sockets, session, refuse } = world();
  refuse(new Response("parse error at line 1, col 2: syntax error", { status: 400 }));
  session.start("{");
  sockets[0]!.onClose(1006, "");
  await vi.advanceTimersByTimeAsync(10);
  expect(session.state.get()).toMatchObject({ phase: "ended", reason: "parse error at line 1, col 2: syntax error" });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sockets).toHaveLength(1);
});

test("a server that is down when the tail starts is waited for", async () => {
  const { sockets, session, refuse } = world();
  refuse(new Response("starting", { status: 503 }));
  session.start('{app="a"}');
  sockets[0]!.onClose(1006, "");
  await vi.advanceTimersByTimeAsync(300);
  expect(session.state.get().phase).toBe("reconnecting");
  expect(sockets).toHaveLength(2);
});

test("what the server dropped is counted", async () => {
  const { sockets, session } = world();
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  sockets[0]!.onText(frame([], 3));
  sockets[0]!.onText(frame([[nsAt(1), "x", "t"]], 4));
  expect(session.state.get().dropped).toBe(7);
});

test("lines of the past do not count into the rate", async () => {
  const { sockets, session } = world();
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  sockets[0]!.onText(frame(Array.from({ length: 500 }, (_, i) => [nsAt(i - 100_000), `old ${i}`, "t"] as const)));
  await vi.advanceTimersByTimeAsync(600);
  expect(session.state.get().rate).toBe(0);
  sockets[0]!.onText(frame([[nsAt(600), "new", "t"]]));
  await vi.advanceTimersByTimeAsync(600);
  expect(session.state.get().rate).toBeGreaterThan(0);
});

test("stop closes the connection and ends all timers", async () => {
  const { sockets, session } = world();
  session.start('{app="a"}');
  sockets[0]!.onOpen();
  session.stop();
  expect(sockets[0]!.closed).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});
