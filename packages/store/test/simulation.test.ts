import { setImmediate } from "node:timers/promises";
import { mergeBatches } from "@sluice/chunk";
import { entriesOf, isServiceError, type BlockRef, type Clock, type EntryBatch, type Rng } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import type { Store, StoreOptions } from "@sluice/store";
import { randomInt, seededRng } from "@sluice/testkit";
import { expect, test } from "vitest";
import { batchesOf, entry, interceptedObjectStore, openTestStore, selectAll, unavailable } from "./harness.ts";

const seeds = 60;
const writerCount = 3;
const flushesPerWriter = 8;
const compactorCount = 2;
const segmentDeleteDelayMs = 1000;

/**
 * Writers that share an object store, each with a WAL of its own, and processes that compact and collect garbage beside
 * them; writers do that, too. Requests are slow, fail, fail and are carried out much later all the same, or succeed and
 * lose the answer; everybody crashes and opens again; time goes on by little or by much.
 *
 * Whatever happens: what a writer sees in the store followed by what it still holds is each of its lines once, in the
 * order of its WAL where times are equal, at every request; a select that was begun can be read to its end. In the end
 * all lines of all writers are there, and nothing that nobody names.
 */
async function simulate(seed: number): Promise<void> {
  const world = new World(seed);
  let writersLeft = writerCount;
  const writers = Array.from({ length: writerCount }, (_, writer) =>
    live(world, `writer ${writer}`).finally(() => {
      writersLeft -= 1;
    }),
  );
  const compactors = Array.from({ length: compactorCount }, (_, compactor) =>
    tidyUp(world, `compactor ${compactor}`, () => writersLeft > 0),
  );
  const wals = await Promise.all(writers);
  await Promise.all(compactors);
  world.faultRate = 0;
  await Promise.all(world.checks);
  await world.settle();
  const store = await world.open("reader");
  for (let round = 0; round < 4; round++) {
    await store.compact();
    await store.collectGarbage();
    world.nowMs += segmentDeleteDelayMs;
  }
  for (const [writer, wal] of wals.entries()) {
    const blocks = await selectAll(store, `writer ${writer}`);
    expect(await linesOf(blocks)).toEqual(inOrder(wal));
  }
  expect((await store.collectGarbage()).waitingCount).toBe(0);
}

interface Line {
  readonly second: number;
  readonly text: string;
}

/** The object store, time and chance that all share. */
class World {
  readonly inner = memoryObjectStore();
  readonly rng: Rng;
  readonly checks: Promise<void>[] = [];
  readonly #late: (() => Promise<unknown>)[] = [];
  faultRate = 0.15;
  nowMs = 1_000_000;

  constructor(seed: number) {
    this.rng = seededRng(seed);
  }

  get clock(): Clock {
    return { nowMs: () => this.nowMs, sleep: async () => {} };
  }

