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
  type Rng,
} from "@sluice/model";
import { randomInt } from "@sluice/testkit";
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
  /** Of no other line; in the text or the request id. */
  readonly id: string | undefined;
}

/**
 * What a query must show: every line that was acknowledged or seen before it began. And what it may show besides: every
 * line that anybody has tried to push by its end.
 */
export class Ledger {
  readonly #tried = new Map<string, Map<string, Line>>();
  /** Pushed for the last time, so that a request to delete them is about all there will ever be of them. */
  readonly #settled: Line[] = [];
  /** Keys of lines that somebody wanted to delete: they may be there or not. */
  readonly #doomed = new Set<string>();
  readonly #deleted: Line[] = [];
  /** Keys of lines that a server must not show any more. */
  readonly #hidden = new Map<string, Set<string>>();
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
      if (!this.#doomed.has(line.key)) {
        owed.set(line.key, line);
      }
    }
  }

  /** Nobody pushes the lines again. */
  settle(lines: readonly Line[]): void {
    this.#settled.push(...lines.filter(({ id }) => id !== undefined));
  }

  /** A line that can be deleted, and is not to be expected any more from now on. */
  doomOne(rng: Rng): Line | undefined {
    // Mostly one of the latest, which is still in memory.
    const from = rng.next() < 0.7 ? Math.max(0, this.#settled.length - 6) : 0;
    const [line] = this.#settled.splice(from + randomInt(rng, this.#settled.length - from), 1);
    if (line !== undefined) {
      this.#doomed.add(line.key);
      for (const owed of this.#owed.values()) {
        owed.delete(line.key);
      }
    }
    return line;
  }

  /** The server has acknowledged that the line is deleted. */
  noteDeleted(server: string, line: Line): void {
    this.#deleted.push(line);
    this.hide(server, [line]);
  }

  /** What some server has acknowledged to be deleted: whoever starts after that knows it. */
  get deleted(): readonly Line[] {
    return [...this.#deleted];
  }

  /** From now on the server must not show the lines. */
  hide(server: string, lines: readonly Line[]): void {
    const hidden = this.#hidden.get(server) ?? new Set();
    this.#hidden.set(server, hidden);
    for (const { key } of lines) {
      hidden.add(key);
    }
  }

  /** Keys of what the server must not show now. */
  hiddenFrom(server: string): ReadonlySet<string> {
    return new Set(this.#hidden.get(server));
  }

  /** What the server must show now. */
  owedBy(server: string, tenant: string): readonly Line[] {
    return [...entryOf(this.#owed, `${server} ${tenant}`).values()];
  }

  /** What all servers together must show. */
  owedByAll(servers: readonly string[], tenant: string): readonly Line[] {
    return servers.flatMap((server) => this.owedBy(server, tenant));
  }

  /** Whether nobody has begun to delete the line meanwhile. */
  isOwed(line: Line): boolean {
    return !this.#doomed.has(line.key);
  }

  wasTried(line: Line): boolean {
    return entryOf(this.#tried, line.tenant).has(line.key);
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
    const requestId = metadata["request_id"];
    const id = requestId ?? /[0-9a-f]{16}/u.exec(text)?.[0];
    return { key, tenant, labels, stream, timestampNs, text, requestId, id };
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
