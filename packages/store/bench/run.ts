import { Head } from "@sluice/chunk";
import { createKernels } from "@sluice/kernels";
import { batchOf, labelsFromRecord, type Entry, type SelectRequest } from "@sluice/model";
import { nodeFileSystem, systemClock } from "@sluice/model/node";
import { memoryObjectStore, openFileSystemObjectStore, type ObjectStore } from "@sluice/object-store";
import { openStore, type Store } from "@sluice/store";
import { logLine, quietLogger, quietMetrics, seededRng, temporaryDirectory } from "@sluice/testkit";
import { runBench } from "@sluice/testkit/bench";
import { benchMillionBlocks, benchSkipFilters } from "./million-blocks.ts";

/*
 * What a flush costs beyond compressing its blocks; what it costs to plan a query over many segments, from memory and
 * without; and to open a store that holds them.
 */
const startMs = Date.UTC(2026, 10, 25);
const startNs = BigInt(startMs) * 1_000_000n;

/** A head of `streamCount` streams with lines of about 200 bytes, as an ingester would flush it. */
function headOf(streamCount: number, linesPerStream: number, minute: number): { head: Head; bytes: number } {
  const rng = seededRng(minute);
  const head = new Head();
  let bytes = 0;
  for (let s = 0; s < streamCount; s++) {
    const entries: Entry[] = [];
    for (let i = 0; i < linesPerStream; i++) {
      const atMs = startMs + minute * 60_000 + i;
      const line = logLine(rng, atMs);
      bytes += line.length;
      entries.push({ timestampNs: BigInt(atMs) * 1_000_000n, line });
    }
    const labels = labelsFromRecord({ namespace: `team-${s % 7}`, app: `app-${s % 20}`, pod: `pod-${s}` });
    head.append(labels, batchOf(entries));
  }
  return { head, bytes };
}

const kernels = createKernels();

function open(objectStore: ObjectStore): Promise<Store> {
  return openStore({ objectStore, kernels, logger: quietLogger, metrics: quietMetrics, clock: systemClock });
}

await using directory = await temporaryDirectory();
const big = headOf(100, 1600, 0);
const flushInto = async (objectStore: ObjectStore): Promise<() => Promise<void>> => {
  const store = await open(objectStore);
  let position = 0;
  return () => store.flush([{ tenant: "t", streams: big.head.streams() }], ++position, () => {});
};
const lines = 100 * 1600;
await runBench("flush", `${import.meta.dirname}/..`, [
  { name: "flush, memory", bytes: big.bytes, lines, run: await flushInto(memoryObjectStore()) },
  {
    name: "flush, file system",
    bytes: big.bytes,
    lines,
    run: await flushInto(await openFileSystemObjectStore({ directory: directory.path, fs: nodeFileSystem })),
  },
]);

/** What compaction alone takes of flushing and compacting, for blocks of this many lines. */
async function benchCompaction(what: string, streamCount: number, linesPerBlock: number): Promise<void> {
  const segmentCount = 16;
  const heads = Array.from({ length: segmentCount }, (_, i) => headOf(streamCount, linesPerBlock, i * 10));
  const bytes = heads.reduce((sum, head) => sum + head.bytes, 0);
  let cpuSeconds = Number.POSITIVE_INFINITY;
  await runBench(`compact-${what}`, `${import.meta.dirname}/..`, [
    {
      name: `flush and compact 16 segments, blocks are ${what}`,
      bytes,
      lines: segmentCount * streamCount * linesPerBlock,
      async run() {
        const store = await open(memoryObjectStore());
        for (const [i, { head }] of heads.entries()) {
          await store.flush([{ tenant: "t", streams: head.streams() }], i + 1, () => {});
        }
        const { user, system } = process.cpuUsage();
        await store.compact();
        const used = process.cpuUsage({ user, system });
        cpuSeconds = Math.min(cpuSeconds, (used.user + used.system) / 1e6);
      },
    },
  ]);
  console.log(`compaction alone: ${(bytes / 1e6 / cpuSeconds).toFixed(0)} MB/s of lines per CPU-second`);
}

await benchCompaction("joined", 100, 400);
await benchCompaction("copied", 30, 1000);

const segmentCount = 1000;
const streamCount = 100;
const many = memoryObjectStore();
const filled = await open(many);
let manyBytes = 0;
for (let minute = 0; minute < segmentCount; minute++) {
  const { head, bytes } = headOf(streamCount, 2, minute);
  manyBytes += bytes;
  await filled.flush([{ tenant: "t", streams: head.streams() }], minute + 1, () => {});
}
const request: SelectRequest = {
  tenant: "t",
  matchers: [{ name: "app", operator: "=~", value: "app-1|app-2" }],
  startNs,
  endNs: startNs + BigInt(segmentCount) * 60_000_000_000n,
};
const plan = async (store: Store, endNs = request.endNs): Promise<void> => {
  const blocks = await store.select({ ...request, endNs });
  if (blocks.length === 0) {
    throw new Error("the plan is empty");
  }
};
const wallMs = new Map<string, number>();
const timed = (name: string, run: () => Promise<unknown>) => ({
  name,
  bytes: manyBytes,
  lines: segmentCount * streamCount * 2,
  async run() {
    const beganMs = performance.now();
    await run();
    wallMs.set(name, Math.min(performance.now() - beganMs, wallMs.get(name) ?? Number.POSITIVE_INFINITY));
  },
});
await runBench("plan", `${import.meta.dirname}/..`, [
  timed("open, 1000 segments", () => open(many)),
  timed("open and plan, 1000 footers from the object store", async () => plan(await open(many))),
  timed("plan, 1000 footers in memory", () => plan(filled)),
  timed("plan, 10 of 1000 segments in range", () => plan(filled, startNs + 600_000_000_000n)),
]);
console.log("\nwall time of one call, ms");
console.table(Object.fromEntries([...wallMs].map(([name, ms]) => [name, Number(ms.toPrecision(3))])));

await benchSkipFilters();
await benchMillionBlocks();