  open(walName: string, onRequest: () => void = () => {}): Promise<Store> {
    const options: Partial<StoreOptions> = {
      walName,
      snapshotInterval: 3,
      clock: this.clock,
      segmentDeleteDelayMs,
      // Blocks that were read before would be there though their segment is gone.
      blockCacheBytesMax: 0,
      compaction: { segmentCountMin: 2, segmentCountMax: 4, targetBytes: 2000 },
    };
    return openTestStore(this.#faulty(onRequest), options);
  }

  async pause(): Promise<void> {
    const turns = this.rng.next() < 0.01 ? 1000 : 4;
    for (let i = randomInt(this.rng, turns); i > 0; i--) {
      await Promise.resolve();
    }
  }

  /** Carries out what is still under way. */
  async settle(): Promise<void> {
    for (const request of this.#late.splice(0)) {
      await request().catch(() => {});
    }
  }

  #faulty(onRequest: () => void): ObjectStore {
    const { rng } = this;
    return interceptedObjectStore(this.inner, async (operation, _key, request) => {
      await this.pause();
      if (this.faultRate > 0) {
        this.nowMs += randomInt(rng, rng.next() < 0.01 ? segmentDeleteDelayMs * 0.7 : 5);
      }
      const chance = rng.next();
      if (chance < this.faultRate / 2) {
        if ((operation === "put" || operation === "remove") && chance < this.faultRate / 4) {
          this.#late.push(request);
        }
        throw unavailable();
      }
      if (rng.next() < 0.05) {
        await this.#late
          .splice(randomInt(rng, this.#late.length + 1), 1)[0]?.()
          .catch(() => {});
      }
      const answer = await request();
      onRequest();
      await this.pause();
      if (rng.next() < this.faultRate / 2) {
        throw unavailable();
      }
      return answer;
    });
  }
}

/** A writer's life. @returns its WAL. */
async function live(world: World, tenant: string): Promise<readonly Line[]> {
  const { rng } = world;
  const wal: Line[] = [];
  let held: readonly Line[] = [];
  let store: Store | undefined;
  /** When the store has last learned what others did. */
  let knownMs = 0;
  const check = (): void => {
    if (store === undefined) {
      return;
    }
    const [expected, heldNow, selectedMs] = [wal.slice(), held, Math.min(knownMs, world.nowMs)];
    const selected = selectAll(store, tenant);
    const verify = async (): Promise<void> => {
      const blocks = await selected;
      expect(sum(blocks.map(({ count }) => count)) + heldNow.length).toBe(expected.length);
      if (rng.next() < 0.8) {
        return;
      }
      // Who looks for longer than the delay, or has not learned anything for so long, may find segments gone.
      const endMs = selectedMs + segmentDeleteDelayMs * 0.9;
      const patienceMs = rng.next() * segmentDeleteDelayMs;
      for (let turn = 0; turn < 5000 && world.nowMs < selectedMs + patienceMs; turn++) {
        await Promise.resolve();
      }
      if (world.nowMs < endMs) {
        const lines = await linesOf(blocks, () => world.nowMs < endMs);
        if (lines !== undefined) {
          expect(inOrder([...lines, ...heldNow])).toEqual(inOrder(expected));
        }
      }
    };
    world.checks.push(verify().catch(ignore));
  };
  const open = async (): Promise<void> => {
    const startMs = world.nowMs;
    const opened = await retried(() => world.open(tenant, check));
    // The replay: what the WAL has behind the position that is covered.
    held = wal.slice(opened.walCovered);
    store = opened;
    knownMs = startMs;
  };
  await open();
  for (let i = 1; i <= flushesPerWriter; i++) {
    for (let more = randomInt(rng, 3); more >= 0; more--) {
      wal.push({ second: randomInt(rng, 3), text: `line ${wal.length + 1}` });
      held = [...held, wal.at(-1)!];
    }
    const flushed = held;
    const streams = batchesOf(
      { app: "web" },
      inOrder(flushed).map(({ second, text }) => entry(second, text)),
    );
    const flush = async (): Promise<void> => {
      const startMs = world.nowMs;
      await store!.flush([{ tenant, streams }], wal.length, () => {
        expect(held).toBe(flushed);
        held = [];
      });
      knownMs = startMs;
    };
    const tidying = rng.next() < 0.5 ? tidyOnce(store!) : undefined;
    if (i < flushesPerWriter && rng.next() < 0.3) {
      await flush().catch(ignore);
      store = undefined;
      await open();
    } else {
      await retried(flush);
    }
    await tidying;
    await retried(async () => {
      const startMs = world.nowMs;
      await store!.refresh();
      knownMs = startMs;
    });
  }
  return wal;
}

/** A process that compacts and collects garbage for everybody. */
async function tidyUp(world: World, walName: string, isNeeded: () => boolean): Promise<void> {
  while (isNeeded()) {
    const store = await retried(() => world.open(walName));
    for (let rounds = randomInt(world.rng, 30); rounds >= 0 && isNeeded(); rounds--) {
      await store.refresh().catch(ignore);
      await tidyOnce(store);
      await world.pause();
      // Long work of others waits for the event loop, which promises alone would never let come round.
      await setImmediate();
    }
  }
}

async function tidyOnce(store: Store): Promise<void> {
  await Promise.all([store.compact().catch(ignore), store.collectGarbage().catch(ignore)]);
}

/** The lines in order of time; of equal times in order of arrival. Undefined when it took too long. */
async function linesOf(
  blocks: readonly BlockRef[],
  isInTime: () => boolean = () => true,
): Promise<readonly Line[] | undefined> {
  const batches: EntryBatch[] = [];
  for (const block of blocks) {
    try {
      batches.push(await block.load());
    } catch (error) {
      if (!isInTime()) {
        return undefined;
      }
      throw error;
    }
  }
  const count = sum(batches.map((batch) => batch.count));
  const entries = count === 0 ? [] : entriesOf(mergeBatches(batches));
  // Lines are all different, so that a merge that drops one has found it twice.
  expect(entries.length).toBe(count);
  return entries.map(({ timestampNs, line }) => ({ second: Number((timestampNs / 1_000_000_000n) % 60n), text: line }));
}

/** By time, stable. */
function inOrder(lines: readonly Line[]): readonly Line[] {
  return lines.toSorted((a, b) => a.second - b.second);
}

async function retried<Result>(run: () => Promise<Result>): Promise<Result> {
  for (;;) {
    try {
      return await run();
    } catch (error) {
      ignore(error);
    }
  }
}

function ignore(error: unknown): void {
  if (!isServiceError(error, "unavailable")) {
    throw error;
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

test(`every line is seen once, whatever requests fail (${seeds} seeds)`, async () => {
  for (let seed = 1; seed <= seeds; seed++) {
    await simulate(seed).catch((error: unknown) => {
      throw new Error(`seed ${seed} fails`, { cause: error });
    });
  }
});
