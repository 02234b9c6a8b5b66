import { createKernels } from "@sluice/kernels";
import type { Querier } from "@sluice/model";
import { openFileSystemObjectStore } from "@sluice/object-store";
import { compileExpiry, openStore, type RetentionPolicy, type Store } from "@sluice/store";
import { quietLogger, quietMetrics } from "@sluice/testkit";
import { openWal, type Wal } from "@sluice/wal";
import { IngesterConfig } from "../../src/config.ts";
import { compileDelete } from "../../src/deletes/compile-delete.ts";
import { Ingester } from "../../src/ingester/ingester.ts";
import { Tailers } from "../../src/ingester/tailers.ts";
import { createQuerier } from "../../src/querier/querier.ts";
import { instanceName } from "../../src/storage/instance-name.ts";
import type { Mutation } from "./mutations.ts";
import type { SimulatedBucket } from "./simulated-bucket.ts";
import { segmentDeleteDelayMs, type Process, type World } from "./world.ts";

/** A server without its HTTP, put together as `startServer` does it. */
export interface SimulatedServer {
  readonly process: Process;
  readonly ingester: Ingester;
  readonly store: Store;
  readonly querier: Querier;
  /** When it has last asked what other servers have committed. */
  readonly knownMs: () => number;
  refresh(): Promise<void>;
  /** Ends it as SIGTERM does. */
  stop(): Promise<void>;
}

const kernels = createKernels();

/** Lines of this tenant are kept for ten minutes, those of the others forever. */
export const forgetfulTenant = "forgetful";

export function retentionOf(tenant: string): RetentionPolicy {
  return { periodMs: tenant === forgetfulTenant ? 600_000 : 0, rules: [] };
}

/** @throws {ServiceError} and errors of the disk: the process does not become ready, and ends. */
export async function startSimulatedServer(
  world: World,
  sharedBucket: SimulatedBucket,
  process: Process,
  mutation: Mutation,
): Promise<SimulatedServer> {
  const { clock } = process;
  const ports = { logger: quietLogger, metrics: quietMetrics };
  const fs = mutation.fileSystem?.(process.fs) ?? process.fs;
  const walOptions = {
    directory: "/data/wal",
    fs,
    clock,
    segmentBytesMax: 1500,
    trimmedBytesMax: 500,
    lockOwner: { name: process.name.replaceAll(" ", "-"), isAlive: () => false },
    onFatal: () => process.end("exit"),
    ...ports,
  };
  let wal = await openWal(walOptions);
  const bucket = world.hasBucket
    ? sharedBucket.connect(process)
    : await openFileSystemObjectStore({ directory: "/data/objects", fs });
  let knownMs = clock.nowMs();
  const opened = await openStore({
    objectStore: mutation.objectStore?.(bucket) ?? bucket,
    walName: await instanceName(fs, "/data"),
    kernels,
    clock,
    ...ports,
    retentionOf,
    deletes: {
      compile: (query) => compileDelete(query, kernels),
      modeOf: () => "filter-and-delete",
      cancelPeriodMs: 3000,
      settleMs: world.hasBucket ? segmentDeleteDelayMs * 10 : 0,
    },
    segmentDeleteDelayMs,
    snapshotInterval: 5,
    // What a cache holds nobody would miss on the disk.
    blockCacheBytesMax: 0,
    footerCacheBytesMax: 10_000,
    compaction: { segmentCountMin: 2, segmentCountMax: 4, targetBytes: 3000 },
    ...mutation.storeOptions,
  });
  if (wal.lastPosition < opened.walCovered) {
    await wal.close();
    wal = await openWal({ ...walOptions, firstPosition: opened.walCovered + 1 });
  }
  wal = mutation.wal?.(wal) ?? wal;
  const store = mutation.store?.(opened, wal) ?? opened;
  const config = IngesterConfig.parse({ flush_bytes: 2000, flush_interval: "5s", head_bytes_max: 30_000 });
  const ingester = new Ingester({ config, wal, store, tailers: new Tailers(quietLogger), clock, ...ports });
  const querierOptions = {
    store,
    headsOf: (tenant: string) => ingester.heads.of(tenant),
    expiryOf: (tenant: string) => compileExpiry(retentionOf(tenant), clock.nowMs()),
  };
  const querier = createQuerier(querierOptions);
  await ingester.replay(() => {});
  return {
    process,
    ingester,
    store,
    querier: mutation.querier?.(querier, querierOptions) ?? querier,
    knownMs: () => knownMs,
    async refresh() {
      const askedMs = clock.nowMs();
      await store.refresh();
      knownMs = askedMs;
    },
    stop: () => stop(wal, store, process),
  };
}

async function stop(wal: Wal, store: Store, process: Process): Promise<void> {
  await store.close();
  await wal.close();
  process.end("exit");
}
