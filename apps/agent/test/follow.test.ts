import { appendFile, copyFile, mkdir, rename, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { expect, test } from "vitest";
import { startPushSink, visibleLines } from "./push-sink.ts";
import { configYaml, criLine, runAgent, until } from "./running-agent.ts";

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => `line ${String(from + i).padStart(6, "0")}`);
const plain = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");
const cri = (from: number, to: number): string =>
  numbered(from, to)
    .map((line, i) => criLine(from + i, line))
    .join("");

test.concurrent("a plain file: every line in order, with labels, file name and ascending times", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  const lines = numbered(0, 5000);
  await writeFile(path, plain(lines.slice(0, 3000)));
  const before = BigInt(Date.now()) * 1_000_000n;
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path }));
  expect(agent.fileCount).toBe(1);
  await until("the first lines", () => sink.received.length === 3000);
  await appendFile(path, plain(lines.slice(3000)));
  await until("all lines", () => sink.received.length === 5000);
  expect(sink.received.map(({ line }) => line)).toEqual(lines);
  expect(new Set(sink.received.map(({ labels }) => labels))).toEqual(new Set([`{filename="${path}", team="core"}`]));
  const times = sink.received.map(({ timestampNs }) => timestampNs);
  expect(times.every((time, i) => i === 0 || time > times[i - 1]!)).toBe(true);
  expect(times[0]! >= before && times.at(-1)! <= BigInt(Date.now() + 1) * 1_000_000n).toBe(true);
});

test.concurrent("the kubelet's files: labels from the path, times and streams from the lines", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const pod = join(directory.path, "pods/shop_cart-6d5f7c9b48-x2xkz_0a1b", "main");
  await using agent = await runAgent(
    configYaml({
      directory: directory.path,
      url: sink.url,
      path: join(directory.path, "pods/*/*/*.log"),
      kubeletPaths: true,
    }),
  );
  expect(agent.fileCount).toBe(0);
  await mkdir(pod, { recursive: true });
  await writeFile(join(pod, "0.log"), criLine(1500, "to out") + criLine(1501, "to err", "stderr"));
  await until("both lines", () => sink.received.length === 2);
  const labels = `app="cart", container="main", filename="${pod}/0.log", job="shop/cart", namespace="shop", pod="cart-6d5f7c9b48-x2xkz"`;
  expect(sink.received).toEqual([
    { labels: `{${labels}, stream="stdout", team="core"}`, timestampNs: 1_767_322_801_500_000_001n, line: "to out" },
    { labels: `{${labels}, stream="stderr", team="core"}`, timestampNs: 1_767_322_801_501_000_001n, line: "to err" },
  ]);
});

test.concurrent("torn UTF-8, NULs, carriage returns and empty lines pass through; what is no CRI line is sent as it is", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  const torn = Buffer.concat([Buffer.from("2026-01-02T03:04:05.5Z stdout F a"), Buffer.from([0xc3, 0x00, 0x0d, 0x0a])]);
  await writeFile(path, Buffer.concat([torn, Buffer.from("\nno cri line\n2026-01-02T03:04:06Z stderr F \n")]));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path, cri: true }));
  await until("four lines", () => sink.received.length === 4);
  const byLine = sink.received.map(({ line, labels }) => [line, /stream="(\w+)"/u.exec(labels)?.[1]]);
  expect(byLine).toEqual(
    expect.arrayContaining([
      ["a\ufffd\u0000\r", "stdout"],
      ["", undefined],
      ["no cri line", undefined],
      ["", "stderr"],
    ]),
  );
  const metrics = await (await fetch(`${agent.url}/metrics`)).text();
  expect(metrics).toContain("sluice_agent_malformed_cri_lines_total 2");
});

test.concurrent("split CRI lines are put together for each stream, across turns and restarts", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  const yaml = configYaml({ directory: directory.path, url: sink.url, path, cri: true });
  await writeFile(path, criLine(1, "whole") + criLine(2, "out one, ", "stdout", "P"));
  {
    await using agent = await runAgent(yaml);
    await until("the whole line", () => sink.received.length === 1);
    await appendFile(path, criLine(3, "err one, ", "stderr", "P") + criLine(4, "out two, ", "stdout", "P"));
    await appendFile(path, criLine(5, "out three"));
    await until("the line from stdout", () => sink.received.length === 2);
    await agent.stop();
  }
  await using agent = await runAgent(yaml);
  expect(agent.fileCount).toBe(1);
  await appendFile(path, criLine(6, "err two", "stderr"));
  await until("the line from stderr", () => sink.received.some(({ line }) => line.startsWith("err")));
  // The line from stdout came again, as the very same entry: its neighbour was still open.
  expect(visibleLines(sink.received)).toEqual(["whole", "out one, out two, out three", "err one, err two"]);
});

test.concurrent("lines longer than the limit are cut, counted, and never held", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  await writeFile(path, `${"a".repeat(3_000_000)}\nshort\n${"b".repeat(1500)}\nend\n`);
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path }), {
    lineBytesMax: 1000,
  });
  await until("four lines", () => sink.received.length === 4);
  expect(sink.received.map(({ line }) => line)).toEqual(["a".repeat(1000), "short", "b".repeat(1000), "end"]);
  expect(await (await fetch(`${agent.url}/metrics`)).text()).toContain("sluice_agent_truncated_lines_total 2");
});

