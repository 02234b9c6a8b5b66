import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { quietLogger, quietMetrics, seededRng, temporaryDirectory } from "@sluice/testkit";
import { runBench } from "@sluice/testkit/bench";
import { openWal, type Wal } from "@sluice/wal";

/*
 * Appends by eight callers at once, each waiting for its record to be durable, and the replay of what they wrote, on
 * the file system of the temporary directory. CPU time as everywhere, and wall time too, since the disk is half of it.
 */
const callers = 8;
const bytesPerRun = 64 << 20;
const rng = seededRng(1);
const noise = Uint8Array.from({ length: 1 << 20 }, () => rng.next() * 256);

async function appendAll(wal: Wal, recordBytes: number): Promise<void> {
  let left = bytesPerRun / recordBytes;
  const appendOneByOne = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await wal.append([noise.subarray(0, 100), noise.subarray(100, recordBytes)]);
    }
  };
  await Promise.all(Array.from({ length: callers }, appendOneByOne));
}

async function readAll(wal: Wal): Promise<void> {
  let bytes = 0;
  for await (const { record } of wal.read(1)) {
    bytes += record.length;
  }
  if (bytes !== bytesPerRun) {
    throw new Error(`replayed ${bytes} bytes instead of ${bytesPerRun}`);
  }
}

async function withWal(use: (wal: Wal) => Promise<void>): Promise<void> {
  await using temporary = await temporaryDirectory();
  const wal = await openWal({
    directory: temporary.path,
    fs: nodeFileSystem,
    logger: quietLogger,
    metrics: quietMetrics,
    clock: systemClock,
    onFatal(error) {
      throw error;
    },
  });
  await use(wal);
  await wal.close();
}

const wallSeconds = new Map<string, number>();

function timed(
  name: string,
  run: () => Promise<void>,
): { name: string; bytes: number; lines: number; run: () => Promise<void> } {
  return {
    name,
    bytes: bytesPerRun,
    lines: 0,
    async run() {
      const startMs = performance.now();
      await run();
      const seconds = (performance.now() - startMs) / 1000;
      wallSeconds.set(name, Math.min(seconds, wallSeconds.get(name) ?? seconds));
    },
  };
}

for (const [size, recordBytes] of [
  ["64 KiB", 64 << 10],
  ["1 MiB", 1 << 20],
] as const) {
  await withWal(async (written) => {
    await appendAll(written, recordBytes);
    await runBench(`wal-${size.replace(" ", "-")}`, `${import.meta.dirname}/..`, [
      timed(`append, ${size}`, () => withWal((wal) => appendAll(wal, recordBytes))),
      timed(`replay, ${size}`, () => readAll(written)),
    ]);
  });
}
console.log("\nwall time, MB/s");
console.table(
  Object.fromEntries(
    [...wallSeconds].map(([name, seconds]) => [name, Number((bytesPerRun / seconds / 1e6).toPrecision(3))]),
  ),
);
