import { join, resolve } from "node:path";
import { openThreadedBlockEncoder } from "@sluice/chunk";
import { createKernels } from "@sluice/kernels";
import {
  defaultTenant,
  makeDirectoryDurably,
  messageOf,
  writeFileDurably,
  type FileSystem,
  type Logger,
  type Metrics,
} from "@sluice/model";
import { nodeFileSystem, systemClock, systemRng } from "@sluice/model/node";
import { createLogger, createMetrics, listen, repeat, type Running } from "@sluice/service";
import { compileExpiry, openStore, type RetentionPolicy } from "@sluice/store";
import { openWal } from "@sluice/wal";
import { buildApp } from "./api/app.ts";
import { closeApp } from "./api/close-app.ts";
import type { ServerConfig, ServerOptions } from "./config.ts";
import { startCompactor } from "./compactor/compactor.ts";
import { compileDelete } from "./deletes/compile-delete.ts";
import { Distributor } from "./distributor/distributor.ts";
import { Ingester } from "./ingester/ingester.ts";
import { Tailers } from "./ingester/tailers.ts";
import { defaultLimits, limitsFor, retentionOf, type Limits } from "./limits.ts";
import { federatedQuerier } from "./querier/federated-querier.ts";
import { openQueryRunner, storeCachesFor } from "./querier/open-query-runner.ts";
import { createQuerier, type QuerierOptions } from "./querier/querier.ts";
import type { QueryRunner } from "./querier/query-runner.ts";
import { readWebhookUrl } from "./ruler/ruler-config.ts";
import { startRuler, type Ruler } from "./ruler/ruler.ts";
import { slackNotifier } from "./ruler/slack.ts";
import { TenantLimits } from "./runtime-config/tenant-limits.ts";
import { openStorage } from "./storage/open-storage.ts";

export interface RunningServer extends Running {
  /** Base URL of the API, for example `http://127.0.0.1:3100`. */
  readonly address: string;
}

const version = "0.1.0";
const flushCheckMs = 1000;
const trimCheckMs = 10_000;
const forgetCheckMs = 60_000;
/** How much larger a push may be in the write-ahead log than it came: short lines, for each has 13 bytes around it. */
const recordGrowthMax = 3;
const replayReportMs = 2000;
/** For requests under way when the server is to stop. */
const requestsGraceMs = 5000;
/** For a flush under way; what it does not reach is in the write-ahead log. */
const flushGraceMs = 6000;

/** What every part is given. */
interface Ports {
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The composition root: builds every part, hands each what it uses, replays the write-ahead log and resolves once the
 * server answers. The one place that knows everybody.
 *
 * @throws {ServiceError} `unavailable` or `corrupt`, one sentence, when the directory or the address cannot be used.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { config } = options;
  const dataDirectory = resolve(options.dataDirectory);
  const logger = createLogger(options.logLevel);
  const registry = createMetrics();
  const ports: Ports = { logger, metrics: registry.metrics };
  const clock = systemClock;
  // Closed in reverse order: on the way out, and when anything on the way in fails.
  await using opened = new AsyncDisposableStack();

  const fs = nodeFileSystem;
  await fs.makeDirectory(dataDirectory);
  const recordBytesMax = Math.min(config.server.push_decompressed_bytes_max * recordGrowthMax, 2 ** 32 - 1);
  const walOptions = {
    directory: join(dataDirectory, "wal"),
    fs,
    clock,
    recordBytesMax,
    ...ports,
    onFatal: leave(logger),
  };
  // The log comes first, for its lock keeps a second server out of the directory.
  let wal = await openWal(walOptions);
  opened.defer(() => wal.close());
  const givingUp = new AbortController();
  const storage = await openStorage({
    common: config.common,
    config: config.storage_config,
    dataDirectory,
    fs,
    clock,
    rng: systemRng,
    ...ports,
    signal: givingUp.signal,
  });
  opened.use(storage);
  const limits = await openLimits(config, fs, ports);
  const limitsOf = (tenant: string): Limits => limits.of(tenant);
  const policyOf = (tenant: string): RetentionPolicy =>
    config.compactor.retention_enabled ? retentionOf(limitsOf(tenant)) : { periodMs: 0, rules: [] };
  const kernels = createKernels();
  const blockEncoder = openThreadedBlockEncoder(config.ingester.flush_threads);
  opened.use(blockEncoder);
  const store = await openStore({
    objectStore: storage.objectStore,
    ...storage.storeOptions,
    ...storeCachesFor(config.querier),
    kernels,
    blockEncoder,
    clock,
    ...ports,
    retentionOf: policyOf,
    deletes: {
      compile: (query) => compileDelete(query, kernels),
      modeOf: (tenant) => limitsOf(tenant).deletion_mode,
      cancelPeriodMs: config.compactor.delete_request_cancel_period,
      // Other servers have flushed by then what they hold in memory.
      settleMs: storage.isShared ? config.compactor.retention_delete_delay : 0,
    },
    segmentDeleteDelayMs: config.compactor.retention_delete_delay,
  });
  opened.defer(() => store.close());
  if (wal.lastPosition < store.walCovered) {
    // The log was removed or lost its end. A position that the manifest covers must not be given out again.
    await wal.close();
    wal = await openWal({ ...walOptions, firstPosition: store.walCovered + 1 });
  }

