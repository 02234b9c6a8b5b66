import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { quietLogger, quietMetrics, seededRng, temporaryDirectory } from "@sluice/testkit";
import { openWal, type Wal } from "@sluice/wal";

/*
 * How long a log of 1 GiB takes to be opened and read, and how much memory: the reader is a process of its own, so that
 * its peak is the reader's alone. The file system's cache is warm, for the log was written just before.
 */
const logBytes = 1 << 30;
const part = 256 << 20;
const groupBytes = 16 << 20;

interface Figures {
  readonly title: string;
  readonly secondsPer256MiB: number;
  readonly cpuSecondsPer256MiB: number;
  readonly openSeconds: number;
  readonly peakRssMiB: number;
  /** Of a process that has loaded the same code and read nothing. */
  readonly startRssMiB: number;
}

function open(directory: string): Promise<Wal> {
  return openWal({
    directory,
    fs: nodeFileSystem,
    clock: systemClock,
    logger: quietLogger,
    metrics: quietMetrics,
    onFatal(error) {
      throw error;
    },
  });
}

async function write(directory: string, recordBytes: number): Promise<void> {
  const rng = seededRng(1);
  const noise = Uint8Array.from({ length: recordBytes }, () => rng.next() * 256);
  const wal = await open(directory);
  for (let written = 0; written < logBytes;) {
    const group = Math.max(1, Math.min(32, groupBytes / recordBytes));
    await Promise.all(Array.from({ length: group }, () => wal.append([noise])));
    written += group * recordBytes;
  }
  await wal.close();
}

async function read(directory: string): Promise<Omit<Figures, "title">> {
  const startRssMiB = process.resourceUsage().maxRSS / 1024;
  const startMs = performance.now();
  const startCpu = process.cpuUsage();
  const wal = await open(directory);
  const openSeconds = (performance.now() - startMs) / 1000;
  let bytes = 0;
  for await (const { record } of wal.read(1)) {
    bytes += record.length;
  }
  if (bytes !== logBytes) {
    throw new Error(`read ${bytes} bytes instead of ${logBytes}`);
  }
  const cpu = process.cpuUsage(startCpu);
  const parts = logBytes / part;
  return {
    secondsPer256MiB: round((performance.now() - startMs) / 1000 / parts),
    cpuSecondsPer256MiB: round((cpu.user + cpu.system) / 1e6 / parts),
    openSeconds: round(openSeconds),
    peakRssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
    startRssMiB: Math.round(startRssMiB),
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

const [readFrom] = process.argv.slice(2);
if (readFrom !== undefined) {
  console.log(JSON.stringify(await read(readFrom)));
} else {
  const figures: Figures[] = [];
  for (const [title, recordBytes] of [
    ["records of 64 KiB", 64 << 10],
    ["records of 1 MiB", 1 << 20],
    ["records of 16 MiB", 16 << 20],
  ] as const) {
    await using temporary = await temporaryDirectory();
    await write(temporary.path, recordBytes);
    const child = spawnSync(process.execPath, [import.meta.filename, temporary.path], { encoding: "utf8" });
    if (child.status !== 0) {
      throw new Error(child.stderr);
    }
    figures.push({ title, ...(JSON.parse(child.stdout) as Omit<Figures, "title">) });
  }
  console.log("\nopening and reading a log of 1 GiB");
  console.table(figures);
  const directory = join(import.meta.dirname, "results");
  mkdirSync(directory, { recursive: true });
  const report = {
    title: "wal-replay",
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    figures,
  };
  writeFileSync(join(directory, "wal-replay.json"), `${JSON.stringify(report, undefined, 2)}\n`);
}
