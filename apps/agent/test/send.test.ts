import { appendFile, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@sluice/model";
import { quietLogger, temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { startPushSink, visibleLines, type Behaviour } from "./push-sink.ts";
import { configYaml, criLine, runAgent, until } from "./running-agent.ts";

const lines = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, i) => criLine(from + i, `line ${from + i}`)).join("");
const texts = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => `line ${from + i}`);

/** Keeps what was logged. */
function listeningLogger(): { readonly logger: Logger; readonly messages: string[] } {
  const messages: string[] = [];
  const keep = (message: string, fields?: Readonly<Record<string, unknown>>): void => {
    messages.push(`${message} ${JSON.stringify(fields)}`);
  };
  return { logger: { ...quietLogger, warn: keep, error: keep }, messages };
}

test.concurrent("requests look as Promtail's: protobuf, tenant, login, own headers, external labels", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  await writeFile(path, lines(0, 1));
  const client = `tenant_id: t1
    headers: {x-extra: "1"}
    basic_auth: {username: me, password: secret}
    external_labels: {team: other, cluster: c1}`;
  const yaml = configYaml({ directory: directory.path, url: sink.url, path, cri: true, client });
  await using agent = await runAgent(yaml);
  expect(agent.fileCount).toBe(1);
  await until("the line", () => sink.received.length === 1);
  expect(sink.requests[0]!.headers).toMatchObject({
    "content-type": "application/x-protobuf",
    "x-scope-orgid": "t1",
    "x-extra": "1",
    authorization: `Basic ${Buffer.from("me:secret").toString("base64")}`,
  });
  expect(sink.received[0]!.labels).toBe(`{cluster="c1", filename="${path}", stream="stdout", team="core"}`);
});

test.concurrent.for<{ title: string; behaviour: Behaviour }>([
  { title: "a lost connection", behaviour: "cut" },
  { title: "an acknowledgement that is lost", behaviour: "store_and_cut" },
  { title: "no answer in time", behaviour: "hang" },
  { title: "500", behaviour: { status: 500 } },
  { title: "503", behaviour: { status: 503 } },
  { title: "429", behaviour: { status: 429 } },
  { title: "401", behaviour: { status: 401 } },
  { title: "403", behaviour: { status: 403 } },
  { title: "404", behaviour: { status: 404 } },
  { title: "408", behaviour: { status: 408 } },
  { title: "a redirect", behaviour: { status: 302, headers: { location: "/elsewhere" } } },
])("tried again after $title, nothing lost, nothing visible twice", async ({ behaviour }) => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  sink.behave(({ index }) => (index < 2 ? behaviour : "store"));
  const path = join(directory.path, "0.log");
  await writeFile(path, lines(0, 10));
  const yaml = configYaml({ directory: directory.path, url: sink.url, path, cri: true }).replace(
    "timeout: 10s",
    `timeout: ${behaviour === "hang" ? "300ms" : "10s"}`,
  );
  await using agent = await runAgent(yaml);
  await until("the lines", () => sink.requests.length >= 3 && sink.received.length >= 10);
  expect(visibleLines(sink.received)).toEqual(texts(0, 10));
  expect(await (await fetch(`${agent.url}/metrics`)).text()).toMatch(/promtail_batch_retries_total\{.*\} [2-9]/u);
});

test.concurrent("Retry-After is honoured", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const at: number[] = [];
  sink.behave(({ index }) => {
    at.push(Date.now());
    return index === 0 ? { status: 429, headers: { "retry-after": "1" } } : "store";
  });
  const path = join(directory.path, "0.log");
  await writeFile(path, lines(0, 1));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path, cri: true }));
  await until("the line", () => sink.received.length === 1);
  expect(at[1]! - at[0]!).toBeGreaterThanOrEqual(990);
  expect(agent.fileCount).toBe(1);
});