  const distributor = new Distributor({ limitsOf, clock, metrics: ports.metrics });
  const tailers = new Tailers(logger);
  const ingester = new Ingester({ config: config.ingester, wal, store, tailers, clock, ...ports });
  const readable: QuerierOptions = {
    store,
    headsOf: (tenant) => ingester.heads.of(tenant),
    expiryOf: (tenant) => compileExpiry(policyOf(tenant), clock.nowMs()),
  };
  const querier = federatedQuerier(createQuerier(readable));
  const ready = Promise.withResolvers<void>();
  const running = { config: config.querier, ready: ready.promise };
  const runner = openQueryRunner({ ...running, readable, querier, kernels, storage, ...ports });
  opened.use(runner);
  let notReady: string | undefined = "Ingester not ready: starting";

  const ruler = await openRuler(
    { config, limitsOf, listen: options.listen, dataDirectory, runner, ready: ready.promise },
    ports,
  );
  opened.defer(() => ruler.stop());
  const app = await buildApp({
    options,
    registry,
    logger,
    clock,
    distributor,
    ingester,
    tailers,
    deletes: store.deletes,
    querier,
    runner,
    kernels,
    ruler,
    limits,
    notReady: () => notReady,
    version,
  });
  opened.defer(() => closeApp(app, requestsGraceMs));
  const address = await listen(app, options.listen);

  let reportedMs = clock.nowMs();
  await ingester.replay((position, last) => {
    notReady = `Ingester not ready: replaying the write-ahead log, record ${position} of ${last}`;
    if (clock.nowMs() - reportedMs > replayReportMs) {
      reportedMs = clock.nowMs();
      logger.info("replaying the write-ahead log", { record: position, of: last });
    }
  });
  notReady = undefined;
  ready.resolve();

  const stopping = new AbortController();
  const flushing = repeat("flush", flushCheckMs, logger, stopping.signal, () => ingester.flushWhenDue());
  const trimming = repeat("disk cache", trimCheckMs, logger, stopping.signal, () => storage.trim());
  const forgetting = repeat("forget streams", forgetCheckMs, logger, stopping.signal, async () =>
    distributor.forgetIdle(),
  );
  const reloading = repeat("reload", config.runtime_config.period, logger, stopping.signal, () => limits.reload());
  const refreshing = storage.isShared
    ? repeat("refresh", config.storage_config.refresh_interval, logger, stopping.signal, () => store.refresh())
    : Promise.resolve();
  const compactor = startCompactor({
    config: config.compactor,
    store,
    flushMemory: () => ingester.flushAll(),
    clock,
    logger,
  });
  const closing = opened.move();
  return {
    address,
    reload: () => limits.reload(),
    async stop() {
      notReady = "Application is stopping";
      stopping.abort();
      const impatience = setTimeout(() => givingUp.abort(), flushGraceMs);
      await Promise.all([flushing, trimming, forgetting, reloading, refreshing, compactor.stop()]);
      await closing.disposeAsync();
      clearTimeout(impatience);
    },
  };
}

/** Limits as the configuration file and the file of overrides have them; names the keys that have no effect. */
async function openLimits(
  { limits_config: section, runtime_config: { file } }: ServerConfig,
  fs: FileSystem,
  { logger, metrics }: Ports,
): Promise<TenantLimits> {
  if (section.ignoredKeys.length > 0) {
    logger.info("limits_config has keys that mean nothing here", { keys: section.ignoredKeys });
  }
  return TenantLimits.open({ base: limitsFor(defaultLimits, section), file, fs, logger, metrics });
}

interface RulerParts {
  readonly config: ServerConfig;
  readonly limitsOf: (tenant: string) => Limits;
  readonly listen: ServerOptions["listen"];
  readonly dataDirectory: string;
  readonly runner: QueryRunner;
  /** Resolves when the write-ahead log is replayed. */
  readonly ready: Promise<void>;
}

/** The ruler evaluates once the log is replayed: before, its queries would not see all lines. */
async function openRuler(parts: RulerParts, ports: Ports): Promise<Ruler> {
  const { limitsOf, listen: api, dataDirectory, runner, ready } = parts;
  const { ruler: config } = parts.config;
  const tenant = defaultTenant;
  const directory = join(dataDirectory, "ruler");
  const path = join(directory, "state.json");
  await makeDirectoryDurably(nodeFileSystem, directory);
  const { slack } = config;
  return startRuler({
    config,
    tenant,
    clock: systemClock,
    ...ports,
    async evaluate(expr, timeNs, signal) {
      await ready;
      const limits = limitsOf(tenant);
      // In a queue of its own: rules are not to wait behind a tenant's dashboards.
      const how = { queue: "ruler", affinity: expr, timeoutMs: limits.query_timeout, signal };
      return runner.run("rule", { tenant, query: expr, timeNs, limits }, how);
    },
    storage: {
      async load() {
        const found = await nodeFileSystem.stat(path);
        return found === undefined ? undefined : new TextDecoder().decode(await nodeFileSystem.readFile(path));
      },
      save: (text) => writeFileDurably(nodeFileSystem, path, new TextEncoder().encode(text)),
    },
    notify:
      slack === undefined
        ? undefined
        : slackNotifier({
            webhookUrl: () => readWebhookUrl(slack, nodeFileSystem),
            externalUrl: config.external_url ?? `http://${api.host}:${api.port}`,
            tenant,
            clock: systemClock,
            timeoutMs: slack.timeout,
          }),
  });
}

/** The disk failed so that nothing is known about what it holds: going on could acknowledge lines that are lost. */
function leave(logger: Logger): (error: Error) => void {
  return (error) => {
    logger.error("the write-ahead log failed, leaving", { error: messageOf(error) });
    process.exit(1);
  };
}
