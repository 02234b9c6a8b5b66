import { createClient, type Client } from "@sluice/api";
import { expect, test } from "vitest";
import { createSearchSession, type SearchRequest } from "./search.ts";

type Line = readonly [ns: bigint, line: string];

/** A server with one stream of lines: it keeps to `start`, `end`, `limit`, `direction` and `|=`. */
function serverOf(
  lines: readonly Line[],
  answer?: (url: URL) => Response | undefined,
): { readonly client: Client; readonly asked: URL[] } {
  const asked: URL[] = [];
  const client = createClient({
    baseUrl: "http://test",
    fetch: async (input, init) => {
      const url = new URL(input);
      asked.push(url);
      init?.signal?.throwIfAborted();
      const special = answer?.(url);
      if (special !== undefined) {
        return special;
      }
      const get = (name: string): string => url.searchParams.get(name) ?? "";
      const query = get("query");
      const wanted = [...query.matchAll(/\|= "([^"]*)"/gu)].map(([, text]) => text!);
      const found = lines.filter(
        ([ns, line]) =>
          ns >= BigInt(get("start")) && ns < BigInt(get("end")) && wanted.every((text) => line.includes(text)),
      );
      if (!query.startsWith("{")) {
        const result = found.length === 0 ? [] : [{ metric: {}, values: [[60, String(found.length)]] }];
        return Response.json({ status: "success", data: { resultType: "matrix", result } });
      }
      const ordered = get("direction") === "forward" ? found : found.toReversed();
      const values = ordered.slice(0, Number(get("limit"))).map(([ns, line]) => [ns.toString(), line]);
      const result = values.length === 0 ? [] : [{ stream: { app: "a" }, values }];
      return Response.json({ status: "success", data: { resultType: "streams", result } });
    },
  });
  return { client, asked };
}

const request: SearchRequest = {
  query: '{app="a"}',
  startNs: 0n,
  endNs: 60_000_000_000n,
  direction: "backward",
  instant: false,
};

function sessionOf(client: Client, pageLines = 10) {
  return createSearchSession({ client, nowMs: () => 0, pageLines });
}

function shown(session: ReturnType<typeof sessionOf>): string[] {
  const { result } = session.state.get();
  return result?.type === "logs" ? Array.from({ length: result.store.count }, (_, i) => result.store.lineAt(i)) : [];
}

test.for(["backward", "forward"] as const)(
  "pages join without a gap or a repeat, %s, also within one nanosecond",
  async (direction) => {
    // Runs of equal times cross the borders of pages.
    const lines = Array.from({ length: 95 }, (_, i): Line => [BigInt(Math.floor(i / 7)) * 1_000_000n, `line ${i}`]);
    const session = sessionOf(serverOf(lines).client);
    await session.run({ ...request, direction });
    expect(shown(session)).toHaveLength(10);
    for (let i = 0; i < 20 && !session.state.get().complete; i++) {
      await session.loadMore();
    }
    const all = lines.map(([, line]) => line);
    expect(shown(session)).toEqual(direction === "forward" ? all : all.toReversed());
    expect(session.state.get().complete).toBe(true);
  },
);

test("a full range says so, and asks for no more", async () => {
  const { client, asked } = serverOf([[1n, "x"]]);
  const session = sessionOf(client);
  await session.run(request);
  const before = asked.length;
  await session.loadMore();
  expect(asked.length).toBe(before);
});

test("the histogram asks for the same lines by level", async () => {
  const { client, asked } = serverOf([[1n, "x"]]);
  const session = sessionOf(client);
  await session.run({ ...request, query: '{app="a"} |= "x"' });
  expect(asked.map((url) => url.searchParams.get("query"))).toContain(
    'sum by (level, detected_level) (count_over_time({app="a"} |= "x" [1000ms]))',
  );
  expect(session.state.get().volume?.total).toBe(1);
});

test("an empty answer says which part of the query let nothing through", async () => {
  const session = sessionOf(serverOf([[1n, "payment declined"]]).client);
  await session.run({ ...request, query: '{app="a"} |= "declined" |= "timeout" |= "x"' });
  expect(session.state.get().emptyReason).toMatchObject({ type: "stage", text: '|= "timeout"' });
  await session.run({ ...request, startNs: 50n });
  expect(session.state.get().emptyReason).toEqual({ type: "selector" });
});

test("a refused query keeps the answer before it", async () => {
  const { client } = serverOf([[1n, "x"]], (url) =>
    url.searchParams.get("query")!.includes("||")
      ? new Response("parse error at line 1, col 11", { status: 400 })
      : undefined,
  );
  const session = sessionOf(client);
  await session.run(request);
  await session.run({ ...request, query: '{app="a"} || json' });
  expect(session.state.get()).toMatchObject({
    phase: "failed",
    error: { code: "bad_data", message: "parse error at line 1, col 11" },
  });
  expect(shown(session)).toEqual(["x"]);
});

test("stop ends the loading, and a late answer changes nothing", async () => {
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const slow = createClient({
    baseUrl: "http://test",
    fetch: async (_input, init) => {
      await gate;
      init?.signal?.throwIfAborted();
      return Response.json({ status: "success", data: { resultType: "streams", result: [] } });
    },
  });
  const session = sessionOf(slow);
  const running = session.run(request);
  expect(session.state.get().phase).toBe("loading");
  session.stop();
  release();
  await running;
  expect(session.state.get()).toMatchObject({ phase: "stopped", result: undefined, error: undefined });
});

test("a metric query gives series; at one instant it gives samples", async () => {
  const { client, asked } = serverOf([], (url) =>
    url.pathname.endsWith("/query")
      ? Response.json({
          status: "success",
          data: { resultType: "vector", result: [{ metric: { a: "b" }, value: [60, "2"] }] },
        })
      : undefined,
  );
  const session = sessionOf(client);
  const query = 'rate({app="a"}[1m])';
  await session.run({ ...request, query });
  expect(session.state.get().result).toMatchObject({ type: "matrix" });
  await session.run({ ...request, query, instant: true });
  expect(session.state.get().result).toMatchObject({ type: "vector", samples: [{ metric: { a: "b" } }] });
  expect(asked.at(-1)!.searchParams.get("time")).toBe("60000000000");
});
