import { isServiceError } from "@sluice/model";
import { memoryObjectStore } from "@sluice/object-store";
import type { Store } from "@sluice/store";
import { randomInt, seededRng } from "@sluice/testkit";
import { expect, test } from "vitest";
import {
  batchesOf,
  entry,
  interceptedObjectStore,
  openTestStore,
  selectAll,
  storedLines,
  unavailable,
} from "./harness.ts";

const seeds = 60;
const writerCount = 3;
const flushesPerWriter = 8;

/**
 * Writers that share an object store, each with a WAL of its own, whose requests are slow, fail, fail
 * and are carried out later all the same, or succeed and lose the answer, and who crash and open again. Whatever happens: what a writer sees in the store plus what it still holds is
 * each of its lines once, at every request; and in the end all lines of all writers are there once.
 */
async function simulate(seed: number): Promise<void> {
  const rng = seededRng(seed);
  const inner = memoryObjectStore();
  let faultRate = 0.15;
  const checks: Promise<void>[] = [];
  const late: (() => Promise<unknown>)[] = [];
  const faulty = (onRequest: () => void): ReturnType<typeof interceptedObjectStore> =>
    interceptedObjectStore(inner, async (operation, _key, request) => {
      for (let i = randomInt(rng, 4); i > 0; i--) {
        await Promise.resolve();
      }
      const chance = rng.next();
      if (chance < faultRate / 2) {
        if (operation === "put" && chance < faultRate / 4) {
          late.push(request);
        }
        throw unavailable();
      }
      if (rng.next() < 0.05) {
        await late
          .shift()?.()
          .catch(() => {});
      }
      const answer = await request();
      onRequest();
      for (let i = randomInt(rng, 4); i > 0; i--) {
        await Promise.resolve();
      }
      if (rng.next() < faultRate / 2) {
        throw unavailable();
      }
      return answer;
    });

  const live = async (writer: number): Promise<readonly string[]> => {
    const tenant = `writer ${writer}`;
    const wal: string[] = [];
    let held: readonly string[] = [];
    let store: Store | undefined;
    const check = (): void => {
      const expected = wal.length;
      if (store !== undefined) {
        const heldNow = held.length;
        const stored = selectAll(store, tenant);
        checks.push(
          stored.then((blocks) => expect(sum(blocks.map(({ count }) => count)) + heldNow).toBe(expected), ignore),
        );
      }
    };
    const objectStore = faulty(check);
    const open = async (): Promise<void> => {
      const opened = await retried(() => openTestStore(objectStore, { walName: tenant, snapshotInterval: 3 }));
      // The replay: what the WAL has behind the position that is covered.
      held = wal.slice(opened.walCovered);
      store = opened;
    };
    await open();
    for (let i = 1; i <= flushesPerWriter; i++) {
      for (let more = randomInt(rng, 3); more >= 0; more--) {
        wal.push(`line ${wal.length + 1}`);
        held = [...held, wal.at(-1)!];
      }
      const flushed = held;
      const position = wal.length;
      const flush = (): Promise<void> =>
        store!.flush(
          [
            {
              tenant,
              streams: batchesOf(
                { app: "web" },
                flushed.map((line) => entry(position, line)),
              ),
            },
          ],
          position,
          () => {
            expect(held).toBe(flushed);
            held = [];
          },
        );
      if (i < flushesPerWriter && rng.next() < 0.3) {
        await flush().catch(ignore);
        store = undefined;
        await open();
      } else {
        await retried(flush);
      }
      await retried(() => store!.refresh());
    }
    return wal;
  };
  const wals = await Promise.all(Array.from({ length: writerCount }, (_, writer) => live(writer)));
  faultRate = 0;
  await Promise.all(checks);
  const store = await openTestStore(inner, { walName: "reader" });
  for (const [writer, wal] of wals.entries()) {
    expect(await storedLines(store, `writer ${writer}`)).toEqual(wal.toSorted());
  }
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
