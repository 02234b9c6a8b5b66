import { resolve } from "node:path";
import { messageOf, type Clock, type FileSystem, type Logger, type Rng } from "@sluice/model";
import { createMetrics, listen, repeat, type Running } from "@sluice/service";
import type { AgentConfig } from "./config.ts";
import { Discovery } from "./discovery/discovery.ts";
import { targetsOf } from "./discovery/target.ts";
import { createHttp } from "./http.ts";
import { agentMetrics } from "./metrics.ts";
import { Lane } from "./send/lane.ts";
import { fileStreams } from "./send/stream-labels.ts";
import { TimeSource } from "./tail/assigned-times.ts";
import { CriParser } from "./tail/cri.ts";
import type { EntrySink } from "./tail/entry-sink.ts";
import { Positions } from "./tail/positions.ts";
import type { RotationTimes } from "./tail/followed-path.ts";
import { Tailer } from "./tail/tailer.ts";

export interface AgentOptions {
  readonly config: AgentConfig;
  readonly listenAddress: { readonly host: string; readonly port: number };
  readonly fs: FileSystem;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  /** Reading stops while so much is read and not acknowledged, over all clients. */
  readonly inFlightBytesMax?: number;
  /** Longer lines are cut. */
  readonly lineBytesMax?: number;
  readonly rotation?: RotationTimes;
  /** How long a stop tries to send what was read. */
  readonly flushDeadlineMs?: number;
}

export interface Agent extends Running {
  /** Where its pages are. */
  readonly url: string;
  /** How many files are followed at start. */
  readonly fileCount: number;
}

const defaults = {
  inFlightBytesMax: 16_777_216,
  lineBytesMax: 262_144,
  flushDeadlineMs: 5000,
  rotation: { settleMs: 1000, lingerMs: 10_000, orphanMs: 60_000 },
};
const readBufferBytes = 262_144;

/** Builds every part, hands each what it uses, and starts. The only place that knows all of them. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { config, fs, clock, rng, logger } = options;
  const { inFlightBytesMax, lineBytesMax, flushDeadlineMs, rotation } = { ...defaults, ...options };
  const registry = createMetrics();
  const metrics = agentMetrics(registry.metrics);
  const targets = targetsOf(config);
  const positions = await Positions.open({
    fs,
    clock,
    logger,
    path: resolve(config.positions.filename),
    clientCount: config.clients.length,
    targets: new Set(targets.map(({ key }) => key)),
  });
  const lanes = config.clients.map(
    (client, index) =>
      new Lane({ client, index, clock, rng, logger, metrics, persist: (ranges) => positions.persist(ranges) }),
  );
  const sink: EntrySink = {
    add({ texts }, seconds, nanos, bytes, start, end, position, safeOffset, range) {
      for (const [index, lane] of lanes.entries()) {
        lane.add(texts[index]!, seconds, nanos, bytes, start, end, position, safeOffset, range);
      }
    },
  };
  const tailer = new Tailer({
    positions,
    context: {
      buffer: Buffer.allocUnsafeSlow(Math.max(readBufferBytes, lineBytesMax)),
      joined: Buffer.allocUnsafeSlow(lineBytesMax),
      lineBytesMax,
      times: new TimeSource(clock),
      cri: new CriParser(),
      sink,
      malformedLines: metrics.malformedLines,
      truncatedLines: metrics.truncatedLines,
      flushedPartialLines: metrics.flushedPartialLines,
    },
    streamsOf: (target, path) => fileStreams(target.labelsOf(path), config.clients),
    rotations: metrics.rotations,
    ...rotation,
    clock,
    logger,
    hasRoom: () => lanes.reduce((sum, lane) => sum + lane.inFlightBytes, 0) < inFlightBytesMax,
    failedTargets: metrics.targetsFailed,
  });
  const discovery = new Discovery({
    targets,
    syncPeriodMs: config.target_config.sync_period,
    clock,
    logger,
    onFound: (target, paths) => tailer.follow(target, paths),
  });
  const app = createHttp({
    registry,
    metrics,
    lanes: config.clients.map((client, index) => ({ client, lane: lanes[index]! })),
    paths: () => tailer.paths(),
  });
  const url = await listen(app, options.listenAddress);
  discovery.start();

  const savePositions = async (): Promise<void> => {
    try {
      await positions.save();
    } catch (error) {
      metrics.positionsFailures.add(1);
      logger.error("cannot save positions", { error: messageOf(error) });
    }
  };
  const reading = new AbortController();
  const sending = new AbortController();
  const saving = new AbortController();
  const readers = Promise.all([tailer.run(reading.signal), discovery.run(reading.signal)]);
  const senders = Promise.all(lanes.map((lane) => lane.run(sending.signal)));
  const saver = repeat("saving positions", config.positions.sync_period, logger, saving.signal, savePositions);

  return {
    url,
    fileCount: tailer.paths().length,
    async stop() {
      reading.abort();
      await readers;
      for (const lane of lanes) {
        lane.stop();
      }
      const deadline = new AbortController();
      await Promise.race([senders, clock.sleep(flushDeadlineMs, deadline.signal)]);
      deadline.abort();
      sending.abort();
      await senders;
      saving.abort();
      await saver;
      await savePositions();
      await positions.close();
      tailer.close();
      await app.close();
    },
  };
}
