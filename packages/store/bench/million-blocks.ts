import { setTimeout } from "node:timers/promises";
import { dayStartNs, encodeBlock, type BlockEncoder, type EncodedBlock, type StreamBatch } from "@sluice/chunk";
import { batchOf, labelsFromRecord, type Labels, type SelectRequest } from "@sluice/model";
import { systemClock } from "@sluice/model/node";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { openStore, type Store } from "@sluice/store";
import { logLine, quietLogger, quietMetrics, seededRng } from "@sluice/testkit";

/*
 * Plans over a million blocks, which is about 256 GB of lines: what a select costs before it reads any line. The blocks
 * have no lines but what is known about them, and the skip filters of real ones.
 */
const firstDay = 20_400;
const days = 20;
const segmentsPerDay = 100;
const streamCount = 100;
const blocksPerStream = 5;
const blockCount = days * segmentsPerDay * streamCount * blocksPerStream;
const segmentNs = 86_400_000_000_000n / BigInt(segmentsPerDay);
const blockNs = segmentNs / BigInt(blocksPerStream);

const streams: readonly Labels[] = Array.from({ length: streamCount }, (_, s) =>
  labelsFromRecord({
    namespace: `team-${s % 7}`,
    app: `app-${s % 20}`,
    container: "main",
    job: `team-${s % 7}/app-${s % 20}`,
    node: `node-${s % 12}`,
    pod: `app-${s % 20}-5f7d9c4b8-${s.toString(36).padStart(5, "x")}`,
  }),
);

/** Gives every batch the bytes of an empty block, and the next one of some filters. */
function fakeEncoder(filters: readonly Uint8Array[]): BlockEncoder {
  const empty: EncodedBlock = encodeBlock(batchOf([0n, 1n].map((timestampNs) => ({ timestampNs, line: "" }))));
  let next = 0;
  return {
    concurrency: 1,
    async encode({ baseNs, deltaNs, count }) {
      const filter = filters[next % filters.length];
      next += 1;
      return {
        ...empty,
        filter,
        minNs: baseNs,
        maxNs: baseNs + BigInt(deltaNs[count - 1]!),
        count,
        rawBytes: 256 * 1024,
      };
    },
  };
}

function* blocksOf(day: number, segment: number): Generator<StreamBatch, void, undefined> {
  for (const labels of streams) {
    for (let block = 0; block < blocksPerStream; block++) {
      const startNs = dayStartNs(day) + BigInt(segment) * segmentNs + BigInt(block) * blockNs;
      const times = [startNs, startNs + blockNs - 1n];
      yield { labels, batch: batchOf(times.map((timestampNs) => ({ timestampNs, line: "" }))) };
    }
  }
}

function open(objectStore: ObjectStore, blockEncoder: BlockEncoder): Promise<Store> {
  return openStore({
    objectStore,
    blockEncoder,
    logger: quietLogger,
    metrics: quietMetrics,
    clock: systemClock,
    footerCacheBytesMax: 1024 ** 3,
  });
}

/** Lines of 256 KiB, as a filter. */
function realFilter(seed: number): Uint8Array {
  const rng = seededRng(seed);
  const entries = Array.from({ length: 1200 }, (_, i) => ({ timestampNs: BigInt(i), line: logLine(rng, i) }));
  return encodeBlock(batchOf(entries)).filter!;
}

/** Shortest CPU time of a few calls, in milliseconds. */
async function cpuMs(run: () => Promise<unknown>, rounds = 7): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < rounds; i++) {
    const { user, system } = process.cpuUsage();
    await run();
    const used = process.cpuUsage({ user, system });
    best = Math.min(best, (used.user + used.system) / 1000);
  }
  return best;
}

async function heapBytes(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await setTimeout(50);
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const always = { tenant: "t", startNs: dayStartNs(firstDay), endNs: dayStartNs(firstDay + days) };
const onePod = [{ name: "pod", operator: "=", value: "app-7-5f7d9c4b8-xxx17" }] as const;
const narrow = { startNs: dayStartNs(firstDay + 10), endNs: dayStartNs(firstDay + 10) + 3_600_000_000_000n };

export async function benchMillionBlocks(): Promise<void> {
  const objectStore = memoryObjectStore();
  const store = await open(objectStore, fakeEncoder([new Uint8Array(0)]));
  let position = 0;
  for (let day = firstDay; day < firstDay + days; day++) {
    for (let segment = 0; segment < segmentsPerDay; segment++) {
      await store.flush([{ tenant: "t", streams: blocksOf(day, segment) }], ++position, () => {});
    }
  }
  const figures: Record<string, string> = {};
  const before = await heapBytes();
  const select = (target: Store, request: Omit<SelectRequest, "tenant">): Promise<unknown> =>
    target.select({ tenant: "t", ...request });
  const coldMs = await cpuMs(() => select(store, { ...always, matchers: onePod }), 1);
  figures["all footers read and decoded"] = `${coldMs.toFixed(0)} ms`;
  if (globalThis.gc !== undefined) {
    figures["memory of the footers"] = `${(((await heapBytes()) - before) / blockCount).toFixed(0)} bytes a block`;
  }
  const measured: Record<string, () => Promise<unknown>> = {
    "one stream, one hour": () => select(store, { ...narrow, matchers: onePod }),
    "one stream, all 20 days": () => select(store, { ...always, matchers: onePod }),
    "a regular expression, one hour": () =>
      select(store, { ...narrow, matchers: [{ name: "app", operator: "=~", value: "app-1.*" }] }),
    "a regular expression that matches nothing, all days": () =>
      select(store, { ...always, matchers: [{ name: "app", operator: "=~", value: "x.*" }] }),
    "series of all days": () => store.series({ ...always, selectors: [] }),
    everything: () => select(store, { ...always, matchers: [] }),
  };
  for (const [name, run] of Object.entries(measured)) {
    figures[name] = `${(await cpuMs(run)).toPrecision(3)} ms`;
  }
  console.log(`\nplanning over ${blockCount.toLocaleString("en-US")} blocks in ${position} segments, CPU`);
  console.table(figures);
}

/** How many blocks an absent needle is planned over. */
const filteredCount = 2000;

export async function benchSkipFilters(): Promise<void> {
  const filters = Array.from({ length: 16 }, (_, i) => realFilter(i));
  const store = await open(memoryObjectStore(), fakeEncoder(filters));
  const segments = filteredCount / (streamCount * blocksPerStream);
  for (let segment = 0; segment < segments; segment++) {
    await store.flush([{ tenant: "t", streams: blocksOf(firstDay, segment) }], segment + 1, () => {});
  }
  const needles = [new TextEncoder().encode("d41d8cd9-8f00-b204-e980-0998ecf8427e")];
  let found = 0;
  const plan = async (): Promise<void> => {
    found = (await store.select({ ...always, matchers: [], needles })).length;
  };
  const coldMs = await cpuMs(plan, 1);
  const warmMs = await cpuMs(plan);
  console.log(
    `\nan absent id over ${filteredCount} blocks: filters read ${coldMs.toFixed(1)} ms, in the cache ` +
      `${warmMs.toFixed(1)} ms CPU; ${found} blocks are left`,
  );
}
