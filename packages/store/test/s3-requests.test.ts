import { blockRawBytesMax, type StreamBatch } from "@sluice/chunk";
import { createKernels } from "@sluice/kernels";
import { batchOf, labelsFromRecord, type BlockRef, type EntryBatch } from "@sluice/model";
import { systemClock, systemRng } from "@sluice/model/node";
import { openS3ObjectStore, type S3ObjectStore } from "@sluice/object-store/s3";
import { startFaultProxy, type FaultProxy, type ProxiedRequest } from "@sluice/object-store/testing/s3-server";
import { describeWithS3 } from "@sluice/object-store/testing/with-s3";
import { defaultReadAhead, type Store } from "@sluice/store";
import { logLine, seededRng, virtualClock } from "@sluice/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allTime, dayStart, openTestStore } from "./harness.ts";

// What a server with its defaults stores in a while: flushes of 64 MiB of lines, in 64 streams.
const flushCount = 3;
const streamCount = 64;
const blocksPerStream = 4;
const tenant = "team-a";
const kernels = createKernels();
const dayMs = 86_400_000;
/** A query's first two reads are small on purpose, however much there is. */
const smallGets = 2;

/** Blocks as heads cut them. Each is compressed by itself, so that a few different ones are as good as many. */
function corpus(): readonly EntryBatch[] {
  const rng = seededRng(4711);
  return Array.from({ length: 32 }, () => {
    const entries = [];
    for (let bytes = 0; bytes < blockRawBytesMax * 0.98;) {
      const line = logLine(rng, 1_795_564_800_000 + entries.length);
      bytes += line.length;
      entries.push({ timestampNs: dayStart + BigInt(entries.length) * 1_000_000n, line });
    }
    return batchOf(entries);
  });
}

function streamsOf(flush: number, blocks: readonly EntryBatch[]): StreamBatch[] {
  return Array.from({ length: streamCount * blocksPerStream }, (_, i) => {
    const stream = Math.floor(i / blocksPerStream);
    const minute = BigInt(flush * blocksPerStream + (i % blocksPerStream));
    const batch = { ...blocks[(i * 7 + flush) % blocks.length]!, baseNs: dayStart + minute * 60_000_000_000n };
    return { labels: labelsFromRecord({ app: `app-${stream % 8}`, pod: `pod-${stream}` }), batch };
  });
}

/** What the bill counts: a put, a part, the beginning and the end of an upload, a page of a listing; and the rest. */
function isPutClass({ method, url }: ProxiedRequest): boolean {
  return method === "PUT" || method === "POST" || url.includes("list-type=2");
}

function isGetClass(request: ProxiedRequest): boolean {
  return (request.method === "GET" || request.method === "HEAD") && !isPutClass(request);
}

describeWithS3("the requests that a bucket is asked, counted at a proxy", (server) => {
  let proxy: FaultProxy;
  let s3: S3ObjectStore;
  /** Of all segments, when those that were merged are gone. */
  let storedBytes = 0;
  const clock = virtualClock(Number(dayStart / 1_000_000n) + 2 * dayMs);

  const openStore = (): Promise<Store> => openTestStore(s3, { kernels, readAhead: defaultReadAhead, clock });

  function counted(isCounted: (request: ProxiedRequest) => boolean): number {
    return proxy.requests.filter(isCounted).length;
  }

  beforeAll(async () => {
    proxy = await startFaultProxy(server().endpoint);
    const { bucket, credentials, region } = server();
    s3 = openS3ObjectStore({
      bucket,
      credentials,
      region,
      endpoint: proxy.endpoint,
      clock: systemClock,
      rng: systemRng,
    });
  });
  afterAll(async () => {
    s3[Symbol.dispose]();
    await proxy[Symbol.asyncDispose]();
  });

  test("flushes, their compaction and what clears up behind it take at most 1,200 puts per compressed GB", async () => {
    const blocks = corpus();
    const store = await openStore();
    for (let flush = 0; flush < flushCount; flush++) {
      await store.flush([{ tenant, streams: streamsOf(flush, blocks) }], flush + 1, () => {});
    }
    await store.compact();
    for (let hour = 0; hour < 4; hour++) {
      await store.collectGarbage();
      await clock.advance(3_600_000);
    }
    await store.close();
    const puts = counted(isPutClass);
    for await (const { sizeBytes } of s3.list("tenants/")) {
      storedBytes += sizeBytes;
    }
    const putsPerGb = puts / (storedBytes / 1e9);
    console.log(`${puts} puts for ${(storedBytes / 1e6).toFixed(1)} MB: ${putsPerGb.toFixed(0)} per GB`);
    expect(storedBytes).toBeGreaterThan(40e6);
    expect(putsPerGb).toBeLessThanOrEqual(1200);
  });

  const byTime = (a: BlockRef, b: BlockRef): number => Number(a.minNs - b.minNs);
  test.for<{ title: string; order: (blocks: readonly BlockRef[]) => readonly BlockRef[] }>([
    { title: "in the order of the segments, as counting does", order: (blocks) => blocks },
    { title: "in the order of time, as lines are shown", order: (blocks) => blocks.toSorted(byTime) },
    { title: "the newest first", order: (blocks) => blocks.toSorted(byTime).reverse() },
  ])("a scan of everything takes at most 130 gets per compressed GB: $title", async ({ order }) => {
    const store = await openStore();
    proxy.requests.length = 0;
    const blocks = order(await store.select({ tenant, matchers: [], ...allTime }));
    let rawBytes = 0;
    for (const block of blocks) {
      rawBytes += (await block.load()).count > 0 ? block.rawBytes : 0;
    }
    await store.close();
    const getsPerGb = (counted(isGetClass) - smallGets) / (storedBytes / 1e9);
    const figures = `${counted(isGetClass)} gets for ${(rawBytes / 1e6).toFixed(0)} MB of lines`;
    console.log(`${figures}: two small ones, and ${getsPerGb.toFixed(0)} per compressed GB`);
    expect(rawBytes).toBeGreaterThan(180e6);
    expect(getsPerGb).toBeLessThanOrEqual(130);
  });

  test("a query for one block reads a footer and a block", async () => {
    const store = await openStore();
    proxy.requests.length = 0;
    const matchers = [{ name: "pod", operator: "=", value: "pod-33" } as const];
    const startNs = dayStart + 300_000_000_000n;
    const blocks = await store.select({ tenant, matchers, startNs, endNs: startNs + 1n });
    expect(blocks.length).toBe(1);
    await blocks[0]!.load();
    expect(counted(isGetClass)).toBe(2);
    await store.close();
  });

  test("a needle that is nowhere reads footers and filters, and next to no block", async () => {
    const store = await openStore();
    proxy.requests.length = 0;
    const needles = [new TextEncoder().encode(" 7c9e6679-7425-40de-944b-e07fc1f90ae7 ")];
    const blocks = await store.select({ tenant, matchers: [], ...allTime, needles });
    expect(blocks.length).toBeLessThan(10);
    expect(counted(isGetClass)).toBeLessThanOrEqual(6);
    await store.close();
  });
});