test.concurrent("rotation by rename: the old file to its end, then the new one, in order, none twice", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  await writeFile(path, cri(0, 100));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path, cri: true }));
  await until("the first lines", () => sink.received.length === 100);
  await appendFile(path, cri(100, 150));
  await rename(path, `${path}.20260102-030405`);
  await appendFile(`${path}.20260102-030405`, cri(150, 200));
  await writeFile(path, cri(200, 300));
  // Late lines of a writer that still has the old file open.
  await appendFile(`${path}.20260102-030405`, cri(300, 310));
  await until("all lines", () => sink.received.length >= 310);
  expect(sink.received.map(({ line }) => line)).toEqual([
    ...numbered(0, 200),
    ...numbered(300, 310),
    ...numbered(200, 300),
  ]);
  await rename(path, `${path}.20260102-040405`);
  await writeFile(path, cri(400, 410));
  await until("the second rotation", () => sink.received.length === 320);
  expect(await (await fetch(`${agent.url}/metrics`)).text()).toContain(
    'sluice_agent_rotations_total{kind="renamed"} 2',
  );
});

test.concurrent("rotated before the agent saw it for the first time: all of it is read, in order", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  for (const [i, stamp] of ["20260105-100000", "20260105-110000", undefined].entries()) {
    await writeFile(path, cri(i * 50, i * 50 + 50));
    if (stamp !== undefined) {
      await rename(path, `${path}.${stamp}`);
    }
  }
  await using _agent = await runAgent(
    configYaml({ directory: directory.path, url: sink.url, path: `${directory.path}/*.log`, cri: true }),
  );
  await until("all three files", () => sink.received.length === 150);
  expect(sink.received.map(({ line }) => line)).toEqual(numbered(0, 150));
});

test.concurrent("a rotated name that the glob matches is the same file, not a new one", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  await writeFile(path, plain(numbered(0, 10)));
  const yaml = configYaml({ directory: directory.path, url: sink.url, path: `${path}*` });
  {
    await using agent = await runAgent(yaml);
    await until("the first lines", () => sink.received.length === 10);
    await rename(path, `${path}.1`);
    await writeFile(path, plain(numbered(10, 20)));
    await until("the new file", () => sink.received.length === 20);
    await agent.stop();
  }
  await using agent = await runAgent(yaml);
  await appendFile(path, plain(numbered(20, 30)));
  await until("more lines", () => sink.received.length >= 30);
  expect(agent.fileCount).toBe(2);
  expect(sink.received.map(({ line }) => line)).toEqual(numbered(0, 30));
});

test.concurrent("rotated twice while the agent was down: the rest of the old file, the middle one, the new one", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "0.log");
  const yaml = configYaml({ directory: directory.path, url: sink.url, path, cri: true });
  await writeFile(path, cri(0, 50));
  {
    await using agent = await runAgent(yaml);
    await until("the first lines", () => sink.received.length === 50);
    await agent.stop();
  }
  await appendFile(path, cri(50, 100));
  await rename(path, `${path}.20260102-030405`);
  await writeFile(path, cri(100, 150));
  await rename(path, `${path}.20260102-040405`);
  await writeFile(`${path}.20260101-000000.gz`, "not for us");
  await writeFile(path, cri(150, 200));
  await using agent = await runAgent(yaml);
  expect(agent.fileCount).toBe(1);
  await until("all lines", () => sink.received.length >= 200);
  expect(sink.received.map(({ line }) => line)).toEqual(numbered(0, 200));
});

test.concurrent("truncation: a file that was emptied is read from its start, also when it has grown past the old size", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  await writeFile(path, plain(numbered(0, 20)));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path }));
  await until("the first lines", () => sink.received.length === 20);
  await copyFile(path, `${path}.1`);
  await truncate(path, 0);
  await appendFile(path, plain(numbered(20, 25)));
  await until("the lines after it", () => sink.received.length === 25);
  // Cut and written anew within one check.
  await writeFile(path, plain(numbered(1000, 1100)));
  await until("the new content", () => sink.received.some(({ line }) => line === "line 001000"));
  const after = sink.received.slice(25).map(({ line }) => line);
  expect(after.filter((line) => line.startsWith("line 001"))).toEqual(expect.arrayContaining(numbered(1000, 1100)));
  expect(await (await fetch(`${agent.url}/metrics`)).text()).toContain('rotations_total{kind="truncated"} 2');
});

test.concurrent("a file deleted while it is open is read to its end, its last line without a newline too, and let go", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const path = join(directory.path, "app.log");
  await writeFile(path, plain(numbered(0, 10)));
  await using agent = await runAgent(configYaml({ directory: directory.path, url: sink.url, path }));
  await until("the first lines", () => sink.received.length === 10);
  await appendFile(path, `${plain(numbered(10, 20))}last words`);
  await rm(path);
  await until("all lines", () => sink.received.length === 21);
  expect(sink.received.map(({ line }) => line)).toEqual([...numbered(0, 20), "last words"]);
  await until("the file to be let go", async () => {
    const { targets } = (await (await fetch(`${agent.url}/targets`)).json()) as { targets: unknown[] };
    return targets.length === 0;
  });
});

test.concurrent("a new pod's file is read within a second of being there", async () => {
  await using directory = await temporaryDirectory();
  await using sink = await startPushSink();
  const root = join(directory.path, "pods");
  await mkdir(root);
  await using agent = await runAgent(
    configYaml({
      directory: directory.path,
      url: sink.url,
      path: join(root, "*/*/*.log"),
      kubeletPaths: true,
    }).replace("target_config: {sync_period: 300ms}", "target_config: {sync_period: 1h}"),
  );
  expect(agent.fileCount).toBe(0);
  for (const [i, name] of ["a_b_c", "a_d_e"].entries()) {
    await mkdir(join(root, name, "main"), { recursive: true });
    await writeFile(join(root, name, "main", "0.log"), criLine(i, name));
    await until(`the file of ${name}`, () => sink.received.length === i + 1, 3000);
  }
});
