import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "@sluice/testkit";
import { configOf, cpuOf, flush, manyLines, mib, pushAll, valueOf, type Corpus, type Pushed } from "./client.ts";
import { absentId, absentText, plantedId, plantedLines } from "./corpus.ts";
import { measureLanguage } from "./language.ts";
import { openReport } from "./report.ts";
import { startServerProcess } from "./server-process.ts";

/*
 * The figures of the whole server, as a user would measure them: real pushes over HTTP into a real process with fsync,
 * then queries. CPU time is the server's alone; the machine may be shared. About three minutes.
 *
 * Left out: object stores other than the file system, several tenants, queries while pushing, and other systems on the
 * same work.
 */

const manyStreams: Corpus = { ...manyLines, streamCount: 10_000, rawBytes: 100 * mib };
const { report, write } = openReport("server");

function directoryBytes(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}

async function ingest(
  directory: string,
  options: Corpus,
  name: string,
  rssGoal: string,
  limits: Record<string, unknown> = {},
): Promise<Pushed> {
  const server = await startServerProcess(directory, configOf({}, limits));
  try {
    const before = await server.cpuSeconds();
    const startMs = performance.now();
    const pushed = await pushAll(server, options);
    const ackedCpu = (await server.cpuSeconds()) - before;
    await flush(server);
    const cpu = (await server.cpuSeconds()) - before;
    const wall = (performance.now() - startMs) / 1000;
    const { rawBytes, lines } = pushed;
    report(`${name}: ingest end to end`, rawBytes / cpu / 1e6, "MB/s/CPU-s", ">= 75, goal 100");
    report(`${name}: the same per second of the clock`, rawBytes / wall / 1e6, "MB/s");
    report(`${name}: lines`, lines / cpu, "lines/CPU-s");
    report(`${name}: CPU until the last answer`, ackedCpu, "s");
    report(`${name}: peak memory`, server.peakMib(), "MiB", rssGoal);
    report(
      `${name}: stored`,
      (directoryBytes(join(directory, "data", "store")) / rawBytes) * 100,
      "% of raw",
      "<= 26, goal 22",
    );
    return pushed;
  } finally {
    await server.kill("SIGTERM");
  }
}

async function queries(directory: string, { rawBytes, lines }: Pushed): Promise<void> {
  const server = await startServerProcess(directory, configOf());
  const count = (filter: string): string => `sum(count_over_time({app=~".+"} ${filter} [7h]))`;
  const rate = `sum by (app) (count_over_time({app=~".+"} [7h]))`;
  try {
    report("unfiltered count by app, first query after the start", await cpuOf(server, rate, lines, 1), "CPU-s");
    report("unfiltered count by app", await cpuOf(server, rate, lines, 50), "CPU-s", "<= 0.02");
    report("absent uuid, first time", await cpuOf(server, count(`|= "${absentId}"`), 0, 1), "CPU-s");
    report("absent uuid", await cpuOf(server, count(`|= "${absentId}"`), 0, 50), "CPU-s", "<= 0.03");
    report(
      `uuid in ${plantedLines} lines`,
      await cpuOf(server, count(`|= "${plantedId}"`), plantedLines, 10),
      "CPU-s",
      "<= 0.05",
    );
    const cold = await cpuOf(server, count(`|= "${absentText}"`), 0, 1);
    report("absent text that no filter can skip, cold", rawBytes / cold / 1e6, "MB/s/CPU-s", ">= 750");
    const few = `sum(count_over_time({app="app-3"} |= "${absentText}" [7h]))`;
    const fewBytes = await valueOf(server, `sum(bytes_over_time({app="app-3"} [7h]))`);
    await valueOf(server, few);
    const cached = await cpuOf(server, few, 0, 50);
    report("the same on cached blocks", fewBytes / cached / 1e6, "MB/s/CPU-s", ">= 4,000");
    report("peak memory after the queries", server.peakMib(), "MiB");
  } finally {
    await server.kill("SIGTERM");
  }
}

async function restart(directory: string): Promise<void> {
  const big = configOf({ ingester: { flush_bytes: 1024 * mib, head_bytes_max: 2048 * mib, flush_interval: "10h" } });
  const writer = await startServerProcess(directory, big);
  const emptyMs = writer.readyMs;
  await pushAll(writer, { ...manyLines, rawBytes: 256 * mib });
  await writer.kill("SIGKILL");
  const walMib = directoryBytes(join(directory, "data", "wal")) / mib;
  const server = await startServerProcess(directory, configOf());
  report(
    `restart with ${walMib.toFixed(0)} MiB of log: ready after`,
    server.readyMs / 1000,
    "s",
    `<= ${((walMib / 256) * 2).toFixed(1)}`,
  );
  report("restart with an empty log: ready after", emptyMs / 1000, "s");
  report("restart: CPU", await server.cpuSeconds(), "CPU-s");
  report("restart: peak memory", server.peakMib(), "MiB", "<= 200");
  await server.kill("SIGTERM");
}

async function compact(directory: string, { rawBytes, lines }: Pushed): Promise<void> {
  const store = join(directory, "data", "store");
  const eager = { compaction_interval: "1s", retention_delete_delay: "1s" };
  const server = await startServerProcess(directory, configOf({ compactor: eager }));
  try {
    const before = await server.cpuSeconds();
    let settled = 0;
    for (let bytes = directoryBytes(store); settled < 5; settled++) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      const now = directoryBytes(store);
      settled = now === bytes ? settled : 0;
      bytes = now;
    }
    report("compaction and garbage collection", rawBytes / ((await server.cpuSeconds()) - before) / 1e6, "MB/s/CPU-s");
    report("stored after compaction", (directoryBytes(store) / rawBytes) * 100, "% of raw", "<= 26, goal 22");
    if ((await valueOf(server, `sum(count_over_time({app=~".+"} [7h]))`)) !== lines) {
      throw new Error("lines are missing after the compaction");
    }
  } finally {
    await server.kill("SIGTERM");
  }
}

const wanted = process.argv.slice(2);
const isWanted = (part: string): boolean => wanted.length === 0 || wanted.includes(part);

if (isWanted("main")) {
  await using directory = await temporaryDirectory();
  const pushed = await ingest(directory.path, manyLines, "100 streams", "<= 350");
  await queries(directory.path, pushed);
  await measureLanguage(directory.path, pushed, report);
  await compact(directory.path, pushed);
}
if (wanted.includes("language")) {
  await using directory = await temporaryDirectory();
  await measureLanguage(directory.path, await ingest(directory.path, manyLines, "100 streams", "<= 350"), report);
}
if (isWanted("levels")) {
  await using directory = await temporaryDirectory();
  await ingest(directory.path, manyLines, "100 streams, levels not discovered", "<= 350", {
    discover_log_levels: false,
  });
}
if (isWanted("streams")) {
  await using directory = await temporaryDirectory();
  await ingest(directory.path, manyStreams, "10,000 streams", "<= 600");
}
if (isWanted("restart")) {
  await using directory = await temporaryDirectory();
  await restart(directory.path);
}

write();
console.log("Left out: S3, several tenants, queries while pushing, other systems on the same work.");
