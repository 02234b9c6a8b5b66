/**
 * What a day costs in requests of the kind that object storage charges most for (a put, a part of an upload, a page of a
 * listing): the real store over a counted one, with all sizes a sixty-fourth of the real ones.
 *
 *     node bench/requests.ts
 */
import type { StreamBatch } from "@sluice/chunk";
import { batchOf, labelsFromRecord } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { defaultCompactionOptions, openStore } from "@sluice/store";
import { logLine, quietLogger, quietMetrics, seededRng, virtualClock } from "@sluice/testkit";

interface Setup {
  readonly name: string;
  readonly tenantCount: number;
  /** Lines that come in a day. */
  readonly rawBytesPerDay: number;
  readonly flushBytes: number;
}

const mebibyte = 2 ** 20;
const scale = 64;
const dayMs = 86_400_000;
const dayStartMs = 1_795_564_800_000;
const roundMs = 600_000;
const flushIntervalMs = 600_000;
// The S3 store's own: larger objects go up in parts.
const multipartFromBytes = (32 * mebibyte) / scale;
const partBytes = (16 * mebibyte) / scale;
const dollarsPerPut = 5e-6;

const setups: readonly Setup[] = [
  { name: "one tenant, 35 GB of lines a day", tenantCount: 1, rawBytesPerDay: 35e9, flushBytes: 64 * mebibyte },
  { name: "one tenant, 1 GB of lines a day", tenantCount: 1, rawBytesPerDay: 1e9, flushBytes: 64 * mebibyte },
  { name: "100 tenants, 35 GB of lines a day", tenantCount: 100, rawBytesPerDay: 35e9, flushBytes: 64 * mebibyte },
  { name: "the same, flush_bytes 256 MiB", tenantCount: 100, rawBytesPerDay: 35e9, flushBytes: 256 * mebibyte },
];

console.log("| | stored | puts | per GB | $ a month |\n|---|---|---|---|---|");
for (const setup of setups) {
  const { puts, storedBytes } = await simulateDay(setup);
  const cells = [
    setup.name,
    `${((storedBytes * scale) / 1e9).toFixed(2)} GB`,
    String(puts),
    ((puts / (storedBytes * scale)) * 1e9).toFixed(0),
    (puts * 30 * dollarsPerPut).toFixed(2),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}

async function simulateDay(setup: Setup): Promise<{ puts: number; storedBytes: number }> {
  const { tenantCount, rawBytesPerDay, flushBytes } = setup;
  const { objectStore, counts } = counted(memoryObjectStore());
  const clock = virtualClock(dayStartMs);
  const { targetBytes } = defaultCompactionOptions;
  const compaction = { targetBytes: targetBytes / scale };
  const store = await openStore({ objectStore, clock, compaction, logger: quietLogger, metrics: quietMetrics });
  const intervalMs = Math.min(flushIntervalMs, Math.round((flushBytes / rawBytesPerDay) * dayMs));
  const linesOf = lineSource();
  let roundDueMs = clock.nowMs() + roundMs;
  let position = 0;
  // Six hours more: the day closes, its segments are merged for the last time, and what they replace is removed.
  for (const endMs = dayStartMs + dayMs + 6 * 3_600_000; clock.nowMs() < endMs;) {
    await clock.advance(intervalMs);
    if (clock.nowMs() < dayStartMs + dayMs) {
      const rawBytes = (rawBytesPerDay * intervalMs) / dayMs / scale / tenantCount;
      const tenants = Array.from({ length: tenantCount }, (_, i) => ({
        tenant: `team-${i}`,
        streams: linesOf(rawBytes, clock.nowMs() - intervalMs / 2),
      }));
      await store.flush(tenants, (position += 1), () => {});
    }
    if (clock.nowMs() >= roundDueMs) {
      roundDueMs += roundMs;
      await store.compact();
      await store.collectGarbage();
    }
  }
  await store.close();
  let storedBytes = 0;
  for await (const { sizeBytes } of objectStore.list("tenants/")) {
    storedBytes += sizeBytes;
  }
  return { puts: counts.puts, storedBytes };
}

function counted(inner: ObjectStore): { readonly objectStore: ObjectStore; readonly counts: { puts: number } } {
  const counts = { puts: 0 };
  const objectStore: ObjectStore = {
    ...inner,
    async put(key, body, options) {
      const bytes = body.reduce((sum, part) => sum + part.length, 0);
      counts.puts += bytes > multipartFromBytes ? Math.ceil(bytes / partBytes) + 2 : 1;
      await inner.put(key, body, options);
    },
    async *list(prefix, startAfter) {
      let listed = 0;
      for await (const object of inner.list(prefix, startAfter)) {
        listed += 1;
        yield object;
      }
      counts.puts += Math.max(Math.ceil(listed / 1000), 1);
    },
  };
  return { objectStore, counts };
}

/** Gives one stream of about so many bytes; the same lines at other times, since making them takes long. */
function lineSource(): (rawBytes: number, atMs: number) => readonly StreamBatch[] {
  const rng = seededRng(4711);
  const lines = Array.from({ length: 20_000 }, () => logLine(rng, dayStartMs));
  let next = 0;
  return (rawBytes, atMs) => {
    const entries = [];
    for (let bytes = 0; bytes < rawBytes;) {
      const line = lines[(next += 1) % lines.length]!;
      bytes += line.length;
      entries.push({ timestampNs: BigInt(Math.round(atMs)) * 1_000_000n + BigInt(entries.length), line });
    }
    return [{ labels: labelsFromRecord({ app: "web" }), batch: batchOf(entries) }];
  };
}
