import { memoryObjectStore } from "@sluice/object-store";
import { randomInt, seededRng, virtualClock } from "@sluice/testkit";
import { expect, test } from "vitest";
import { cancelPeriodMs, testDeletes } from "./deletes-harness.ts";
import { allTime, dayStart, entry, flushLines, openTestStore, storedLines } from "./harness.ts";

interface Line {
  readonly app: string;
  readonly second: number;
  readonly text: string;
}

interface Asked {
  readonly id: string;
  readonly app: string;
  /** Undefined when all lines are meant. */
  readonly word: string | undefined;
  readonly from: number;
  readonly to: number;
  readonly createdMs: number;
}

const apps = ["db", "web"];
/** Each a whole word between brackets, so that skip filters can tell of it. */
const words = ["[red]", "[green]", "[blue]"];
const secondsMax = 2 * 86_400;

function isMeant({ app, word, from, to }: Asked, line: Line): boolean {
  const isInTime = line.second >= from && line.second <= to;
  return app === line.app && isInTime && (word === undefined || line.text.includes(word));
}

test("whatever is flushed, deleted, cancelled, removed, merged and restarted, what shows is what is left", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const rng = seededRng(seed);
    const pick = <Item>(items: readonly Item[]): Item => items[randomInt(rng, items.length)]!;
    const objectStore = memoryObjectStore();
    const clock = virtualClock();
    const options = { clock, deletes: testDeletes, snapshotInterval: 5, compaction: { segmentCountMin: 2 } };
    let store = await openTestStore(objectStore, options);
    let lines: Line[] = [];
    let asked: Asked[] = [];
    let walCovered = 0;
    let lineCount = 0;
    const steps: readonly (() => Promise<void>)[] = [
      async () => {
        const app = pick(apps);
        const added = Array.from({ length: 1 + randomInt(rng, 30) }, () => {
          lineCount += 1;
          return { app, second: randomInt(rng, secondsMax), text: `${pick(words)} ${lineCount}` };
        });
        walCovered += 1;
        const entries = added.map(({ second, text }) => entry(second, text));
        await flushLines(store, "t", walCovered, entries, { app });
        lines.push(...added);
      },
      async () => {
        const app = pick(apps);
        const word = rng.next() < 0.4 ? undefined : pick(words);
        const [from, to] = [randomInt(rng, secondsMax), randomInt(rng, secondsMax)].sort((a, b) => a - b);
        const startNs = dayStart + BigInt(from!) * 1_000_000_000n;
        const endNs = dayStart + BigInt(to!) * 1_000_000_000n;
        const query = word === undefined ? `app=${app}` : `app=${app} ${word}`;
        const { id, createdMs } = await store.deletes.add({ tenant: "t", query, startNs, endNs });
        asked.push({ id, app, word, from: from!, to: to!, createdMs });
      },
      async () => {
        if (asked.length > 0) {
          const { id } = pick(asked);
          await store.deletes.cancel("t", id);
          asked = asked.filter((each) => each.id !== id);
        }
      },
      async () => {
        await store.applyDeletes({ flushMemory: async () => {} });
        const due = asked.filter(({ createdMs }) => clock.nowMs() - createdMs >= cancelPeriodMs);
        lines = lines.filter((line) => !due.some((each) => isMeant(each, line)));
        asked = asked.filter((each) => !due.includes(each));
      },
      async () => void (await store.compact()),
      async () => void (await store.collectGarbage()),
      async () => {
        store = await openTestStore(objectStore, options);
      },
      () => clock.advance(cancelPeriodMs / 2),
    ];
    for (let step = 0; step < 40; step++) {
      await (rng.next() < 0.3 ? steps[0]! : pick(steps))();
      const shown = lines.filter((line) => !asked.some((each) => isMeant(each, line)));
      const what = `seed ${seed}, step ${step}`;
      expect(await storedLines(store, "t"), what).toEqual(shown.map(({ text }) => text).sort());
      const series = await store.series({ tenant: "t", selectors: [], ...allTime });
      const named = apps.filter((app) => shown.some((line) => line.app === app));
      expect(
        series.map((labels) => labels[0]!.value),
        what,
      ).toEqual(named);
      const counting = await store.select({ tenant: "t", matchers: [], ...allTime, isCounting: true });
      let count = 0;
      for (const block of counting) {
        const { count: loaded } = await block.load();
        count += loaded;
        if (block.mayRepeat !== true) {
          expect(loaded, what).toBe(block.count);
        }
      }
      expect(count, what).toBe(shown.length);
    }
  }
});