test.concurrent("what the server will never take is told, counted and passed over", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const said = "entry too far behind,\ntotal ignored: 2 out of 3 for stream: {}";
  sink.behave(({ index }) => (index === 0 ? { status: 400, text: said } : "store"));
  const path = join(directory.path, "0.log");
  await writeFile(path, lines(0, 3));
  const { logger, messages } = listeningLogger();
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path, cri: true }), {
    logger,
  });
  await until("the refusal", () => messages.length > 0);
  await appendFile(path, lines(3, 6));
  await until("the next lines", () => sink.received.length === 3);
  expect(sink.received.map(({ line }) => line)).toEqual(texts(3, 6));
  expect(messages[0]).toContain("entry too far behind, total ignored: 2 out of 3");
  expect(await (await fetch(`${agent.url}/metrics`)).text()).toMatch(
    /promtail_dropped_entries_total\{.*reason="ingester_error"\} 2/u,
  );
});

test.concurrent("413: the batch is sent in halves; one entry that is too large alone is dropped", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  sink.behave(({ entryCount, index }) => (entryCount > 3 || index === 0 ? { status: 413 } : "store"));
  await writeFile(path, lines(0, 20));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path, cri: true }));
  await until("the lines", () => sink.received.length >= 20);
  expect(sink.received.map(({ line }) => line)).toEqual(texts(0, 20));
  sink.behave(({ entryCount }) => (entryCount === 1 ? { status: 413 } : "store"));
  await appendFile(path, lines(20, 21));
  await until("the drop", async () =>
    /promtail_dropped_entries_total\{.*reason="line_too_long"\} 1/u.test(
      await (await fetch(`${agent.url}/metrics`)).text(),
    ),
  );
});

test.concurrent("max_retries, when the config sets it, gives a batch up and counts it", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  sink.behave(({ index }) => (index < 3 ? { status: 500 } : "store"));
  const path = join(directory.path, "0.log");
  await writeFile(path, lines(0, 5));
  const yaml = configYaml({ directory: directory.path, url: sink.url, path, cri: true }).replace(
    "max_period: 200ms",
    "max_period: 200ms, max_retries: 2",
  );
  await using agent = await runAgent(yaml);
  await until("the drop", async () =>
    /promtail_dropped_entries_total\{.*\} 5/u.test(await (await fetch(`${agent.url}/metrics`)).text()),
  );
  await appendFile(path, lines(5, 6));
  await until("the next line", () => sink.received.length === 1);
});

test.concurrent("a server that refuses us makes /ready say so", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  sink.behave(({ index }) => (index < 2 ? { status: 401, text: "no credentials" } : "store"));
  const path = join(directory.path, "0.log");
  await writeFile(path, lines(0, 5));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path, cri: true }));
  await until("not ready", async () => (await fetch(`${agent.url}/ready`)).status === 503);
  const text = await (await fetch(`${agent.url}/ready`)).text();
  expect(text === "Ready\n" || text === `Not ready: ${sink.url} does not take pushes: 401 no credentials\n`).toBe(true);
  await until("ready", async () => (await fetch(`${agent.url}/ready`)).status === 200);
});

test.concurrent("server down, then up: reading stops at the memory bound, every line arrives, through two rotations", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  const filler = "x".repeat(900);
  const block = (from: number): string =>
    Array.from({ length: 1000 }, (_, i) => criLine(from + i, `line ${from + i} ${filler}`)).join("");
  await sink.down();
  await writeFile(path, block(0));
  const yaml = configYaml({ directory: directory.path, url: sink.url, path, cri: true, client: "batchsize: 100000" });
  await using agent = await runAgent(yaml, { inFlightBytesMax: 500_000 });
  const inFlight = async (): Promise<number> => {
    const { clients } = (await (await fetch(`${agent.url}/targets`)).json()) as {
      clients: { inFlightBytes: number }[];
    };
    return clients[0]!.inFlightBytes;
  };
  await appendFile(path, block(1000));
  for (let rotation = 1; rotation <= 2; rotation++) {
    await rename(path, `${path}.${rotation}`);
    await writeFile(path, block(1000 + rotation * 1000));
    await until("the new file to be opened", async () => {
      const { targets } = (await (await fetch(`${agent.url}/targets`)).json()) as { targets: { files: unknown[] }[] };
      return targets[0]?.files.length === rotation + 1;
    });
    expect(await inFlight()).toBeLessThan(1_000_000);
  }
  await sink.up();
  await until("all lines", () => visibleLines(sink.received).length >= 4000, 20_000);
  expect(visibleLines(sink.received).map((line) => line.slice(0, -filler.length - 1))).toEqual(texts(0, 4000));
});

