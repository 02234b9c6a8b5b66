import { type Entry } from "@sluice/model";
import { memoryObjectStore, type ObjectStore } from "@sluice/object-store";
import { openStore, type Store } from "@sluice/store";
import { quietLogger, quietMetrics, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { cancelPeriodMs, testDeletes } from "./deletes-harness.ts";
import { dayStart, entry, flushLines, interceptedObjectStore, storedLines, unavailable } from "./harness.ts";

/**
 * A process that dies at its nth request to the object store: the request is carried out or not, and nothing that it
 * wants afterwards is.
 */
function dyingObjectStore(inner: ObjectStore, lastRequest: number, isCarriedOut: boolean) {
  let count = 0;
  const objectStore = interceptedObjectStore(inner, async (_operation, _key, request) => {
    count += 1;
    if (count < lastRequest) {
      return request();
    }
    if (count === lastRequest && isCarriedOut) {
      await request();
    }
    throw unavailable();
  });
  return { objectStore, hasDied: () => count >= lastRequest };
}

const clockStart = Number(dayStart / 1_000_000n) + 12 * 3_600_000;
const query = "app=web secret";
const flushed: readonly (readonly Entry[])[] = [
  [entry(1, "secret 1"), entry(2, "open 2"), entry(3, "secret 3")],
  [entry(4, "secret 4")],
  [entry(5, "open 5")],
];
/** Acknowledged, and in the write-ahead log only: each life has them in memory again. */
const inMemory: readonly Entry[] = [entry(6, "secret 6"), entry(7, "open 7")];
const openLines = ["open 2", "open 5", "open 7"];

interface World {
  readonly objectStore: ObjectStore;
  readonly clock: ReturnType<typeof virtualClock>;
  /** Whether a request was acknowledged, so that its lines must never be seen again. */
  isAcknowledged: boolean;
}

/** One life: asks for the deletion if nobody has, removes, checks at every step what a query shows. */
async function live(world: World, objectStore: ObjectStore): Promise<void> {
  const { clock } = world;
  const store = await openStore({
    objectStore,
    logger: quietLogger,
    metrics: quietMetrics,
    clock,
    deletes: testDeletes,
  });
  let memory = store.walCovered < 10 ? inMemory : [];
  if (!world.isAcknowledged) {
    await store.deletes.add({ tenant: "t", query, startNs: dayStart, endNs: dayStart + 60_000_000_000n });
    world.isAcknowledged = true;
  }
  await expectOpenLines(world, store, memory);
  await clock.advance(cancelPeriodMs);
  await store.applyDeletes({
    async flushMemory() {
      if (memory.length > 0) {
        await flushLines(store, "t", 10, memory);
        memory = [];
      }
    },
  });
  await expectOpenLines(world, store, memory);
  await store.compact();
  await store.collectGarbage();
}

async function expectOpenLines({ objectStore, clock }: World, store: Store, memory: readonly Entry[]): Promise<void> {
  const lines = [...(await storedLines(store, "t")), ...memory.map(({ line }) => line)].filter(
    (line) => !(line.startsWith("secret") && memory.some((entryOf) => entryOf.line === line)),
  );
  expect(lines.sort()).toEqual(openLines);
  // Another process that comes up right now sees the same of what is stored.
  const options = { objectStore, logger: quietLogger, metrics: quietMetrics, clock, deletes: testDeletes };
  const other = await openStore({ ...options, walName: "other" });
  const open = memory.length === 0 ? openLines : openLines.filter((line) => line !== "open 7");
  expect(await storedLines(other, "t")).toEqual(open);
}

test.for([
  { title: "carried out before it", isCarriedOut: true },
  { title: "not carried out", isCarriedOut: false },
])("a crash at any request to the object store, $title, shows no deleted line and loses no other", async (crash) => {
  for (let lastRequest = 1; ; lastRequest++) {
    const objectStore = memoryObjectStore();
    const clock = virtualClock(clockStart);
    const writer = await openStore({ objectStore, logger: quietLogger, metrics: quietMetrics, clock });
    for (const [i, entries] of flushed.entries()) {
      await flushLines(writer, "t", i + 1, entries);
    }
    const world: World = { objectStore, clock, isAcknowledged: false };
    const dying = dyingObjectStore(objectStore, lastRequest, crash.isCarriedOut);
    await live(world, dying.objectStore).catch((error: unknown) => {
      if (!dying.hasDied()) {
        throw error;
      }
    });
    await live(world, objectStore);
    // And nothing of them is left, for whoever does not know of the request.
    for await (const { key } of objectStore.list("deletes/")) {
      await objectStore.remove(key);
    }
    const plain = await openStore({ objectStore, logger: quietLogger, metrics: quietMetrics, clock });
    expect(await storedLines(plain, "t"), `request ${lastRequest}`).toEqual(openLines);
    if (!dying.hasDied()) {
      expect(lastRequest).toBeGreaterThan(20);
      break;
    }
  }
});
