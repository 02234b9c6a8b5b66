import { once } from "node:events";
import { expect, test } from "vitest";
import { WebSocket } from "ws";
import { startTestServer, type TestServer } from "./start-test-server.ts";

/** The first history of a server waits for the start of a thread. */
const patience = { timeout: 15_000 };

interface Frame {
  readonly streams: readonly { readonly stream: Record<string, string>; readonly values: readonly string[][] }[];
}

/** Follows a query from the start of the test on. */
function tail(
  server: TestServer,
  query: string,
  path = "/loki/api/v1/tail",
  params: Readonly<Record<string, string>> = {},
): { readonly socket: WebSocket; readonly frames: Frame[] } {
  const frames: Frame[] = [];
  const url = `${server.address.replace("http", "ws")}${path}?${new URLSearchParams({ query, ...params }).toString()}`;
  const socket = new WebSocket(url);
  socket.on("message", (data: Buffer) => frames.push(JSON.parse(data.toString()) as Frame));
  return { socket, frames };
}

function linesOf(frames: readonly Frame[]): readonly string[] {
  return frames.flatMap(({ streams }) => streams.map(({ stream, values }) => `${stream["pod"]} ${values[0]![1]}`));
}

test("the history comes in order of time over all streams, then each new line, one object for each", async () => {
  await using server = await startTestServer();
  await server.push({ pod: "b" }, "one", "two");
  await server.push({ pod: "a" }, "three");
  const { socket, frames } = tail(server, '{pod=~".+"}');
  await expect.poll(() => linesOf(frames), patience).toEqual(["b one", "b two", "a three"]);
  await server.push({ pod: "b" }, "four", "five");
  await expect.poll(() => linesOf(frames).slice(3), patience).toEqual(["b four", "b five"]);
  expect(frames.every(({ streams }) => streams.every(({ values }) => values.length === 1))).toBe(true);
  socket.close();
  await once(socket, "close");
});

test("a push that is too large for one frame arrives whole", async () => {
  await using server = await startTestServer();
  const { socket, frames } = tail(server, '{pod="a"}');
  await once(socket, "open");
  const lines = Array.from({ length: 30 }, (_, i) => `${i} ${"x".repeat(100_000)}`);
  await server.push({ pod: "a" }, ...lines);
  await expect
    .poll(() => linesOf(frames).map((line) => line.split(" ")[1]), patience)
    .toEqual(lines.map((_, i) => String(i)));
  expect(frames.length).toBeGreaterThan(1);
  socket.close();
  await once(socket, "close");
});

test("one tail too many is told so, and its place is free once another one leaves", async () => {
  await using server = await startTestServer({ limits_config: { max_concurrent_tail_requests: 1 } });
  const first = tail(server, '{pod="a"}');
  await once(first.socket, "open");
  const second = tail(server, '{pod="a"}');
  const [code, reason] = (await once(second.socket, "close")) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([
    1011,
    "max concurrent tail requests limit exceeded, count > limit (2 > 1)",
  ]);
  first.socket.close();
  await server.push({ pod: "a" }, "hello");
  await expect.poll(() => historyOf(server, '{pod="a"}'), patience).toEqual(["a hello"]);
});

/** What a new tail is sent first, or nothing when it is refused. */
async function historyOf(server: TestServer, query: string): Promise<readonly string[]> {
  const { socket, frames } = tail(server, query);
  await Promise.race([once(socket, "message"), once(socket, "close")]);
  socket.terminate();
  return linesOf(frames);
}

test.for([
  ["https://elsewhere.example", 400],
  ["null", 400],
  ["https://grafana.example.com", 101],
] as const)("a page of %s is answered %i", async ([origin, status]) => {
  await using server = await startTestServer({ server: { allowed_origins: ["https://grafana.example.com"] } });
  const url = `${server.address.replace("http", "ws")}/loki/api/v1/tail?query=${encodeURIComponent('{pod="a"}')}`;
  const socket = new WebSocket(url, { origin });
  socket.on("error", () => {});
  const answered = new Promise((resolve) => {
    socket.once("open", () => resolve(101));
    socket.once("unexpected-response", (_request, response) => resolve(response.statusCode));
  });
  expect(await answered).toBe(status);
  socket.terminate();
});

test("a tail ends after its time, and says so", async () => {
  await using server = await startTestServer({ querier: { tail_max_duration: "300ms" } });
  const { socket } = tail(server, '{pod="a"}');
  const [code, reason] = (await once(socket, "close")) as [number, Buffer];
  expect([code, reason.toString()]).toEqual([1011, "reached tail max duration limit"]);
});

test("new lines are held back by delay_for, and come in order of their times", async () => {
  await using server = await startTestServer();
  const { socket, frames } = tail(server, '{pod=~".+"}', "/loki/api/v1/tail", { delay_for: "1" });
  await once(socket, "open");
  await server.push({ pod: "a" }, "now");
  const aSecondAgo = `${Date.now() - 1000}000000`;
  await fetch(`${server.address}/loki/api/v1/push`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ streams: [{ stream: { pod: "b" }, values: [[aSecondAgo, "before"]] }] }),
  });
  expect(frames).toEqual([]);
  await expect.poll(() => linesOf(frames), patience).toEqual(["b before", "a now"]);
  socket.close();
});

test("the old path has frames of the old shape, and takes a regular expression", async () => {
  await using server = await startTestServer({ limits_config: { discover_log_levels: false } });
  await server.push({ pod: "a" }, "old", "older");
  const { socket, frames } = tail(server, '{pod="a"}', "/api/prom/tail", { regexp: "^old$", since: "1h" });
  await expect.poll(() => frames, patience).toHaveLength(1);
  expect(frames[0]).toEqual({
    streams: [
      {
        labels: '{pod="a", service_name="unknown_service"}',
        entries: [{ ts: expect.stringMatching(/^20.*Z$/u) as string, line: "old" }],
      },
    ],
    dropped_entries: null,
  });
  socket.close();
});

test.for([
  [{ delay_for: "6" }, "delay_for can't be greater than 5\n"],
  [{ delay_for: "-1" }, "delay_for can't be greater than 5\n"],
  [{ delay_for: "soon" }, 'strconv.Atoi: parsing "soon": invalid syntax\n'],
  [{ limit: "0" }, "limit must be a positive value\n"],
  [{ start: "abc" }, "could not parse 'start' parameter: strconv.ParseInt: parsing \"abc\": invalid syntax\n"],
  [{ query: 'rate({pod="a"}[1m])' }, "only log selector is supported\n"],
] as const)("%o is refused before the connection is a WebSocket", async ([params, told]) => {
  await using server = await startTestServer();
  const search = new URLSearchParams({ query: '{pod="a"}', ...params }).toString();
  const response = await fetch(`${server.address}/loki/api/v1/tail?${search}`);
  expect([response.status, await response.text()]).toEqual([400, told]);
});
