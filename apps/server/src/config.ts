import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import {
  ByteSize,
  logLevels,
  DurationMs,
  loadYamlConfig,
  parseFlags,
  parseListenAddress,
  type LogLevel,
} from "@sluice/service";
import { ServiceError } from "@sluice/model";
import { z } from "zod";
import { CompactorConfig } from "./compactor/compactor-config.ts";
import { DistributorConfig } from "./distributor/otlp-config.ts";
import { LimitsSection } from "./limits.ts";
import { RulerConfig } from "./ruler/ruler-config.ts";
import { RuntimeConfigSection } from "./runtime-config/runtime-config.ts";
import { CommonConfig, StorageConfig } from "./storage/storage-config.ts";

const PositiveSize = ByteSize.refine((sizeBytes) => sizeBytes > 0, "must be larger than 0");

/** A timer takes no more than 24 days. */
const TimerDuration = DurationMs.refine(
  (ms) => ms > 0 && ms < 2 ** 31,
  "must be longer than 0s and not longer than 24d",
);

const ServerSection = z.strictObject({
  http_listen_address: z.string().default("127.0.0.1"),
  http_listen_port: z.int().min(0).max(65_535).default(3100),
  log_level: z.enum(logLevels).default("info"),
  /** Bytes of one push as it comes over the wire. */
  push_body_bytes_max: PositiveSize.prefault("100MB"),
  /** Bytes of one push after decompression. */
  push_decompressed_bytes_max: PositiveSize.prefault("512MB"),
  /** Bytes of pushes that are not answered yet; more are refused with 503, or 429 for one tenant's part of them. */
  push_in_flight_bytes_max: ByteSize.prefault("256MB"),
  /** Other sites whose pages may open a live tail, and delete, for example `https://grafana.example.com`. */
  allowed_origins: z.array(z.string()).default([]),
});

export const IngesterConfig = z.strictObject({
  /** Write the lines in memory to a segment when they reach this many bytes. */
  flush_bytes: PositiveSize.prefault("40MB"),
  /** Write them to a segment when the oldest has waited this long. */
  flush_interval: DurationMs.prefault("10m"),
  /** Lines in memory that cannot be flushed (the store is down) may grow to this; then pushes answer 503. */
  head_bytes_max: PositiveSize.prefault("512MB"),
  /** The same request again within this time (its answer got lost) is answered, and neither stored nor shown again. */
  repeat_period: DurationMs.prefault("5m"),
  /** Requests that are remembered for it, at most. */
  repeats_max: z.int().nonnegative().default(20_000),
  /** Threads that compress what is flushed or compacted. */
  flush_threads: z.int().min(1).max(64).default(1),
});
export type IngesterConfig = z.output<typeof IngesterConfig>;

/** As many as there are cores besides one for the thread that takes requests, but not many. */
const queryThreadsDefault = Math.max(1, Math.min(4, availableParallelism() - 1));

const QuerierSection = z.strictObject({
  /** Threads that answer queries; 0 answers them on the thread that takes requests. By default one to four, by cores. */
  threads: z.int().min(0).max(64).default(queryThreadsDefault),
  /** Queries that one of them has at a time. */
  max_concurrent: z.int().min(1).max(1000).default(4),
  /** Queries of one tenant that may wait for their turn, within their timeout; more are answered with 429. */
  max_outstanding_per_tenant: z.int().min(1).default(2048),
  /** Memory that one of them may take for objects; lines are kept outside of it. */
  thread_heap_bytes_max: PositiveSize.prefault("1GB"),
  /** Decoded blocks that queries keep in memory, over all threads. */
  block_cache_bytes_max: PositiveSize.prefault("256MB"),
  /** Whether a read request may name several tenants, `X-Scope-OrgID: a|b`. */
  multi_tenant_queries_enabled: z.boolean().default(false),
  /** Metrics over a range are evaluated at multiples of the step, as by Loki, whatever it is told; else from the start on. */
  align_queries_with_step: z.boolean().default(true),
  /** After this a live tail is ended. */
  tail_max_duration: TimerDuration.prefault("1h"),
});
export type QuerierConfig = z.output<typeof QuerierSection>;

/** The server's whole configuration file. */
export const ServerConfig = z.strictObject({
  /** Whether requests must name their tenant; otherwise those that do not are the tenant `fake`'s. */
  auth_enabled: z.boolean().default(false),
  server: ServerSection.prefault({}),
  common: CommonConfig.prefault({}),
  storage_config: StorageConfig.prefault({}),
  limits_config: LimitsSection.prefault({}),
  runtime_config: RuntimeConfigSection.prefault({}),
  distributor: DistributorConfig.prefault({}),
  ingester: IngesterConfig.prefault({}),
  querier: QuerierSection.prefault({}),
  compactor: CompactorConfig.prefault({}),
  ruler: RulerConfig.prefault({}),
});
export type ServerConfig = z.output<typeof ServerConfig>;

export interface ServerOptions {
  /** Absolute or relative to the working directory; everything the server keeps is under it. */
  readonly dataDirectory: string;
  readonly listen: { readonly host: string; readonly port: number };
  /** Directory of the built Explore page; undefined serves none. */
  readonly uiDirectory: string | undefined;
  readonly logLevel: LogLevel;
  readonly config: ServerConfig;
}

const flags = {
  data: { value: "<dir>", help: "Directory that holds the write-ahead log and the segments (created when missing)." },
  listen: { value: "<host:port>", help: "Address of the HTTP API and the Explore page (default 127.0.0.1:3100)." },
  config: { value: "<yaml>", help: "Configuration file; its keys are in apps/server/README.md." },
  "config.expand-env": { help: "Replace ${NAME} and ${NAME:-default} in that file by the environment's values." },
  ui: { value: "<dir>", help: "Directory of the built Explore page (default: the one in this checkout, when built)." },
  "log-level": { value: "<level>", help: `One of ${logLevels.join(", ")} (default info).` },
} as const;

/**
 * Reads the command line and the file it names.
 *
 * @param uiDirectoryDefault served when `--ui` is not given.
 * @returns undefined when only help was asked for.
 * @throws {ServiceError} `bad_data`, one sentence that names the flag or the file, line and key.
 */
export function readOptions(
  args: readonly string[],
  uiDirectoryDefault: string | undefined,
): ServerOptions | undefined {
  const given = parseFlags("pnpm server --data <dir> [flags]", flags, args);
  if (given === "help") {
    return undefined;
  }
  const dataDirectory = given.text("data");
  if (dataDirectory === undefined) {
    throw new ServiceError("bad_data", "missing --data <dir>: where should the logs be kept? (see --help)");
  }
  const configPath = given.text("config");
  const environment = given.isSet("config.expand-env") ? process.env : undefined;
  const config =
    configPath === undefined ? ServerConfig.parse({}) : loadYamlConfig(configPath, ServerConfig, environment);
  const listenText = given.text("listen");
  const ui = given.text("ui");
  const level = given.text("log-level") ?? config.server.log_level;
  const logLevel = logLevels.find((known) => known === level);
  if (logLevel === undefined) {
    throw new ServiceError("bad_data", `unknown --log-level '${level}': use one of ${logLevels.join(", ")}`);
  }
  return {
    dataDirectory,
    listen:
      listenText === undefined
        ? { host: config.server.http_listen_address, port: config.server.http_listen_port }
        : parseListenAddress(listenText),
    uiDirectory: ui === undefined ? uiDirectoryDefault : resolve(ui),
    logLevel,
    config,
  };
}
