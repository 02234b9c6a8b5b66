import {
  firstAtOrAfter,
  nsPerMs,
  type BlockRef,
  type EntryBatch,
  type Labels,
  type Matcher,
  type Querier,
} from "@sluice/model";
import { Pacer } from "../execution.ts";
import { PatternMiner } from "./pattern-miner.ts";

export interface PatternQuery {
  readonly querier: Querier;
  readonly tenant: string;
  readonly matchers: readonly Matcher[];
  /** First instant wanted, and first not wanted any more; nanoseconds since the epoch. */
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Lines are counted by steps of so many milliseconds, at multiples of it. */
  readonly stepMs: number;
  /** Of more lines, or bytes of lines, a sample is looked at. */
  readonly linesMax: number;
  readonly bytesMax: number;
}

export interface LevelPattern {
  /** With `<_>` for what differs, as `|>` takes it. */
  readonly pattern: string;
  /** The level of its lines, by their `detected_level`. */
  readonly level: string;
  /** Ascending: the start of a step, seconds since the epoch, and its lines. */
  readonly samples: readonly (readonly [seconds: number, count: number])[];
}

export interface PatternAnswer {
  /** The most frequent first. */
  readonly patterns: readonly LevelPattern[];
  /** The part of the lines that was looked at, at most 1; what the counts were divided by. */
  readonly sampledPart: number;
}

/** As in Loki's answers. */
const patternsMax = 300;
const knownLevels = new Set(["trace", "debug", "info", "warn", "error", "critical", "fatal"]);
const unknownLevel = "unknown";
const levelName = "detected_level";
/** Of a block at least one line in so many is looked at; beyond, blocks are left out. */
const strideMax = 8;
/** A block of more lines is worked on in parts. */
const linesAtOnceMax = 8192;

/**
 * Finds the patterns of the lines that a selector selects, by level. Where there are more lines than may be looked at,
 * every n-th one is, all over the range, and counts are scaled up.
 *
 * @throws {ServiceError} `cancelled` when the signal aborts, and whatever the querier throws.
 */
export async function minePatterns(query: PatternQuery, signal: AbortSignal): Promise<PatternAnswer> {
  const { querier, tenant, matchers, startNs, endNs, linesMax, bytesMax } = query;
  const blocks = [...(await querier.select({ tenant, matchers, startNs, endNs }, signal))];
  blocks.sort((a, b) => (a.minNs < b.minNs ? -1 : a.minNs > b.minNs ? 1 : 0));
  const lines = blocks.reduce((sum, { count }) => sum + count, 0);
  const bytes = blocks.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
  const every = Math.max(1, Math.ceil(Math.max(lines / linesMax, bytes / bytesMax)));
  const stride = Math.min(every, strideMax);
  const scan = new PatternScan(query, stride);
  const pacer = new Pacer(signal);
  const chosen = everyNth(blocks, every / stride);
  for (const block of chosen) {
    await scan.addBlock(block, pacer, signal);
  }
  const chosenLines = chosen.reduce((sum, { count }) => sum + count, 0);
  const sampledPart = lines === 0 ? 1 : chosenLines / lines / stride;
  return { patterns: await scan.finish(sampledPart, pacer), sampledPart };
}

/** Evenly over the list, and thereby over time; the first one always. */
function everyNth(blocks: readonly BlockRef[], n: number): readonly BlockRef[] {
  return n <= 1 ? blocks : Array.from({ length: Math.ceil(blocks.length / n) }, (_, i) => blocks[Math.floor(i * n)]!);
}

class PatternScan {
  readonly #query: PatternQuery;
  readonly #stride: number;
  readonly #miners = new Map<string, PatternMiner>();
  /** Lines until the next one that is looked at, over all blocks: a short block must not always give its first. */
  #skip = 0;

  constructor(query: PatternQuery, stride: number) {
    this.#query = query;
    this.#stride = stride;
  }

  async addBlock(block: BlockRef, pacer: Pacer, signal: AbortSignal): Promise<void> {
    if (block.scan !== undefined && block.count <= linesAtOnceMax * this.#stride) {
      await block.scan((batch) => this.#add(batch, 0, batch.count), signal);
      await pacer.pause();
      return;
    }
    const batch = await block.load(signal);
    for (let from = 0; from < batch.count; from += linesAtOnceMax) {
      this.#add(batch, from, Math.min(from + linesAtOnceMax, batch.count));
      await pacer.pause();
    }
  }

  async finish(sampledPart: number, pacer: Pacer): Promise<readonly LevelPattern[]> {
    const found: (LevelPattern & { readonly total: number })[] = [];
    for (const [level, miner] of this.#miners) {
      for (const { pattern, samples, total } of miner.finish(patternsMax)) {
        const counts = [...samples].sort(([a], [b]) => a - b);
        const scaled = counts.map(([ms, count]) => [ms / 1000, Math.round(count / sampledPart)] as const);
        found.push({ pattern, level, samples: scaled, total });
      }
      await pacer.pause();
    }
    return found
      .sort((a, b) => b.total - a.total)
      .slice(0, patternsMax)
      .map(({ pattern, level, samples }) => ({ pattern, level, samples }));
  }

  #add(batch: EntryBatch, first: number, end: number): void {
    const { startNs, endNs, stepMs } = this.#query;
    const { bytes, lineStarts, lineEnds, deltaNs, baseNs, metadata } = batch;
    const from = Math.max(first, firstAtOrAfter(batch, startNs));
    const to = Math.min(end, firstAtOrAfter(batch, endNs));
    if (from >= to) {
      return;
    }
    const miners = metadata?.sets.map(() => undefined as PatternMiner | undefined);
    const withoutMetadata = metadata === undefined ? this.#minerOf(unknownLevel) : undefined;
    // Milliseconds are exact enough to find a step, but for a line at its very edge.
    const baseMs = Number(baseNs / nsPerMs);
    const baseRestNs = Number(baseNs % nsPerMs);
    let i = from + this.#skip;
    for (; i < to; i += this.#stride) {
      let miner = withoutMetadata;
      if (metadata !== undefined) {
        const set = metadata.index[i]!;
        miner = miners![set];
        if (miner === undefined) {
          miner = this.#minerOf(levelOf(metadata.sets[set]!));
          miners![set] = miner;
        }
      }
      const ms = baseMs + Math.floor((deltaNs[i]! + baseRestNs) / 1e6);
      miner!.add(bytes, lineStarts[i]!, lineEnds[i]!, ms - (ms % stepMs));
    }
    this.#skip = Math.max(i - to, 0);
  }

  #minerOf(level: string): PatternMiner {
    let miner = this.#miners.get(level);
    if (miner === undefined) {
      miner = new PatternMiner();
      this.#miners.set(level, miner);
    }
    return miner;
  }
}

function levelOf(metadata: Labels): string {
  for (const { name, value } of metadata) {
    if (name === levelName) {
      const level = value.toLowerCase();
      return knownLevels.has(level) ? level : unknownLevel;
    }
  }
  return unknownLevel;
}