test.concurrent("a stop while the server is down ends in time; the next start sends what was not acknowledged", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  const yaml = configYaml({ directory: directory.path, url: sink.url, path });
  await writeFile(path, texts(0, 10).join("\n").concat("\n"));
  await sink.down();
  {
    await using agent = await runAgent(yaml, { flushDeadlineMs: 200 });
    await new Promise((resolve) => setTimeout(resolve, 300));
    const startMs = Date.now();
    await agent.stop();
    expect(Date.now() - startMs).toBeLessThan(2000);
  }
  await sink.up();
  await using agent = await runAgent(yaml);
  await until("the lines", () => sink.received.length === 10);
  expect(sink.received.map(({ line }) => line)).toEqual(texts(0, 10));
  expect(agent.fileCount).toBe(1);
});

test.concurrent("a stop sends what was read, saves, and the next start sends nothing again", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  const yaml = configYaml({ directory: directory.path, url: sink.url, path }).replace(
    "batchwait: 50ms",
    "batchwait: 1h",
  );
  await writeFile(path, texts(0, 10).join("\n").concat("\n"));
  {
    await using agent = await runAgent(yaml);
    await until("the read", async () =>
      (await (await fetch(`${agent.url}/metrics`)).text()).includes(`promtail_read_lines_total{path="${path}"} 10`),
    );
    expect(sink.received).toEqual([]);
    await agent.stop();
  }
  expect(sink.received.map(({ line }) => line)).toEqual(texts(0, 10));
  // Promtail can go on from here.
  const size = texts(0, 10).join("\n").length + 1;
  expect(await readFile(join(directory.path, "positions.yaml"), "utf8")).toBe(`positions:\n  "${path}": "${size}"\n`);
  await using agent = await runAgent(yaml.replace("batchwait: 1h", "batchwait: 50ms"));
  await appendFile(path, "line 10\n");
  await until("the next line", () => sink.received.length > 10);
  expect(sink.received.map(({ line }) => line)).toEqual(texts(0, 11));
  expect(agent.fileCount).toBe(1);
});

test.concurrent("two servers, one of them down for a while: each gets every line once", async () => {
  await using directory = await temporaryDirectory();
  await using first = await startPushSink();
  await using second = await startPushSink();
  const path = join(directory.path, "0.log");
  const yaml = configYaml({ directory: directory.path, url: first.url, path, cri: true }).replace(
    "positions:",
    `  - {url: "${second.url}", batchwait: 50ms, backoff_config: {min_period: 20ms, max_period: 200ms}}\npositions:`,
  );
  await second.down();
  await writeFile(path, lines(0, 10));
  {
    await using agent = await runAgent(yaml, { flushDeadlineMs: 100 });
    await until("the first server's lines", () => first.received.length === 10);
    expect(agent.fileCount).toBe(1);
  }
  await second.up();
  await using agent = await runAgent(yaml);
  await until("the second server's lines", () => second.received.length === 10);
  expect(second.received.map(({ line }) => line)).toEqual(texts(0, 10));
  expect(visibleLines(first.received)).toEqual(texts(0, 10));
  expect(agent.fileCount).toBe(1);
});
