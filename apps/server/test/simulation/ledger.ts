import { compileExpiry } from "@sluice/store";
import {
  labelsToRecord,
  lineTextAt,
  metadataAt,
  printLabels,
  timestampAt,
  type BlockRef,
  type EntryBatch,
  type Labels,
} from "@sluice/model";
import type { AcceptedStream } from "../../src/distributor/validate.ts";
import { retentionOf } from "./simulated-server.ts";

/** One entry that somebody has pushed; equal ones are one. */
export interface Line {
  /** Stream, time, metadata and text, as one. */
  readonly key: string;
  readonly tenant: string;
  readonly labels: Labels;
  readonly stream: string;
  readonly timestampNs: bigint;
  readonly text: string;
  readonly requestId: string | undefined;
}

/**
 * What a query must show: every line that was acknowledged or seen before it began. And what it may show besides: every
 * line that anybody has tried to push by its end.
 */
export class Ledger {
  readonly #tried = new Map<string, Map<string, Line>>();
  /** By server and tenant, for a server does not see what another one has in memory. */
  readonly #owed = new Map<string, Map<string, Line>>();

  /** Somebody is about to push these streams. @returns their lines. */
  try(tenant: string, streams: readonly AcceptedStream[]): readonly Line[] {
    const lines = streams.flatMap(({ labels, batch }) => linesOf(tenant, labels, batch));
    const tried = entryOf(this.#tried, tenant);
    for (const line of lines) {
      tried.set(line.key, line);
    }
    return lines;
  }

  /** The server has acknowledged the lines, or shown them: from now on it must. */
  owe(server: string, tenant: string, lines: Iterable<Line>): void {
    const owed = entryOf(this.#owed, `${server} ${tenant}`);
    for (const line of lines) {
      owed.set(line.key, line);
    }
  }

  /** What the server must show now. */
  owedBy(server: string, tenant: string): readonly Line[] {
    return [...entryOf(this.#owed, `${server} ${tenant}`).values()];
  }

  /** What all servers together must show. */
  owedByAll(servers: readonly string[], tenant: string): readonly Line[] {
    return servers.flatMap((server) => this.owedBy(server, tenant));
  }

  wasTried(line: Line): boolean {
    return entryOf(this.#tried, line.tenant).has(line.key);
  }

  hasTriedStream(tenant: string, stream: string): boolean {
    return entryOf(this.#tried, tenant)
      .values()
      .some((line) => line.stream === stream);
  }
}

export function isTooOld(line: Line, nowMs: number): boolean {
  const cutoffNs = compileExpiry(retentionOf(line.tenant), nowMs).cutoffOf(line.labels);
  return cutoffNs !== undefined && line.timestampNs < cutoffNs;
}

/** The lines of one stream. */
export function linesOf(tenant: string, labels: Labels, batch: EntryBatch): Line[] {
  const stream = printLabels(labels);
  return Array.from({ length: batch.count }, (_, i) => {
    const timestampNs = timestampAt(batch, i);
    const text = lineTextAt(batch, i);
    const metadata = labelsToRecord(metadataAt(batch, i));
    const key = JSON.stringify([stream, String(timestampNs), metadata, text]);
    return { key, tenant, labels, stream, timestampNs, text, requestId: metadata["request_id"] };
  });
}

/**
 * Loads blocks, and checks of each what it says of itself.
 *
 * @param areSkippable they were asked for with a hint, so that one which holds nothing of interest may load nothing.
 */
export async function linesOfBlocks(
  tenant: string,
  blocks: readonly BlockRef[],
  areSkippable = false,
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const block of blocks) {
    const stream = printLabels(block.labels);
    const ofBlock = linesOf(tenant, block.labels, await block.load());
    const isInOrder = ofBlock.every(({ timestampNs }, i) => i === 0 || timestampNs >= ofBlock[i - 1]!.timestampNs);
    const isInside = ofBlock.every(({ timestampNs }) => timestampNs >= block.minNs && timestampNs <= block.maxNs);
    if (!isInOrder || !isInside) {
      throw new Error(`the lines of a block of ${tenant}'s stream ${stream} are not in order, or outside of its times`);
    }
    const isSkipped = areSkippable && ofBlock.length === 0;
    if (block.mayRepeat !== true && block.count !== ofBlock.length && !isSkipped) {
      throw new Error(
        `a block of ${tenant}'s stream ${stream} says it has ${block.count} lines, has ${ofBlock.length}`,
      );
    }
    lines.push(...ofBlock);
  }
  return lines;
}

/** Blocks of one stream have no instant in common; whoever counts relies on it. */
export function checkOverlaps(tenant: string, blocks: readonly BlockRef[]): void {
  const ends = new Map<string, bigint>();
  for (const { labels, minNs, maxNs } of blocks.toSorted((a, b) => (a.minNs < b.minNs ? -1 : 1))) {
    const stream = printLabels(labels);
    const endNs = ends.get(stream);
    if (endNs !== undefined && minNs <= endNs) {
      throw new Error(`two blocks of ${tenant}'s stream ${stream} overlap at ${minNs}`);
    }
    ends.set(stream, maxNs);
  }
}

function entryOf<Value>(maps: Map<string, Map<string, Value>>, key: string): Map<string, Value> {
  let found = maps.get(key);
  if (found === undefined) {
    found = new Map();
    maps.set(key, found);
  }
  return found;
}
